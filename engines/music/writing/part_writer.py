"""Write the bars of one part: what may be struck, when, and for how long."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.music.analysis import chord_pitch_classes
from engines.music.model import tokens
from engines.music.model.masks import (
    DRUMS_FROM,
    ENDING_KIT,
    KIT,
    NEAR,
    PITCHES_FROM,
    POSITIONS_FROM,
    Masks,
    only,
)
from engines.music.model.tokens import BLOCKS
from engines.music.score import TICKS_PER_QUARTER
from engines.music.theory import pitch_mask
from engines.music.writing.parts import Part, Role

_POSITION, _VELOCITY, _PITCH = (BLOCKS[n] for n in ("POSITION", "VELOCITY", "PITCH"))
_DRUM, _DURATION = BLOCKS["DRUM"], BLOCKS["DURATION"]
_CLOSE_BELOW: Final = 55
"""Under this pitch two notes struck together stand a major third apart at least."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Tokens that may come, (vocabulary,) of bool, and what is added to their logits."""

    allowed: np.ndarray
    bias: np.ndarray | None = None


Writing = Generator[int | Choice, int, bool]
"""Yields a token that must come or a `Choice`, is sent what was taken, and says at its end
whether the token that follows the bar was taken already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlan:
    """One bar of one part to write: its chords, and how it must be.

    With `kept` the tokens are given. With `echoes` (a bar of the window) its
    rhythm comes back with new pitches. `ends` makes it the last bar: the
    tonic chord, struck once and held. One that `strikes` has a note on its
    first beat. `most_notes` bounds how full it may get; one of `ticks` is
    shorter than its meter says, 0 is not.
    """

    chords: tuple[int, ...] = ()
    most_notes: int = 0
    kept: tuple[int, ...] | None = None
    echoes: int = -1
    ends: bool = False
    strikes: bool = False
    ticks: int = 0


@dataclass(frozen=True, slots=True)
class _Stroke:
    """One note of a bar as tokens; `drum_or_duration` is the sound of drums, else the length."""

    position: int
    velocity: int
    drum_or_duration: int


def give(ids: Sequence[int]) -> Generator[int, int, None]:
    """Yield tokens that must come; what is sent back cannot be sent on to a tuple."""
    for token in ids:  # noqa: UP028
        yield token


class PartWriter:
    """Writes the bars of one part, and remembers its rhythms, its last pitch, its silences."""

    def __init__(self, part: Part, masks: Masks) -> None:
        self._part = part
        self._masks = masks
        self._is_drum = part.role is Role.DRUMS
        self._last_pitch = -1
        self._was_empty = False
        self._rhythms: list[list[_Stroke]] = []
        self._range = np.zeros(tokens.SIZE, bool)
        self._range[_PITCH.first + part.low : _PITCH.first + part.high + 1] = True

    def write(self, bar: BarPlan, following: int) -> Writing:
        """Write the next bar in the way its plan says."""
        strokes: list[_Stroke] = []
        self._rhythms.append(strokes)
        if bar.kept is not None:
            yield from give(bar.kept)
            strokes += self._read(bar.kept)
            taken = False
        elif bar.echoes >= 0 and self._may_echo(bar):
            taken = yield from self._echo(bar, strokes)
        else:
            taken = yield from self._free(bar, following, strokes)
        self._was_empty = not strokes
        return taken

    def hear(self, ids: Sequence[int]) -> None:
        """Take in the bar before the next one, which somebody else wrote."""
        self._was_empty = not self._read(ids)

    def _may_echo(self, bar: BarPlan) -> bool:
        rhythm = self._rhythms[bar.echoes]
        if not rhythm or bar.ends or bar.ticks:
            return False
        return not bar.strikes or rhythm[0].position == _POSITION.first

    def _read(self, ids: Sequence[int]) -> list[_Stroke]:
        """Find the rhythm of given tokens."""
        strokes: list[_Stroke] = []
        position = velocity = 0
        for token in ids:
            if token in _POSITION:
                position = token
            elif token in _VELOCITY:
                velocity = token
            elif token in _PITCH:
                self._last_pitch = token - _PITCH.first
            elif token in _DRUM or token in _DURATION:
                strokes.append(_Stroke(position, velocity, token))
        return strokes

    def _echo(self, bar: BarPlan, strokes: list[_Stroke]) -> Writing:
        """Repeat a rhythm: drums as they were, others with new pitches."""
        position = velocity = -1
        possible, bias, lowest = self._range, None, 0
        for stroke in self._rhythms[bar.echoes][: bar.most_notes]:
            first = stroke.position != position
            if first:
                position = stroke.position
                possible, bias = self._pitches(bar, position - _POSITION.first)
                lowest = 0
            here = possible & (
                PITCHES_FROM[lowest] if first else self._added(bar, position, lowest)
            )
            if not self._is_drum and not here.any():
                continue
            if first:
                yield position
            if stroke.velocity != velocity:
                velocity = stroke.velocity
                yield velocity
            if self._is_drum:
                yield stroke.drum_or_duration
            else:
                pitch = (yield Choice(here, bias)) - _PITCH.first
                lowest = self._above(pitch, first=first)
                yield stroke.drum_or_duration
            strokes.append(stroke)
        return False

    def _free(self, bar: BarPlan, following: int, strokes: list[_Stroke]) -> Writing:
        """Write a bar as the model likes, within the grammar."""
        position, velocity, struck, lowest = -1, -1, 0, 0
        while True:
            allowed = self._next_positions(bar, position, len(strokes))
            added = np.zeros(tokens.SIZE, bool)
            if 0 < struck < self._part.voices and len(strokes) < bar.most_notes:
                added = self._added(bar, position, lowest)
                if added.any():
                    allowed = allowed | added | self._masks.velocities & ~only(velocity)
            if added.any() and struck < self._part.least_voices:
                allowed = added
            elif strokes or self._may_be_empty(bar):
                allowed = allowed | only(following)
            if not allowed.any():
                return False
            taken = yield Choice(allowed)
            if taken == following:
                return True
            if taken in _POSITION:
                position, struck, lowest = taken, 0, 0
                if velocity < 0:
                    velocity = yield Choice(self._masks.velocities)
                taken = yield Choice(*self._pitches(bar, position - _POSITION.first))
            elif taken in _VELOCITY:
                velocity = taken
                taken = yield Choice(added)
            if self._is_drum:
                lowest, last = taken - _DRUM.first + 1, taken
            else:
                lowest = self._above(taken - _PITCH.first, first=struck == 0)
                last = yield Choice(self._lengths(bar, position - _POSITION.first))
            struck += 1
            strokes.append(_Stroke(position, velocity, last))

    def _above(self, pitch: int, *, first: bool) -> int:
        """Remember a pitch, and say where the next one struck with it may begin."""
        if first:
            self._last_pitch = pitch
        return min(127, pitch + (4 if pitch < _CLOSE_BELOW else 2))

    def _may_be_empty(self, bar: BarPlan) -> bool:
        """Never the last bar, never two in a row, and the melody not at all."""
        must = bar.ends or bar.strikes or self._was_empty
        return not (must or self._part.role is Role.MELODY)

    def _next_positions(self, bar: BarPlan, position: int, notes: int) -> np.ndarray:
        """Positions that may come: later on the grid, or only the first in the last bar."""
        if notes >= bar.most_notes or (bar.ends and position >= 0):
            return np.zeros(tokens.SIZE, bool)
        if bar.ends or (bar.strikes and position < 0):
            return only(_POSITION.first)
        later = position - _POSITION.first + 1 if position >= 0 else 0
        allowed = POSITIONS_FROM[later] & self._masks.positions[self._part.grid_ticks]
        return allowed & ~POSITIONS_FROM[bar.ticks] if bar.ticks else allowed

    def _chord_at(self, bar: BarPlan, tick: int) -> int:
        if not bar.chords:
            return tokens.NO_CHORD
        return bar.chords[-1 if 2 * tick >= self._masks.meter.bar_ticks else 0]

    def _added(self, bar: BarPlan, position: int, lowest: int) -> np.ndarray:
        """What may be struck besides, from `lowest` on: notes of the chord, or any drum."""
        if self._is_drum:
            return (ENDING_KIT if bar.ends else KIT) & DRUMS_FROM[lowest]
        chord = self._chord_at(bar, position - _POSITION.first)
        return self._range & self._masks.chord_notes(chord) & PITCHES_FROM[lowest]

    def _pitches(self, bar: BarPlan, tick: int) -> tuple[np.ndarray, np.ndarray | None]:
        """What may be struck first at a position, and the pull towards the chord's notes."""
        if self._is_drum:
            return (ENDING_KIT if bar.ends else KIT), None
        chord = self._chord_at(bar, tick)
        possible = self._range & self._masks.scale(chord)
        grounded = self._part.role is Role.BASS and tick == 0
        if bar.ends or grounded or self._part.role is Role.HARMONY:
            possible = possible & self._masks.chord_notes(chord)
        if grounded:
            root = self._range & pitch_mask(frozenset(chord_pitch_classes(chord)[:1]))
            possible = root if root.any() else possible
        if self._part.voices == 1 and self._last_pitch >= 0:
            near = possible & NEAR[self._last_pitch]
            possible = near if near.any() else possible
        if not possible.any():
            possible = self._range & self._masks.scale(chord)
        return possible, self._masks.pull(chord, on_beat=tick % TICKS_PER_QUARTER == 0)

    def _lengths(self, bar: BarPlan, tick: int) -> np.ndarray:
        """Lengths within the bar; the harmony does not hold over a change of chord."""
        bar_ticks = self._masks.meter.bar_ticks
        if bar.ends:
            return only(tokens.duration_token(bar_ticks))
        room = (bar.ticks or bar_ticks) - tick
        if self._part.role is Role.HARMONY and len(bar.chords) > 1 and 2 * tick < bar_ticks:
            room = bar_ticks // 2 - tick
        return self._masks.durations[room]
