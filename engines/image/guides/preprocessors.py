"""What is made of a picture before it steers: edges, lines, strokes, its coarse look.

All return pictures of the same size; lines are white on black, as ControlNets
were taught with.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.float32]
"""(height, width), usually from 0 to 1."""

WEAK, STRONG = 100 / 255, 200 / 255
"""Canny's thresholds, of a gradient in Sobel's measure of pictures from 0 to 1."""

SMOOTHING_PX = 1.0
WIDER = 1.6
"""The wider Gaussian of a pair over the narrower."""

FAINT = 0.012
"""A line must be darker than what is around it by more than this share."""

DARKEST = 0.06
"""Below this light a share of it is noise."""

TILE_SHRINK = 4
"""So many times a tile's picture is coarser than the drawing."""

_STEPS = ((0, 1), (1, 1), (1, 0), (1, -1))
"""To the next pixel along a gradient of 0, 45, 90 and 135 degrees, as (down, right)."""


def canny(image: Image.Image) -> Image.Image:
    """Draw the edges, one pixel wide. Canny 1986, doi:10.1109/TPAMI.1986.4767851.

    Of the three colours that counts which changes most at a pixel.
    """
    colours = np.asarray(image.convert("RGB"), np.float32) / 255  # (H, W, 3)
    smooth = ndimage.gaussian_filter(colours, (SMOOTHING_PX, SMOOTHING_PX, 0))
    down, right = (ndimage.sobel(smooth, axis, mode="nearest") for axis in (0, 1))
    strength = np.hypot(down, right)
    most = strength.argmax(-1, keepdims=True)
    down, right, strength = (
        np.take_along_axis(of_colours, most, -1)[..., 0] for of_colours in (down, right, strength)
    )
    edges = np.where(_is_crest(strength, down, right), strength, 0)
    pieces, _ = ndimage.label(edges > WEAK, np.ones((3, 3)))
    kept = np.unique(pieces[edges > STRONG])
    return _picture(np.isin(pieces, kept[kept > 0]))


def _is_crest(strength: Grey, down: Grey, right: Grey) -> NDArray[np.bool_]:
    """Tell where a gradient is not less than at the two pixels before and behind."""
    sector = np.rint(np.arctan2(down, right) / (np.pi / 4)).astype(int) % 4
    padded = np.pad(strength, 1)
    height, width = strength.shape
    crest = np.zeros(strength.shape, bool)
    for number, (row, column) in enumerate(_STEPS):
        ahead = padded[1 + row : 1 + row + height, 1 + column : 1 + column + width]
        behind = padded[1 - row : 1 - row + height, 1 - column : 1 - column + width]
        # One side alone must be less: two equal neighbours would both go, or both stay.
        crest |= (sector == number) & (strength >= ahead) & (strength > behind)
    return crest


def lineart(image: Image.Image) -> Image.Image:
    """Draw lines as with a pen, soft at their ends."""
    return _picture(_ink(_grey(image), width_px=1.0, slope=14.0))


def scribble(image: Image.Image) -> Image.Image:
    """Draw few broad strokes, either there or not; small marks are left out."""
    ink = _ink(_grey(image), width_px=3.0, slope=20.0) > 0.3
    pieces, count = ndimage.label(ink, np.ones((3, 3)))
    sizes = np.asarray(ndimage.sum_labels(ink, pieces, np.arange(count + 1)))
    large = sizes >= min(image.size) / 8
    return _picture(ndimage.binary_dilation(ink & large[pieces], iterations=1))


def tile(image: Image.Image) -> Image.Image:
    """Keep the colours and the coarse shapes; what is fine is to be drawn anew."""
    small = (max(1, image.width // TILE_SHRINK), max(1, image.height // TILE_SHRINK))
    coarse = image.convert("RGB").resize(small, Image.Resampling.BOX)
    return coarse.resize(image.size, Image.Resampling.BICUBIC)


def _ink(grey: Grey, *, width_px: float, slope: float) -> Grey:
    """Return how much ink lies where: 1 on lines, 0 on paper.

    Extended difference of Gaussians, Winnemoeller, Kyprianidis and Olsen 2012,
    doi:10.1016/j.cag.2012.03.004, without its shading: only the difference
    counts, as a share of the light around, so that night has lines too.

    Args:
        width_px: The spread of the narrower Gaussian.
        slope: How fast paper turns into ink.
    """
    narrow = ndimage.gaussian_filter(grey, width_px)
    wide = ndimage.gaussian_filter(grey, WIDER * width_px)
    darker = (wide - narrow) / (wide + DARKEST)
    ink = np.tanh(slope * np.maximum(darker - FAINT, 0))
    return np.asarray(ink, np.float32)


PREPROCESSORS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "canny": canny,
    "lineart": lineart,
    "scribble": scribble,
    "tile": tile,
}
"""By their names in a request; "depth" needs a model, see `engines.image.guides.depth`."""


def _grey(image: Image.Image) -> Grey:
    return np.asarray(image.convert("L"), np.float32) / np.float32(255)


def _picture(marks: NDArray[np.bool_] | Grey) -> Image.Image:
    return Image.fromarray(np.rint(np.asarray(marks, np.float32) * 255).astype(np.uint8)).convert(
        "RGB"
    )
