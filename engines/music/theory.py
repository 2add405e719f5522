"""Keys, scales and the chords that belong to them, as masks over pitches and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.api import BadRequest
from engines.music.analysis import chord_pitch_classes
from engines.music.model import tokens

_TONICS: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_SHARPS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_KEYS: Final = ({1, 3, 5, 8, 10}, {0, 2, 3, 5, 7, 10})
"""Tonics that are spelled with flats, in major and in minor."""

_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
_DEGREES: Final = (
    ((0, 0), (2, 1), (4, 1), (5, 0), (7, 0), (7, 3), (9, 1), (11, 2)),
    ((0, 1), (2, 2), (3, 0), (5, 1), (7, 0), (7, 3), (8, 0), (10, 0), (11, 2), (7, 1)),
)
"""Chords of a key in major and in minor: step of the root, index in `tokens.QUALITIES`."""

_KEY: Final = re.compile(
    r"^([a-h])\s*(#|♯|b|♭|sharp|flat|-sharp|-flat)?\s*(major|minor|maj|min|m)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A tonic (0 is C) and a mode (index in `tokens.MODES`)."""

    tonic: int
    mode: int

    @property
    def name(self) -> str:
        names = _FLATS if self.tonic in _FLAT_KEYS[self.mode] else _SHARPS
        return f"{names[self.tonic]} {tokens.MODES[self.mode]}"

    def pitch_classes(self) -> frozenset[int]:
        """All that belong: the scale, and in minor the raised sixth and seventh too."""
        steps = _SCALES[self.mode] + ((9, 11) if self.mode else ())
        return frozenset((self.tonic + s) % 12 for s in steps)

    def chords(self) -> tuple[int, ...]:
        """Chord tokens of the key's own triads and its dominant seventh."""
        return tuple(
            tokens.chord_token((self.tonic + step) % 12, quality)
            for step, quality in _DEGREES[self.mode]
        )

    @property
    def tonic_chord(self) -> int:
        return tokens.chord_token(self.tonic, self.mode)

    @property
    def dominant_chords(self) -> tuple[int, int]:
        fifth = (self.tonic + 7) % 12
        return tokens.chord_token(fifth, 0), tokens.chord_token(fifth, 3)

    def scale_over(self, chord: int) -> frozenset[int]:
        """Pitch classes that may sound over a chord.

        In minor the seventh is raised where the chord raises it, and the
        plain one is then left out; a chord of all keys brings its own notes.
        """
        classes = {(self.tonic + s) % 12 for s in _SCALES[self.mode]}
        own = set(chord_pitch_classes(chord))
        leading, seventh = (self.tonic + 11) % 12, (self.tonic + 10) % 12
        if self.mode and leading in own:
            classes.discard(seventh)
        return frozenset(classes | own)


def parse_key(text: str) -> Key:
    """Read a key such as "D minor", "Bb", "f# min".

    Raises:
        BadRequest: it is not a key.
    """
    match = _KEY.match(text.strip().lower())
    if match is None:
        raise BadRequest(f"{text!r} is not a key such as D minor")
    step = {"#": 1, "♯": 1, "sharp": 1, "-sharp": 1}.get(match[2] or "", 0)
    step -= {"b": 1, "♭": 1, "flat": 1, "-flat": 1}.get(match[2] or "", 0)
    mode = 1 if (match[3] or "").startswith("m") and not (match[3] or "").startswith("maj") else 0
    return Key(tonic=(_TONICS[match[1]] + step) % 12, mode=mode)


def pitch_mask(classes: frozenset[int]) -> np.ndarray:
    """Mark the pitch tokens of some pitch classes: (vocabulary,) of bool."""
    mask = np.zeros(tokens.SIZE, bool)
    first = tokens.BLOCKS["PITCH"].first
    for pitch in range(128):
        mask[first + pitch] = pitch % 12 in classes
    return mask
