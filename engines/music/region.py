"""Regions of a score as people write them: "5-8", "5-8:1,violin", ":drums"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from engines.api import BadRequest
from engines.music.instruments import instrument, programs_of
from engines.music.model.tokens import DRUM_PROGRAM
from engines.music.score import Track

Cell = tuple[int, int]
"""A track and a bar, both counted from 0."""

MAX_LETTERS: Final = 400
_SPAN: Final = re.compile(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?")


def read_region(text: str, tracks: Sequence[Track], bars: int) -> frozenset[Cell]:
    """Read which bars of which tracks are meant; empty means none.

    Raises:
        BadRequest: it is not written like a region, or the score has no such bar or track.
    """
    if len(text) > MAX_LETTERS:
        raise BadRequest("the bars are described at too great length")
    found: set[Cell] = set()
    for piece in filter(None, (piece.strip() for piece in text.split(";"))):
        spans, _, names = piece.partition(":")
        chosen = _tracks(names, tracks) if names.strip() else range(len(tracks))
        found |= {(t, b) for b in _bars(spans, bars) for t in chosen}
    return frozenset(found)


def _bars(text: str, bars: int) -> set[int]:
    if not text.strip():
        return set(range(bars))
    found: set[int] = set()
    for piece in text.split(","):
        match = _SPAN.fullmatch(piece.strip())
        if match is None:
            raise BadRequest(f"{text.strip()!r} does not name bars such as 5-8")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= bars:
            raise BadRequest(f"the bars {piece.strip()} are not within 1 to {bars}")
        found |= set(range(first - 1, last))
    return found


def _tracks(text: str, tracks: Sequence[Track]) -> set[int]:
    found: set[int] = set()
    for name in filter(None, (name.strip() for name in text.split(","))):
        if name.isdecimal() and len(name) < 5:
            if not 1 <= int(name) <= len(tracks):
                raise BadRequest(f"the track {name} is not within 1 to {len(tracks)}")
            found.add(int(name) - 1)
            continue
        programs = programs_of(name) or ()
        named = {
            i
            for i, track in enumerate(tracks)
            if track.name.lower() == name.lower() or program_of(track) in programs
        }
        if not named:
            there = ", ".join(track.name or instrument(program_of(track)).name for track in tracks)
            raise BadRequest(f"the score has no track {name!r}; it has {there[:200]}")
        found |= named
    return found


def program_of(track: Track) -> int:
    """Give the program of a track, 128 for drums."""
    return DRUM_PROGRAM if track.is_drum else track.program
