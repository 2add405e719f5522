"""How much enlarging takes, without torch."""

from __future__ import annotations

from typing import Final

from engines.image.upscaling.realesrgan import Bundled
from engines.memory.lease import Working

TILE_PX: Final = 192
OVERLAP_PX: Final = 16
"""What is seen beyond a tile by a network of the user's."""

MAPS: Final = 160
"""Values that a network of the user's holds for each pixel of a tile's result, at most."""

USER_BYTES: Final = 50_000_000 + (TILE_PX + 2 * OVERLAP_PX) ** 2 * 4 * MAPS * 4
"""What a tile takes with a network of the user's."""


def enlarging(model: str, tile_bytes: int, size_px: tuple[int, int], device: str) -> Working:
    """Return what it takes to make a picture of a size.

    Picture and result lie in main memory; on a card its budget is not touched.
    """
    pixels = size_px[0] * size_px[1]
    result_bytes = 16 * pixels if device == "cpu" else 0
    return Working(
        operation="upscale.enlarge",
        estimate_bytes=tile_bytes + result_bytes,
        model=model,
        size=pixels,
    )


def of_bundled(bundled: Bundled, device: str) -> tuple[int, int]:
    """Return the bytes of weights and of a tile; both always lie in main memory."""
    return (bundled.weights_bytes, bundled.working_bytes) if device == "cpu" else (0, 0)
