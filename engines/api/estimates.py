"""What takes long, reckoned beforehand from measured figures, for whoever has to wait."""

from __future__ import annotations

import math

_SECONDS_PER_MEGAPIXEL = {"": 20.0, "x4plus": 550.0}
"""Of what goes in, on one core of a processor; measured with pictures of 192 and 256 px."""

_BUNDLED_FACTOR = 4


def enlarging_s(width_px: int, height_px: int, factor: int, upscaler: str = "") -> float:
    """Return how long the processor takes to enlarge a picture, in seconds of one core.

    With several cores it takes less by nearly their number, up to four. For
    a model of the user's nothing is known: -1.
    """
    each = _SECONDS_PER_MEGAPIXEL.get(upscaler)
    if each is None:
        return -1.0
    passes = max(1, math.ceil(math.log(factor, _BUNDLED_FACTOR) - 1e-9))
    pixels = sum(width_px * height_px * _BUNDLED_FACTOR ** (2 * n) for n in range(passes))
    return each * pixels / 1e6
