"""Enlarging a picture tile by tile, with any network that makes pixels into more pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.api import Run

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlarger:
    """A network as the tiles see it.

    Attributes:
        factor: How many times one pass enlarges, 1 to 8; 1 only restores.
        enlarge: Takes (height, width, 3) from 0 to 1 to `factor` times the
            height and width.
        overlap_px: Seen by a tile beyond its edge, so that no seam shows.
    """

    factor: int
    enlarge: Callable[[Floats], Floats]
    overlap_px: int


def passes(factor: int, each: int) -> int:
    """Return how many passes of `each` times reach `factor` times."""
    if each == 1:
        return 1
    return max(1, math.ceil(math.log(factor, each) - 1e-9))


def tiles(width_px: int, height_px: int, tile_px: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a picture into (left, top, right, bottom) of at most `tile_px`."""
    for top in range(0, height_px, tile_px):
        for left in range(0, width_px, tile_px):
            yield left, top, min(left + tile_px, width_px), min(top + tile_px, height_px)


def once(by: Enlarger, image: Image.Image, tile_px: int, step: Callable[[], None]) -> Image.Image:
    """Enlarge an RGB picture by one pass; `step` is called before each tile."""
    rim, factor = by.overlap_px, by.factor
    pixels = np.asarray(image, np.float32) / 255
    high, wide = pixels.shape[:2]
    padded = np.pad(pixels, ((rim, rim), (rim, rim), (0, 0)), mode="symmetric")
    result = np.zeros((high * factor, wide * factor, 3), np.uint8)
    edge = rim * factor
    for left, top, right, bottom in tiles(wide, high, tile_px):
        step()
        piece = padded[top : bottom + 2 * rim, left : right + 2 * rim]
        large = by.enlarge(piece)[edge:-edge, edge:-edge]
        target = result[top * factor : bottom * factor, left * factor : right * factor]
        target[...] = np.rint(np.clip(large, 0, 1) * 255)
    return Image.fromarray(result)


def whole(by: Enlarger, image: Image.Image, factor: int, tile_px: int, run: Run) -> Image.Image:
    """Enlarge `factor` times by as many passes as it takes, then Lanczos down; keep alpha.

    Progress is counted in tiles.
    """
    size = image.width * factor, image.height * factor
    count = passes(factor, by.factor)
    total = sum(
        sum(1 for _ in tiles(image.width * by.factor**n, image.height * by.factor**n, tile_px))
        for n in range(count)
    )
    done = 0

    def step() -> None:
        nonlocal done
        run.step(done, total, stage="enlarging")
        done += 1

    large = image.convert("RGB")
    for _ in range(count):
        large = once(by, large, tile_px, step)
    large = large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        large.putalpha(image.getchannel("A").resize(size, Image.Resampling.LANCZOS))
    run.step(total, total, stage="enlarging")
    return large
