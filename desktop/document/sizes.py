"""Paper and frame sizes as people write them."""

from __future__ import annotations

import re

PAPERS_MM = {
    "A0": (841.0, 1189.0),
    "A1": (594.0, 841.0),
    "A2": (420.0, 594.0),
    "A3": (297.0, 420.0),
    "A4": (210.0, 297.0),
    "A5": (148.0, 210.0),
    "LETTER": (215.9, 279.4),
    "TABLOID": (279.4, 431.8),
}

LARGEST_PX = 16384
SMALLEST_PX = 16

_SIZE = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*[xX×]\s*(\d{1,6}(?:\.\d+)?)\s*(mm|px)?")


class SizeError(ValueError):
    """The size cannot be read or is out of range; the text says why."""


def page_size_mm(text: str, dpi: float) -> tuple[float, float]:
    """Read "A3", "A3 landscape", "210x297mm" or "1080x1350px" (at `dpi`) as millimetres.

    Raises:
        SizeError: it is none of these, or its export would be under 16 or
            over 16384 px a side.
    """
    if not 10 <= dpi <= 2400:
        raise SizeError(f"{dpi:g} dpi is outside 10 to 2400")
    words = text.strip().upper().split()
    if words and words[0] in PAPERS_MM and words[1:] in ([], ["LANDSCAPE"]):
        width_mm, height_mm = PAPERS_MM[words[0]]
        if words[1:]:
            width_mm, height_mm = height_mm, width_mm
    else:
        match = _SIZE.fullmatch(text.strip())
        if match is None or match[3] is None:
            raise SizeError(f"{text!r} is not a size like A3, 210x297mm or 1080x1350px")
        per_mm = dpi / 25.4 if match[3] == "px" else 1.0
        width_mm, height_mm = float(match[1]) / per_mm, float(match[2]) / per_mm
    for side_mm in (width_mm, height_mm):
        _check_px(round(side_mm * dpi / 25.4), text)
    return width_mm, height_mm


def frame_size_px(text: str) -> tuple[int, int]:
    """Read "1920x1080" as pixels.

    Raises:
        SizeError: it is no such size, or outside 16 to 16384 px a side.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or match[3] == "mm" or "." in match[1] + match[2]:
        raise SizeError(f"{text!r} is not a size like 1920x1080")
    width_px, height_px = int(match[1]), int(match[2])
    _check_px(width_px, text)
    _check_px(height_px, text)
    return width_px, height_px


def _check_px(side_px: int, text: str) -> None:
    if not SMALLEST_PX <= side_px <= LARGEST_PX:
        raise SizeError(
            f"{text} gives a side of {side_px} px, outside {SMALLEST_PX} to {LARGEST_PX}"
        )
