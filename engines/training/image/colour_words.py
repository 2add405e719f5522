"""What people call the colour of a thing, computed from its pixels."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

WORDS: Final = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink",
    "brown", "black", "grey", "white",
)  # fmt: skip
LEAST_SHARE: Final = 0.45
"""Of the pixels that must agree before a thing is called by one colour."""

_HUE_ENDS: Final = (16, 42, 68, 165, 195, 255, 290, 345, 361)
"""Where each word of a hue ends, in degrees; the last stretch is red again."""
_HUE_WORDS: Final = (0, 1, 2, 3, 4, 5, 6, 7, 0)
_BROWN, _BLACK, _GREY, _WHITE, _PINK = 8, 9, 10, 11, 7


def words_of_pixels(rgb: Bytes) -> npt.NDArray[np.int64]:
    """Return the index in `WORDS` of each of (count, 3) pixels."""
    values = rgb.astype(np.float32) / 255
    high, low = values.max(1), values.min(1)
    spread = high - low
    saturation = spread / np.maximum(high, 1e-6)
    safe = np.maximum(spread, 1e-6)
    red, green, blue = values.T
    hue = np.where(
        high == red,
        ((green - blue) / safe) % 6,
        np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    found = np.array(_HUE_WORDS)[np.searchsorted(_HUE_ENDS, hue * 60, side="right").clip(0, 8)]
    warm = (found == 0) | (found == 1)
    found = np.where(warm & (high < 0.62) & (saturation < 0.85), _BROWN, found)
    found = np.where((found == 0) & (high > 0.8) & (saturation < 0.55), _PINK, found)
    pale = saturation < 0.16
    found = np.where(pale, np.where(high > 0.85, _WHITE, _GREY), found)
    return np.where(high < 0.2, _BLACK, found)


def colour_word(rgb: Bytes) -> str:
    """Return the word for (count, 3) pixels of a thing, or "" if no colour rules."""
    if not len(rgb):
        return ""
    counts = np.bincount(words_of_pixels(rgb), minlength=len(WORDS))
    best = int(counts.argmax())
    return WORDS[best] if counts[best] >= LEAST_SHARE * len(rgb) else ""


def opaque(cutout: Bytes, step: int = 3) -> Bytes:
    """Return a part of the opaque pixels of a cut-out (height, width, 4) as (count, 3)."""
    thin = cutout[::step, ::step].reshape(-1, 4)
    kept: Bytes = thin[thin[:, 3] > 200][:, :3]
    return kept
