"""From a small matte to a fine one: its edges are laid along those of the picture.

A guided filter (He, Sun and Tang, "Guided Image Filtering", TPAMI 2013): in
each small window the matte is a linear function of the picture's colours. The
functions are found at a reduced size and used at the full one ("Fast Guided
Filter", He and Sun 2015, arXiv:1505.00996), in strips, so that a poster
takes little memory.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import label, maximum, uniform_filter

Floats = npt.NDArray[np.floating[Any]]

GUIDE_PX: Final = 640
"""The longer side at which the functions are found."""

RADIUS_PX: Final = 8
"""Of a window there; a window's side is twice that and one."""

EVENNESS: Final = 1e-4
"""Contrast, as a variance of colours from 0 to 1, below which a window counts as even."""

STRIP_ROWS: Final = 512
SURE: Final = 0.02
"""Nearer to 0 or 1 than this the small matte is believed."""

STRETCH: Final = (0.06, 0.94)
EDGE_PX: Final = 12
"""How far colours are carried over an edge from inside a subject, at the guide's size."""


def without_haze(matte: Floats) -> Floats:
    """Take away the parts of a matte that lie apart and are nowhere more than half sure."""
    parts, count = label(matte > SURE)
    if not count:
        return matte
    surest = maximum(matte, parts, np.arange(count + 1))
    return np.where((np.asarray(surest) >= 0.5)[parts], matte, 0).astype(np.float32)


def refine(image: Image.Image, matte: Floats) -> Image.Image:
    """Return the picture with the refined matte as its alpha.

    Args:
        image: RGB, of any size.
        matte: (height, width) from 0 to 1, of the whole picture, of any size.
    """
    scale = min(1.0, GUIDE_PX / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = np.asarray(image.resize(size, Image.Resampling.BOX), np.float32) / 255
    coarse = _resized(matte, size)
    functions = _functions(small, coarse)
    inside = _inside(small, np.clip(coarse, 0, 1))
    result = Image.new("RGBA", image.size)
    for top in range(0, image.height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, image.height)
        strip = np.asarray(image.crop((0, top, image.width, bottom)), np.float32) / 255
        box = (0.0, top * size[1] / image.height, float(size[0]), bottom * size[1] / image.height)

        def at_full(
            plane: Floats, box: tuple[float, ...] = box, rows: int = bottom - top
        ) -> Floats:
            return _resized(plane, (image.width, rows), box)

        alpha = at_full(functions[3])
        for channel in range(3):
            alpha = alpha + at_full(functions[channel]) * strip[:, :, channel]
        alpha = _believed(alpha, at_full(coarse))
        for channel in range(3):
            # What shines through at an edge is the ground's colour; the subject's own takes over.
            own = at_full(inside[channel])
            strip[:, :, channel] += (own - strip[:, :, channel]) * (1 - alpha) * (alpha > 0)
        pixels = np.concatenate([strip, alpha[:, :, None]], 2)
        result.paste(
            Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)), (0, top)
        )
    return result


def _functions(guide: Floats, matte: Floats) -> list[Floats]:
    """Return three slopes and a constant for each pixel: the window's best linear functions."""
    mean = [_mean(guide[:, :, n]) for n in range(3)]
    mean_matte = _mean(matte)
    spread = np.empty((*matte.shape, 3, 3), np.float32)
    for a in range(3):
        for b in range(a, 3):
            value = _mean(guide[:, :, a] * guide[:, :, b]) - mean[a] * mean[b]
            spread[:, :, a, b] = spread[:, :, b, a] = value + (EVENNESS if a == b else 0)
    shared = np.stack([_mean(guide[:, :, n] * matte) - mean[n] * mean_matte for n in range(3)], -1)
    slopes = np.linalg.solve(spread, shared[..., None])[..., 0]
    constant = mean_matte - sum(slopes[:, :, n] * mean[n] for n in range(3))
    return [_mean(plane) for plane in (*np.moveaxis(slopes, 2, 0), constant)]


def _inside(guide: Floats, matte: Floats) -> list[Floats]:
    """Return the colours of the subject, carried outwards over its edge."""
    weight = np.where(matte > 0.9, matte, 0.0).astype(np.float32)
    around = uniform_filter(weight, 2 * EDGE_PX + 1, mode="constant")
    known = np.minimum(around * 200, 1)
    planes = []
    for channel in range(3):
        plane = guide[:, :, channel]
        carried = uniform_filter(plane * weight, 2 * EDGE_PX + 1, mode="constant")
        planes.append(known * carried / np.maximum(around, 1e-6) + (1 - known) * plane)
    return planes


def _believed(alpha: Floats, coarse: Floats) -> Floats:
    """Take the fine matte where the coarse one is not sure, and make its ends plain 0 and 1."""
    low, high = STRETCH
    alpha = np.clip((alpha - low) / (high - low), 0, 1)
    alpha = np.where(coarse < SURE, 0, alpha)
    return np.where(coarse > 1 - SURE, 1, alpha).astype(np.float32)


def _mean(plane: Floats) -> Floats:
    return np.asarray(uniform_filter(plane.astype(np.float32), 2 * RADIUS_PX + 1, mode="nearest"))


def _resized(plane: Floats, size: tuple[int, int], box: tuple[float, ...] | None = None) -> Floats:
    """Bring a plane, or a box of it, to (width, height)."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box))
