"""Tables of what may come next: boolean masks over the vocabulary, made once for a cue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engines.music.analysis import chord_pitch_classes
from engines.music.model import tokens
from engines.music.model.tokens import BLOCKS
from engines.music.score import Meter
from engines.music.theory import Key, pitch_mask

CHORD_TONE_BIAS: Final = (0.0, 0.6)
"""Added to the logits of the chord's own notes, off the beat and on it."""

MAX_LEAP: Final = 12
GRIDS: Final = (12, 6, 8, 4)
"""Where notes may start, in multiples of ticks: eighths, sixteenths, and triplets of both."""

_KIT: Final = (35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 54, 55, 57)
_ENDING_KIT: Final = (35, 36, 49, 57)


def only(token: int) -> np.ndarray:
    """Allow one token."""
    mask = np.zeros(tokens.SIZE, bool)
    mask[token] = True
    return mask


def _rising(name: str) -> np.ndarray:
    """Table whose row i allows the tokens of a block from its i-th on."""
    block = BLOCKS[name]
    table = np.zeros((block.size + 1, tokens.SIZE), bool)
    for low in range(block.size + 1):
        table[low, block.first + low : block.stop] = True
    return table


def _near() -> np.ndarray:
    """Table whose row p allows the pitches within `MAX_LEAP` of p."""
    first = BLOCKS["PITCH"].first
    table = np.zeros((128, tokens.SIZE), bool)
    for pitch in range(128):
        low, high = max(0, pitch - MAX_LEAP), min(127, pitch + MAX_LEAP)
        table[pitch, first + low : first + high + 1] = True
    return table


def _drums(sounds: Sequence[int]) -> np.ndarray:
    mask = np.zeros(tokens.SIZE, bool)
    first = BLOCKS["DRUM"].first - tokens.DRUM_SOUNDS.start
    mask[[first + sound for sound in sounds]] = True
    return mask


PITCHES_FROM: Final = _rising("PITCH")
DRUMS_FROM: Final = _rising("DRUM")
POSITIONS_FROM: Final = _rising("POSITION")
NEAR: Final = _near()
KIT: Final = _drums(_KIT)
ENDING_KIT: Final = _drums(_ENDING_KIT)


@dataclass
class Masks:
    """The tables of one cue.

    `loudness` is an index of VELOCITIES, `chord_pull` what is added to the
    logits of the chords of each of QUALITIES. With `locked` off, every pitch
    and every chord may come, whatever the key.
    """

    key: Key
    meter: Meter
    loudness: int
    chord_pull: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
    locked: bool = True
    positions: dict[int, np.ndarray] = field(init=False)
    """Grid in ticks to where notes may start within a bar."""
    velocities: np.ndarray = field(init=False)
    durations: np.ndarray = field(init=False)
    """Row r allows the lengths that end within r ticks: (bar + 1, vocabulary)."""
    chords: np.ndarray = field(init=False)
    chord_bias: np.ndarray = field(init=False)
    _scales: dict[int, np.ndarray] = field(init=False, default_factory=dict)
    _chord_notes: dict[int, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        bar_ticks = self.meter.bar_ticks
        position, velocity = BLOCKS["POSITION"], BLOCKS["VELOCITY"]
        ticks = np.arange(position.size)
        self.positions = {}
        for grid in GRIDS:
            mask = self.positions[grid] = np.zeros(tokens.SIZE, bool)
            mask[position.first : position.stop] = (ticks % grid == 0) & (ticks < bar_ticks)
        self.velocities = np.zeros(tokens.SIZE, bool)
        low, high = max(0, self.loudness - 2), min(velocity.size, self.loudness + 2)
        self.velocities[velocity.first + low : velocity.first + high] = True
        self.durations = np.array([_lengths_within(room) for room in range(bar_ticks + 1)])
        self.chords = np.zeros(tokens.SIZE, bool)
        first = BLOCKS["CHORD"].first
        self.chords[list(self.key.chords()) if self.locked else slice(first, first + 48)] = True
        self.chord_bias = np.zeros(tokens.SIZE, np.float32)
        self.chord_bias[first : first + 48] = np.repeat(self.chord_pull, 12)

    def scale(self, chord: int) -> np.ndarray:
        """Pitches that may sound over a chord."""
        if chord not in self._scales:
            classes = self.key.scale_over(chord) if self.locked else frozenset(range(12))
            self._scales[chord] = pitch_mask(classes)
        return self._scales[chord]

    def chord_notes(self, chord: int) -> np.ndarray:
        """Pitches that belong to a chord."""
        if chord not in self._chord_notes:
            self._chord_notes[chord] = pitch_mask(frozenset(chord_pitch_classes(chord)))
        return self._chord_notes[chord]

    def pull(self, chord: int, *, on_beat: bool) -> np.ndarray:
        """What is added to the logits so that chord notes are likelier."""
        return self.chord_notes(chord).astype(np.float32) * CHORD_TONE_BIAS[on_beat]


def _lengths_within(room: int) -> np.ndarray:
    """Allow lengths that end in time and are no crumbs; the shortest is left if none is."""
    lengths = np.array(tokens.DURATIONS)
    fits = (lengths <= room) & (lengths >= min(3, room))
    fits[0] |= not fits.any()
    mask = np.zeros(tokens.SIZE, bool)
    first = BLOCKS["DURATION"].first
    mask[first : first + len(lengths)] = fits
    return mask
