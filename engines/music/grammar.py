"""What may come next while a window is written, as masks over the vocabulary.

A line of music is a generator: it yields a token that must come, or a
`Choice` of tokens that may, and is sent the token that was taken. Every mask
is put together from tables made once for a cue.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engines.music import tokens
from engines.music.analysis import chord_pitch_classes
from engines.music.encode import halves
from engines.music.parts import Part, Role
from engines.music.score import TICKS_PER_QUARTER, Meter
from engines.music.theory import Key, pitch_mask
from engines.music.tokens import BLOCKS

GRID_TICKS: Final = (6, 8)
"""Notes start on sixteenths or on triplet eighths."""

CHORD_TONE_BIAS: Final = (0.5, 1.4)
"""Added to the logits of the chord's own notes off and on the beat."""

MAX_LEAP: Final = 12
_KIT: Final = (35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 54, 55, 57)
_ENDING_KIT: Final = (35, 36, 49, 57)
_POSITION, _VELOCITY, _PITCH = (BLOCKS[n] for n in ("POSITION", "VELOCITY", "PITCH"))
_DRUM, _DURATION = BLOCKS["DRUM"], BLOCKS["DURATION"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Tokens that may come, (vocabulary,) of bool, and what is added to their logits."""

    allowed: np.ndarray
    bias: np.ndarray | None = None


Line = Generator[int | Choice, int, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlan:
    """One bar of one part to write: its number in the window, its chords, and how it must be.

    With `kept` the tokens are given. `ends` makes it the last bar: the tonic
    chord, struck once and held. `most_notes` bounds how full it may get.
    """

    number: int
    chords: tuple[int, ...]
    most_notes: int
    kept: tuple[int, ...] | None = None
    ends: bool = False


def _block_mask(name: str) -> np.ndarray:
    mask = np.zeros(tokens.SIZE, bool)
    mask[BLOCKS[name].first : BLOCKS[name].stop] = True
    return mask


def _rising(name: str) -> np.ndarray:
    """Table whose row i allows what in a block is higher than index i - 1."""
    block = BLOCKS[name]
    table = np.zeros((block.size + 1, tokens.SIZE), bool)
    for low in range(block.size + 1):
        table[low, block.first + low : block.stop] = True
    return table


def _near() -> np.ndarray:
    table = np.zeros((128, tokens.SIZE), bool)
    for pitch in range(128):
        low, high = max(0, pitch - MAX_LEAP), min(127, pitch + MAX_LEAP)
        table[pitch, _PITCH.first + low : _PITCH.first + high + 1] = True
    return table


_RISING_PITCH: Final = _rising("PITCH")
_RISING_DRUM: Final = _rising("DRUM")
_RISING_POSITION: Final = _rising("POSITION")
_NEAR: Final = _near()


@dataclass
class Masks:
    """The tables of one cue: its key, its meter, and how loud it is."""

    key: Key
    meter: Meter
    loudness: int
    positions: np.ndarray = field(init=False)
    velocities: np.ndarray = field(init=False)
    kit: np.ndarray = field(init=False)
    ending_kit: np.ndarray = field(init=False)
    durations: np.ndarray = field(init=False)
    _scales: dict[int, np.ndarray] = field(init=False, default_factory=dict)
    _biases: dict[tuple[int, bool], np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        bar = self.meter.bar_ticks
        ticks = np.arange(_POSITION.size)
        on_grid = (ticks % GRID_TICKS[0] == 0) | (ticks % GRID_TICKS[1] == 0)
        self.positions = np.zeros(tokens.SIZE, bool)
        self.positions[_POSITION.first : _POSITION.stop] = on_grid & (ticks < bar)
        self.velocities = np.zeros(tokens.SIZE, bool)
        low, high = max(0, self.loudness - 2), min(_VELOCITY.size, self.loudness + 2)
        self.velocities[_VELOCITY.first + low : _VELOCITY.first + high] = True
        self.kit = _drums(_KIT)
        self.ending_kit = _drums(_ENDING_KIT)
        # Row r allows durations that end within r ticks; the shortest is always allowed.
        lengths = np.array(tokens.DURATIONS)
        self.durations = np.zeros((bar + 1, tokens.SIZE), bool)
        for room in range(bar + 1):
            fits = (lengths <= room) & (lengths >= min(3, room))
            fits[0] |= not fits.any()
            self.durations[room, _DURATION.first : _DURATION.stop] = fits

    def scale(self, chord: int) -> np.ndarray:
        if chord not in self._scales:
            self._scales[chord] = pitch_mask(self.key.scale_over(chord))
        return self._scales[chord]

    def chord_notes(self, chord: int) -> np.ndarray:
        return pitch_mask(frozenset(chord_pitch_classes(chord)))

    def bias(self, chord: int, on_beat: bool) -> np.ndarray:
        if (chord, on_beat) not in self._biases:
            weight = CHORD_TONE_BIAS[on_beat]
            self._biases[chord, on_beat] = self.chord_notes(chord).astype(np.float32) * weight
        return self._biases[chord, on_beat]

    def chords(self) -> np.ndarray:
        mask = np.zeros(tokens.SIZE, bool)
        mask[list(self.key.chords())] = True
        return mask


def _drums(sounds: Sequence[int]) -> np.ndarray:
    mask = np.zeros(tokens.SIZE, bool)
    mask[[_DRUM.first + sound - tokens.DRUM_SOUNDS.start for sound in sounds]] = True
    return mask


def write_part(part: Part, bars: Sequence[BarPlan], masks: Masks) -> Line:
    """Write one track of a window, from its program to its TRACK_END."""
    yield BLOCKS["PROGRAM"][part.program]
    yield BLOCKS["TRACK_DENSITY"][part.density]
    yield BLOCKS["VOICES"][part.voices - 1 if part.voices <= 2 else 2]
    yield BLOCKS["REGISTER"][(part.low + part.high) // 32]
    writer = _PartWriter(part, masks)
    begun = False
    for i, bar in enumerate(bars):
        if not begun:
            yield BLOCKS["BAR"][bar.number]
        if part.role is not Role.DRUMS:
            yield from bar.chords
        if bar.kept is not None:
            begun = yield from writer.keep(bar.kept)
        else:
            following = BLOCKS["BAR"][bars[i + 1].number] if i + 1 < len(bars) else tokens.TRACK_END
            begun = yield from writer.write(bar, following)
    if not begun:
        yield tokens.TRACK_END


class _PartWriter:
    """Writes the bars of one part, and remembers its last pitch and its silences."""

    def __init__(self, part: Part, masks: Masks) -> None:
        self._part = part
        self._masks = masks
        self._last_pitch = -1
        self._was_empty = False
        self._range = np.zeros(tokens.SIZE, bool)
        self._range[_PITCH.first + part.low : _PITCH.first + part.high + 1] = True

    def keep(self, ids: Sequence[int]) -> Generator[int | Choice, int, bool]:
        self._was_empty = not ids
        for token in ids:
            if token in _PITCH:
                self._last_pitch = token - _PITCH.first
            yield token
        return False

    def write(self, bar: BarPlan, following: int) -> Generator[int | Choice, int, bool]:
        """Write one bar; True if the token `following` was taken as its end."""
        position, level, notes, struck, lowest = -1, -1, 0, 0, 0
        more = np.zeros(tokens.SIZE, bool)
        while True:
            allowed = self._next(bar, position, notes)
            if 0 < struck < self._part.voices and notes < bar.most_notes:
                extra = more & (_RISING_DRUM if self._drums else _RISING_PITCH)[lowest]
                if extra.any():
                    allowed |= extra | (self._masks.velocities & ~_one(_VELOCITY.first + level))
            if notes or self._may_be_empty(bar):
                allowed[following] = True
            if not allowed.any():
                self._was_empty = notes == 0
                return False
            taken = yield Choice(allowed)
            if taken == following:
                self._was_empty = notes == 0
                return True
            if taken in _POSITION:
                position, struck, lowest = taken - _POSITION.first, 0, 0
                possible, bias = self._pitches(bar, position)
                more = possible if self._drums else possible & self._chord_notes(bar, position)
                if level < 0:
                    level = (yield Choice(self._masks.velocities)) - _VELOCITY.first
                taken = yield Choice(possible, bias)
            elif taken in _VELOCITY:
                level = taken - _VELOCITY.first
                taken = yield Choice(extra)
            notes, struck = notes + 1, struck + 1
            if self._drums:
                lowest = taken - _DRUM.first + 1
                continue
            pitch = taken - _PITCH.first
            lowest = min(127, pitch + (4 if pitch < 55 else 2))
            if struck == 1:
                self._last_pitch = pitch
            yield Choice(self._durations(bar, position))

    @property
    def _drums(self) -> bool:
        return self._part.role is Role.DRUMS

    def _may_be_empty(self, bar: BarPlan) -> bool:
        """Never the last bar, never two in a row, and the melody not at all."""
        return not (bar.ends or self._was_empty or self._part.role is Role.MELODY)

    def _next(self, bar: BarPlan, position: int, notes: int) -> np.ndarray:
        """Positions that may come: later on the grid, or only the first in the last bar."""
        if notes >= bar.most_notes or (bar.ends and position == 0):
            return np.zeros(tokens.SIZE, bool)
        if bar.ends:
            return _one(_POSITION.first)
        return _RISING_POSITION[position + 1] & self._masks.positions

    def _chord_at(self, bar: BarPlan, position: int) -> int:
        if not bar.chords:
            return tokens.NO_CHORD
        return bar.chords[-1 if 2 * position >= self._masks.meter.bar_ticks else 0]

    def _chord_notes(self, bar: BarPlan, position: int) -> np.ndarray:
        return self._masks.chord_notes(self._chord_at(bar, position))

    def _pitches(self, bar: BarPlan, position: int) -> tuple[np.ndarray, np.ndarray | None]:
        """What may sound at a position, and the pull towards the chord's own notes."""
        if self._drums:
            return (self._masks.ending_kit if bar.ends else self._masks.kit), None
        chord = self._chord_at(bar, position)
        possible = self._range & self._masks.scale(chord)
        grounded = self._part.role is Role.BASS and position == 0
        if bar.ends or grounded or self._part.role is Role.HARMONY:
            possible = possible & self._masks.chord_notes(chord)
        if grounded:
            root = chord_pitch_classes(chord)[:1]
            bass = self._range & pitch_mask(frozenset(root))
            possible = bass if bar.ends and bass.any() else possible
        if self._part.voices == 1 and self._last_pitch >= 0:
            near = possible & _NEAR[self._last_pitch]
            possible = near if near.any() else possible
        if not possible.any():
            possible = self._range & self._masks.scale(chord)
        return possible, self._masks.bias(chord, position % TICKS_PER_QUARTER == 0)

    def _durations(self, bar: BarPlan, position: int) -> np.ndarray:
        """Lengths within the bar; the harmony does not hold over a change of chord."""
        bar_ticks = self._masks.meter.bar_ticks
        if bar.ends:
            return _one(tokens.duration_token(bar_ticks))
        room = bar_ticks - position
        if self._part.role is Role.HARMONY and len(bar.chords) > 1 and 2 * position < bar_ticks:
            room = bar_ticks // 2 - position
        return self._masks.durations[room]


def _one(token: int) -> np.ndarray:
    mask = np.zeros(tokens.SIZE, bool)
    mask[token] = True
    return mask


def write_harmony(bars: Sequence[BarPlan], free: Sequence[np.ndarray | None], masks: Masks) -> (
    Generator[int | Choice, int, tuple[tuple[int, ...], ...]]
):
    """Write the chords of a window; where `free` is None the bar's own are kept.

    Returns:
        One or two chord tokens for each bar.
    """
    yield tokens.HARMONY
    found: list[tuple[int, ...]] = []
    begun = False
    for i, (bar, allowed) in enumerate(zip(bars, free, strict=True)):
        if not begun:
            yield BLOCKS["BAR"][bar.number]
        begun = False
        if allowed is None:
            yield from bar.chords
            found.append(bar.chords)
            continue
        first = yield Choice(allowed)
        if not halves(masks.meter) or allowed.sum() <= 2 or i + 1 == len(bars):
            found.append((first,))
            continue
        following = BLOCKS["BAR"][bars[i + 1].number]
        second = allowed & ~_one(first)
        second[following] = True
        taken = yield Choice(second)
        begun = taken == following
        found.append((first,) if begun else (first, taken))
    return tuple(found)
