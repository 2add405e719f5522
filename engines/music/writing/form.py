"""The form of a piece: sections, and which of them come back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

PREFIX_BARS: Final = 2
"""Bars of the section before that a new one hears."""

LETTERS: Final = "ABACABAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Bars that are written at once.

    `recalls` is the index of the section whose first half comes back (-1 for
    none); `is_last` means that it ends with the cadence.
    """

    first_bar: int
    bars: int
    letter: str
    recalls: int = -1
    is_last: bool = False


def plan_form(bars: int, section_bars: int, letters: str = "") -> tuple[Section, ...]:
    """Divide a piece into sections of at most about `section_bars`.

    Without letters a short rest joins the last section. With letters every
    one gets its share of the bars, and is cut where it is too long to be
    written at once; each piece of it recalls the same piece of the first
    section of that letter.
    """
    named = _shares(bars, section_bars, letters) if letters else _usual(bars, section_bars)
    first_of: dict[str, int] = {}
    sections, at = [], 0
    for i, (letter, count) in enumerate(named):
        sections.append(
            Section(
                first_bar=at,
                bars=count,
                letter=letter[0],
                recalls=first_of.get(letter, -1),
                is_last=i == len(named) - 1,
            )
        )
        first_of.setdefault(letter, i)
        at += count
    return tuple(sections)


def _usual(bars: int, section_bars: int) -> list[tuple[str, int]]:
    counts = [section_bars] * (bars // section_bars)
    rest = bars % section_bars
    if rest and counts and rest < max(2, section_bars // 2):
        counts[-1] += rest
    elif rest:
        counts.append(rest)
    return [(LETTERS[i % len(LETTERS)], count) for i, count in enumerate(counts)]


def _shares(bars: int, section_bars: int, letters: str) -> list[tuple[str, int]]:
    """Give each letter its bars, in pieces named by the letter and their number."""
    edges = [round(i * bars / len(letters)) for i in range(len(letters) + 1)]
    named = []
    for letter, count in zip(letters, (b - a for a, b in pairwise(edges)), strict=True):
        pieces = -(-count // section_bars)
        cuts = [round(i * count / pieces) for i in range(pieces + 1)]
        named += [(f"{letter}{n}", b - a) for n, (a, b) in enumerate(pairwise(cuts))]
    return named
