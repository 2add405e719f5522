"""The fonts that come with Triptych, and how a text is split among them.

Every text is drawn with these files and never with the system's, so that a
poster has the same pixels everywhere. Only letters of writings that none of
them covers are left to what the system has.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from desktop.render.coverage import covered_codes

FONT_FOLDER = Path(__file__).resolve().parents[2] / "resources" / "fonts"

TEXT_FAMILY = "Inter"
CHINESE_FAMILY = "Noto Sans CJK SC"
FAMILIES = (
    "Inter",
    "Space Grotesk",
    "Oswald",
    "Anton",
    "Bebas Neue",
    "DM Serif Display",
    "Noto Sans CJK SC",
)
"""The families, plain ones first."""

_FILES = {
    ("Inter", 400): "Inter-Regular.otf",
    ("Inter", 500): "Inter-Medium.otf",
    ("Inter", 600): "Inter-SemiBold.otf",
    ("Inter", 700): "Inter-Bold.otf",
    ("Space Grotesk", 500): "SpaceGrotesk-Medium.ttf",
    ("Space Grotesk", 700): "SpaceGrotesk-Bold.ttf",
    ("Oswald", 500): "Oswald-Medium.ttf",
    ("Oswald", 700): "Oswald-Bold.ttf",
    ("Anton", 400): "Anton-Regular.ttf",
    ("Bebas Neue", 400): "BebasNeue-Regular.ttf",
    ("DM Serif Display", 400): "DMSerifDisplay-Regular.ttf",
    ("Noto Sans CJK SC", 400): "NotoSansCJKsc-Regular.otf",
    ("Noto Sans CJK SC", 700): "NotoSansCJKsc-Bold.otf",
}
_ITALICS = ("Inter-Italic.otf", "DMSerifDisplay-Italic.ttf")

_lock = threading.Lock()
_loaded: list[int] = []


def load_fonts() -> None:
    """Make the bundled fonts known to Qt; needs a QGuiApplication, costs nothing twice.

    Raises:
        FileNotFoundError: a font file is missing from the installation.
    """
    with _lock:
        if _loaded:
            return
        for name in (*_FILES.values(), *_ITALICS):
            number = QFontDatabase.addApplicationFont(str(FONT_FOLDER / name))
            if number < 0:
                raise FileNotFoundError(2, "a font of Triptych cannot be read", name)
            _loaded.append(number)


def weights(family: str) -> tuple[int, ...]:
    """Return the weights that a bundled family has; empty for a foreign one."""
    return tuple(weight for known, weight in _FILES if known == family)


def font(family: str, weight: int, *, italic: bool, size_px: int) -> QFont:
    """Return a font without hinting, of the nearest weight that there is."""
    load_fonts()
    known = weights(family)
    if not known:
        family, known = TEXT_FAMILY, weights(TEXT_FAMILY)
    nearest = min(known, key=lambda x: (abs(x - weight), x))
    made = QFont(family)
    made.setPixelSize(size_px)
    made.setWeight(QFont.Weight(nearest))
    made.setItalic(italic)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setStyleStrategy(QFont.StyleStrategy.PreferAntialias | QFont.StyleStrategy.PreferOutline)
    made.setKerning(True)
    return made


class Span(NamedTuple):
    """Some characters of a text that are set in one family; counted in UTF-16 units."""

    start: int
    length: int
    family: str


def spans(text: str, family: str) -> tuple[Span, ...]:
    """Split `text` where its family lacks a letter that another bundled one has."""
    found: list[Span] = []
    place = 0
    for char in text:
        length = 2 if ord(char) > 0xFFFF else 1
        chosen = _family_for(ord(char), family)
        if found and found[-1].family == chosen:
            last = found[-1]
            found[-1] = Span(last.start, last.length + length, chosen)
        else:
            found.append(Span(place, length, chosen))
        place += length
    return tuple(found)


def drawable(text: str) -> str:
    """Return `text` without what no bundled font draws and no letter is: emoji, controls."""
    return "".join(
        char
        for char in text
        if char == "\n"
        or char.isalnum()
        or (unicodedata.category(char)[0] not in "C" and _covered(ord(char)))
        or unicodedata.category(char)[0] == "M"
    )


def _covered(code: int) -> bool:
    return _family_for(code, TEXT_FAMILY) != TEXT_FAMILY or _has(TEXT_FAMILY, code)


@cache
def _family_for(code: int, family: str) -> str:
    for candidate in (family, TEXT_FAMILY, CHINESE_FAMILY):
        if _has(candidate, code):
            return candidate
    return family


def _has(family: str, code: int) -> bool:
    return code in _coverage(family)


@cache
def _coverage(family: str) -> frozenset[int]:
    known = weights(family)
    return covered_codes(FONT_FOLDER / _FILES[(family, known[0])]) if known else frozenset()


def resolved_family(family: str, weight: int) -> str:
    """Return the family that Qt really uses for a request; for the checks."""
    return QFontInfo(font(family, weight, italic=False, size_px=64)).family()
