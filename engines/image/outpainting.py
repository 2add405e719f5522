"""A picture made larger at its sides: what is new is guessed, to be redrawn with a soft seam."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SEAM_SHARE = 8
"""The seam reaches this part of the start's shorter side into it, within these bounds."""

LEAST_SEAM_PX = 8
MOST_SEAM_PX = 64

REACH_SHARE = 2
"""So far into the new area, as a part of the start's shorter side, what is mirrored fades out."""

GRAIN = 0.35
"""How strong the noise is far from the start, as a share of the start's own contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """How many pixels are added left, above, right and below."""

    left_px: int
    above_px: int
    right_px: int
    below_px: int

    def scaled(self, scale: float) -> Sides:
        """Return the same for a picture scaled by so much."""
        return Sides(
            left_px=round(self.left_px * scale),
            above_px=round(self.above_px * scale),
            right_px=round(self.right_px * scale),
            below_px=round(self.below_px * scale),
        )

    def filling(self, across_px: int, down_px: int) -> Sides:
        """Return sides of so many pixels in all, shared out as these are."""
        left_px, right_px = _shared(self.left_px, self.right_px, across_px)
        above_px, below_px = _shared(self.above_px, self.below_px, down_px)
        return Sides(left_px=left_px, above_px=above_px, right_px=right_px, below_px=below_px)

    def around(self, size_px: tuple[int, int]) -> tuple[int, int]:
        """Return the size of a picture with them added."""
        width_px, height_px = size_px
        return (
            width_px + self.left_px + self.right_px,
            height_px + self.above_px + self.below_px,
        )


def _shared(before_px: int, after_px: int, room_px: int) -> tuple[int, int]:
    asked_px = before_px + after_px
    first_px = round(room_px * before_px / asked_px) if asked_px else room_px // 2
    return first_px, room_px - first_px


def extend(start: Image.Image, sides: Sides, seed: int) -> Image.Image:
    """Return `start`, RGB, with its sides guessed.

    Near the start it is mirrored, which gives the model its textures; further
    away its edge's colours spread, with noise, so that nothing has to be a
    mirror's picture. A plain grey would be drawn as what it is: grey.
    """
    inside = np.asarray(start, dtype=np.float32)
    mirrored = _padded(inside, sides, "symmetric")
    spread = _spread(_padded(inside, sides, "edge"), min(start.size))
    far = _far(start.size, sides)[..., None]
    grain = np.random.default_rng(seed).normal(0, 1, mirrored.shape[:2])[..., None]
    guessed = mirrored * (1 - far) + spread * far + grain * far * GRAIN * inside.std()
    done = Image.fromarray(np.clip(np.rint(guessed), 0, 255).astype(np.uint8))
    done.paste(start, (sides.left_px, sides.above_px))
    return done


def mask(size_px: tuple[int, int], sides: Sides, drawn: Image.Image | None = None) -> Image.Image:
    """Return what is redrawn: white where it is new, fading out within the start.

    Args:
        size_px: The start's.
        drawn: What of the start is redrawn anyway, L, of its size.
    """
    width_px, height_px = size_px
    seam_px = min(MOST_SEAM_PX, max(LEAST_SEAM_PX, min(size_px) // SEAM_SHARE))
    across = _ramp(width_px, sides.left_px, sides.right_px, seam_px)
    down = _ramp(height_px, sides.above_px, sides.below_px, seam_px)
    new = np.maximum(across[None, :], down[:, None])
    if drawn is not None:
        known = np.asarray(drawn, dtype=np.float32) / 255
        new = np.maximum(new, _padded(known.astype(np.float32), sides, "constant"))
    return Image.fromarray(np.rint(new * 255).astype(np.uint8))


def _padded(values: NDArray[np.float32], sides: Sides, how: str) -> NDArray[np.float32]:
    room = [(sides.above_px, sides.below_px), (sides.left_px, sides.right_px)]
    room += [(0, 0)] * (values.ndim - 2)
    padded: NDArray[np.float32] = np.pad(values, room, mode=how)  # type: ignore[call-overload]
    return padded


def _spread(values: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Blur widely, so that an edge's stripes become its colours."""
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    blurred = image.filter(ImageFilter.GaussianBlur(side_px / 16))
    return np.asarray(blurred, dtype=np.float32)


def _far(size_px: tuple[int, int], sides: Sides) -> NDArray[np.float32]:
    """Return how far a pixel is from the start, 0 to 1, (height, width)."""
    reach_px = max(1, min(size_px) // REACH_SHARE)

    def beyond(inside_px: int, before_px: int, after_px: int) -> NDArray[np.float32]:
        place = np.arange(-before_px, inside_px + after_px, dtype=np.float32)
        return np.maximum(np.maximum(-place, place - inside_px + 1), 0)

    across = beyond(size_px[0], sides.left_px, sides.right_px)
    down = beyond(size_px[1], sides.above_px, sides.below_px)
    share = np.clip(np.hypot(across[None, :], down[:, None]) / reach_px, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def _ramp(inside_px: int, before_px: int, after_px: int, seam_px: int) -> NDArray[np.float32]:
    """Return how much is redrawn along one direction, 0 to 1."""
    place = np.arange(-before_px, inside_px + after_px, dtype=np.float32) + 0.5
    new = np.zeros(len(place), dtype=np.float32)
    if before_px:
        new = np.maximum(new, 1 - place / seam_px)
    if after_px:
        new = np.maximum(new, 1 - (inside_px - place) / seam_px)
    return np.clip(new, 0, 1)
