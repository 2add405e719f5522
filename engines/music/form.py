"""The form of a piece: sections, and which of them come back."""

from __future__ import annotations

from dataclasses import dataclass
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


def plan_form(bars: int, section_bars: int) -> tuple[Section, ...]:
    """Divide a piece into sections of `section_bars`; a short rest joins the last one."""
    counts = [section_bars] * (bars // section_bars)
    rest = bars % section_bars
    if rest and counts and rest < max(2, section_bars // 2):
        counts[-1] += rest
    elif rest:
        counts.append(rest)
    first_of: dict[str, int] = {}
    sections, at = [], 0
    for i, count in enumerate(counts):
        letter = LETTERS[i % len(LETTERS)]
        sections.append(
            Section(
                first_bar=at,
                bars=count,
                letter=letter,
                recalls=first_of.get(letter, -1),
                is_last=i == len(counts) - 1,
            )
        )
        first_of.setdefault(letter, i)
        at += count
    return tuple(sections)
