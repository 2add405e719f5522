"""The words a piece is spelled with.

A window of up to 16 bars is: BOS, controls (each may be left out), the
harmony (BAR i and one or two chords, for each bar; may be left out), then one
track after the other: PROGRAM, three controls of the track, for each bar BAR i
with its chords again, then POSITION, VELOCITY when it changes within the bar,
PITCH, DURATION; TRACK_END after each track, EOS at the end. Drums have no
durations. A bar is self-contained, so it can be cut out (HOLE), filled in
after FILL, copied, or kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.music.moods import MOODS

MAX_WINDOW_BARS: Final = 16
MAX_BAR_TICKS: Final = 144
DURATIONS: Final = (
    1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 20, 24, 30, 32, 36, 42, 48, 54, 60, 66, 72, 84, 96, 120,
    144, 168, 192, 240, 288, 384, 480, 576,
)  # fmt: skip
"""Lengths of notes in ticks, spaced about by logarithm; they cover 99.9% of the corpus."""

VELOCITIES: Final = (20, 34, 48, 62, 76, 90, 104, 118)
METERS: Final = (
    "4/4", "3/4", "2/4", "2/2", "6/8", "3/8", "9/8", "12/8", "6/4", "5/4", "3/2", "4/8", "5/8",
    "7/8", "1/4",
)  # fmt: skip
TEMPO_EDGES: Final = (44, 50, 56, 63, 70, 78, 86, 96, 106, 116, 126, 138, 152, 168, 190)
"""Quarters a minute between the sixteen buckets of tempo."""

SOURCES: Final = ("orchestra", "quartet", "song", "game", "film", "drums", "own")
QUALITIES: Final = ("major", "minor", "diminished", "seventh")
DRUM_SOUNDS: Final = range(27, 88)
MODES: Final = ("major", "minor")
DRUM_PROGRAM: Final = 128
LEVELS: Final = 6
"""Steps of the controls energy, density and density of a track."""


def _blocks() -> tuple[tuple[str, int], ...]:
    return (
        ("PAD", 1), ("BOS", 1), ("EOS", 1), ("TRACK_END", 1), ("HARMONY", 1), ("HOLE", 1),
        ("FILL", 1), ("FILL_END", 1),
        ("MOOD", len(MOODS)), ("ENERGY", LEVELS), ("DENSITY", LEVELS), ("TONIC", 12),
        ("MODE", len(MODES)), ("METER", len(METERS)), ("TEMPO", len(TEMPO_EDGES) + 1),
        ("BARS", MAX_WINDOW_BARS), ("SOURCE", len(SOURCES)),
        ("CHORD", 12 * len(QUALITIES) + 1), ("PROGRAM", 129), ("TRACK_DENSITY", LEVELS),
        ("VOICES", 4), ("REGISTER", 8), ("BAR", MAX_WINDOW_BARS), ("POSITION", MAX_BAR_TICKS),
        ("VELOCITY", len(VELOCITIES)), ("PITCH", 128), ("DRUM", len(DRUM_SOUNDS)),
        ("DURATION", len(DURATIONS)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A run of tokens of one sort: `first`, `first + 1`, ..."""

    first: int
    size: int

    @property
    def stop(self) -> int:
        return self.first + self.size

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.first + index

    def __contains__(self, token: int) -> bool:
        return self.first <= token < self.stop


def _lay() -> dict[str, Block]:
    laid, at = {}, 0
    for name, size in _blocks():
        laid[name] = Block(at, size)
        at += size
    return laid


BLOCKS: Final = _lay()
SIZE: Final = max(b.stop for b in BLOCKS.values())
PAD, BOS, EOS = (BLOCKS[name].first for name in ("PAD", "BOS", "EOS"))
TRACK_END, HARMONY, HOLE = (BLOCKS[name].first for name in ("TRACK_END", "HARMONY", "HOLE"))
FILL, FILL_END = BLOCKS["FILL"].first, BLOCKS["FILL_END"].first
CONTROLS: Final = (
    "MOOD", "ENERGY", "DENSITY", "TONIC", "MODE", "METER", "TEMPO", "BARS", "SOURCE",
)  # fmt: skip
"""In the order in which they stand after BOS."""
TRACK_CONTROLS: Final = ("TRACK_DENSITY", "VOICES", "REGISTER")
NO_CHORD: Final = BLOCKS["CHORD"].stop - 1

_LENGTHS = np.array(DURATIONS)
DURATION_OF: Final[list[int]] = [
    int(np.abs(np.log(_LENGTHS) - np.log(max(1, t))).argmin()) for t in range(577)
]
"""Ticks, up to 576, to the nearest of `DURATIONS` by ratio."""


def duration_token(ticks: int) -> int:
    return BLOCKS["DURATION"].first + DURATION_OF[min(ticks, 576)]


def velocity_level(velocity: int) -> int:
    return min(len(VELOCITIES) - 1, max(0, (velocity - 13) // 14))


def tempo_bucket(bpm: float) -> int:
    return sum(bpm >= edge for edge in TEMPO_EDGES)


def chord_token(root: int, quality: int) -> int:
    """Name the chord on pitch class `root` with one of `QUALITIES`."""
    return BLOCKS["CHORD"].first + 12 * quality + root


def drum_sound(pitch: int) -> int:
    """Fold a drum pitch into the General MIDI kit (the Roland kits' edge hi-hats too)."""
    folded = {22: 42, 26: 46, 24: 36, 25: 38}.get(pitch, pitch)
    return min(DRUM_SOUNDS.stop - 1, max(DRUM_SOUNDS.start, folded))


def name_of(token: int) -> str:
    """Write a token for people, as in "PITCH_60"."""
    for name, block in BLOCKS.items():
        if token in block:
            return name if block.size == 1 else f"{name}_{token - block.first}"
    raise IndexError(token)


def transpositions(steps: Sequence[int]) -> np.ndarray:
    """Tables that shift pitches, chords and tonics: (len(steps), SIZE).

    A pitch that would leave 0 to 127 moves an octave back; drums stay.
    """
    tables = np.tile(np.arange(SIZE), (len(steps), 1))
    for row, step in zip(tables, steps, strict=True):
        pitch = BLOCKS["PITCH"].first
        moved = np.arange(128) + step
        moved = np.where(moved > 127, moved - 12, np.where(moved < 0, moved + 12, moved))
        row[pitch : pitch + 128] = pitch + moved
        turned = (np.arange(12) + step) % 12
        tonic = BLOCKS["TONIC"].first
        row[tonic : tonic + 12] = tonic + turned
        for quality in range(len(QUALITIES)):
            first = chord_token(0, quality)
            row[first : first + 12] = first + turned
    return tables
