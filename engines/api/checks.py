"""What requests check of themselves where they are made."""

from __future__ import annotations

import math

from engines.api.errors import BadRequest

SIDE_PX = range(16, 16385)
"""The sides a picture may have."""

SEEDS = 2**32


def check_side(width_px: int, height_px: int) -> None:
    if width_px not in SIDE_PX or height_px not in SIDE_PX:
        raise BadRequest(
            f"a picture of {width_px} x {height_px} px is outside "
            f"{SIDE_PX.start} to {SIDE_PX.stop - 1} px"
        )


def check_within(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise BadRequest(f"{name} is {value:g}, not from {low:g} to {high:g}")


def check_seed(seed: int) -> None:
    check_within("the seed", seed, 0, SEEDS - 1)


def check_words(name: str, text: str) -> None:
    if not text.strip():
        raise BadRequest(f"{name} is empty")
