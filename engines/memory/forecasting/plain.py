"""Checks of plain values read from a file."""

from __future__ import annotations

import math
from typing import Any


def text(value: Any) -> str:
    """Return `value` if it is a text.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def whole(value: Any, below: int) -> int:
    """Return `value` if it is a whole number from 0 up to but not `below`.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < below:
        raise ValueError(f"{value!r} is no whole number below {below}")
    return value


def amount(value: Any) -> float:
    """Return `value` if it is a finite number that is not negative.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{value!r} is no amount")
    return float(value)
