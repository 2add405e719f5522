"""The size of a picture, and the somewhat larger one that a network can draw.

Networks draw sides that are multiples of 8 or 16 pixels. A picture of another
size is drawn larger at its right and below, and cut; what steers it, or what
it starts from, goes on there as in a mirror, so that no pixel is moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from engines.api import ImageRequest
from engines.image import outpainting
from engines.image.outpainting import Sides

Size = tuple[int, int]
"""Width and height in pixels."""

MOST_START_SHARE = 2.0
"""A start picture keeps its size up to this many times the model's own area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How a picture lies in what is drawn.

    Attributes:
        finished_px: The picture's own size.
        step_px: What the sides that are drawn are multiples of.
        wraps: It fits to itself on all sides. Cutting would end that, so it is
            drawn as a whole and made smaller.
    """

    finished_px: Size
    step_px: int
    wraps: bool = False

    @property
    def drawn_px(self) -> Size:
        """What is drawn: the next multiples of the step, and two of them at least."""
        width_px, height_px = (
            max(2, -(-side_px // self.step_px)) * self.step_px for side_px in self.finished_px
        )
        return width_px, height_px

    def enlarged(self, factor: float) -> Frame:
        """Return the frame of a picture so many times larger."""
        width_px, height_px = (max(1, round(side_px * factor)) for side_px in self.finished_px)
        return replace(self, finished_px=(width_px, height_px))

    def laid(self, image: Image.Image, mode: str, size_px: Size | None = None) -> Image.Image:
        """Bring a picture of the whole to the size that is drawn, and to a mode.

        Args:
            mode: "RGB" or "L"; what is transparent becomes white.
            size_px: Larger than what is drawn, for what folds more pixels into one.
        """
        size_px = size_px or self.drawn_px
        if self.wraps:
            return resized(image, size_px, mode)
        return continued(resized(image, self.finished_px, mode), size_px)

    def cut(self, image: Image.Image) -> Image.Image:
        """Return the picture itself of what was drawn."""
        if image.size == self.finished_px:
            return image
        if self.wraps:
            from engines.image import textures  # brings torch, which weighing does without

            return textures.resized(image, self.finished_px)
        return image.crop((0, 0, *self.finished_px))


def resized(image: Image.Image, size_px: Size, mode: str) -> Image.Image:
    """Bring a picture to a size and a mode; what is transparent becomes white."""
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert(mode).resize(size_px, Image.Resampling.LANCZOS)


def continued(image: Image.Image, size_px: Size) -> Image.Image:
    """Go on with a picture at its right and below, as in a mirror, up to a size."""
    more_px = size_px[0] - image.width, size_px[1] - image.height
    if more_px == (0, 0):
        return image
    values = np.asarray(image)
    room = [(0, more_px[1]), (0, more_px[0]), (0, 0)][: values.ndim]
    return Image.fromarray(np.pad(values, room, mode="symmetric"))


def frame(request: ImageRequest, start_px: Size | None, step_px: int, side_px: int) -> Frame:
    """Return the frame of the size asked for, else of the start's, else of the model's own.

    Args:
        side_px: Of the pictures that the model was trained on.
    """
    width_px, height_px = request.width_px, request.height_px
    if start_px is not None and not (width_px and height_px):
        if width_px or height_px:
            scale = width_px / start_px[0] if width_px else height_px / start_px[1]
        else:
            scale = scale_within(start_px, side_px)
        width_px = width_px or max(1, round(start_px[0] * scale))
        height_px = height_px or max(1, round(start_px[1] * scale))
    size_px = width_px or side_px, height_px or side_px
    return Frame(finished_px=size_px, step_px=step_px, wraps=request.tiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Where a start lies in a picture that is larger than it.

    Attributes:
        inside_px: The size of the start in it.
        sides: What is drawn around it.
    """

    frame: Frame
    inside_px: Size
    sides: Sides

    def start(self, start: Image.Image, seed: int) -> Image.Image:
        """Return the start of the size that is drawn, with its sides guessed."""
        return outpainting.extend(resized(start, self.inside_px, "RGB"), self.sides, seed)

    def mask(self, mask: Image.Image | None) -> Image.Image:
        """Return what is redrawn: the sides, and what of the start is masked."""
        inside = None if mask is None else resized(mask, self.inside_px, "L")
        return outpainting.mask(self.inside_px, self.sides, inside)


def extension(request: ImageRequest, start_px: Size, step_px: int, side_px: int) -> Extension:
    """Return how a start is made larger at its sides.

    Its own pixels stay as they are unless a size is asked for, or the whole
    would be too large. Where the size asked for has another shape than the
    whole, the sides that are added anyway grow to fill it.
    """
    left_px, above_px, right_px, below_px = request.outpaint
    sides = Sides(left_px=left_px, above_px=above_px, right_px=right_px, below_px=below_px)
    whole_px = sides.around(start_px)
    asked = request.width_px / whole_px[0], request.height_px / whole_px[1]
    scale = min(filter(None, asked), default=scale_within(whole_px, side_px))
    if scale != 1:
        sides = sides.scaled(scale)
    inside_px = max(8, round(start_px[0] * scale)), max(8, round(start_px[1] * scale))
    wanted_px = sides.around(inside_px)
    if any(asked):
        wanted_px = request.width_px or wanted_px[0], request.height_px or wanted_px[1]
        inside_px = min(inside_px[0], wanted_px[0]), min(inside_px[1], wanted_px[1])
        sides = sides.filling(wanted_px[0] - inside_px[0], wanted_px[1] - inside_px[1])
    frame = Frame(finished_px=wanted_px, step_px=step_px)
    # What is drawn beyond the wanted size only makes it a multiple of the step.
    padded = replace(
        sides,
        right_px=sides.right_px + frame.drawn_px[0] - wanted_px[0],
        below_px=sides.below_px + frame.drawn_px[1] - wanted_px[1],
    )
    return Extension(frame=frame, inside_px=inside_px, sides=padded)


def scale_within(size_px: Size, side_px: int) -> float:
    """Return by how much a picture is made smaller, as it would be too large for the model."""
    most = MOST_START_SHARE * side_px**2
    return min(1.0, math.sqrt(most / (size_px[0] * size_px[1])))
