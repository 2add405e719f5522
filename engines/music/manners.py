"""How each mood is usually written: tempo, mode, meter, instruments, and how loud and full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a mood is usually written; `source` is one of `tokens.SOURCES`.

    `energy`, `density` and `loudness` are levels as in the tokens (loudness
    is the middle index of `tokens.VELOCITIES`); `legato` is the part of the way
    to the next note that a note is held; `chord_pull` is added to the logits
    of the chords of each of `tokens.QUALITIES`. All parts lie `register`
    semitones higher than usual, as far as their players can; `clash` is what
    ranking takes off for notes a semitone apart, below 0 what it adds.
    """

    bpm: int
    mode: int
    meters: tuple[str, ...]
    ensembles: tuple[tuple[int, ...], ...]
    energy: int
    density: int
    loudness: int
    legato: float
    source: str
    chord_pull: tuple[float, float, float, float]
    register: int = 0
    clash: float = 8.0


MANNERS: Final = {
    "calm": Manner(
        bpm=72, mode=0, meters=("4/4", "4/4", "3/4"), energy=0, density=1, loudness=3, legato=1.0,
        chord_pull=(0.6, 0.2, -1.5, -0.8), source="song",
        ensembles=((0, 42, 48), (73, 46, 48, 42), (40, 41, 42, 46)),
    ),
    "playful": Manner(
        bpm=126, mode=0, meters=("2/4", "4/4", "6/8"), energy=3, density=3, loudness=4, legato=0.5,
        chord_pull=(0.6, 0, -0.5, 0.4), source="orchestra",
        ensembles=((71, 45, 70, 73), (73, 71, 70, 12), (40, 71, 45, 43)),
    ),
    "tense": Manner(
        bpm=138, mode=1, meters=("4/4",), energy=4, density=4, loudness=4, legato=0.6,
        chord_pull=(-0.4, 0.3, 1.8, 0.6), source="quartet",
        ensembles=((40, 41, 42, 43, 47), (40, 44, 42, 43, 60)),
    ),
    "triumphant": Manner(
        bpm=112, mode=0, meters=("4/4",), energy=4, density=3, loudness=6, legato=0.85,
        chord_pull=(1.0, -0.4, -1.5, 0.2), source="orchestra",
        ensembles=((56, 60, 57, 48, 58, 47), (56, 40, 60, 48, 43, 47)),
    ),
    "melancholy": Manner(
        bpm=66, mode=1, meters=("4/4", "3/4"), energy=1, density=2, loudness=3, legato=1.0,
        chord_pull=(-0.2, 0.8, 0.0, -0.3), source="song",
        ensembles=((42, 0, 48), (40, 41, 42, 0), (68, 40, 41, 42)),
    ),
    "mysterious": Manner(
        bpm=80, mode=1, meters=("4/4", "3/4"), energy=1, density=0, loudness=2, legato=1.0,
        chord_pull=(-2.5, -1.2, 4.5, 2.0), source="film", register=4, clash=-6.0,
        ensembles=((8, 71, 48, 42), (73, 46, 52, 43), (71, 46, 48, 43)),
    ),
    "romantic": Manner(
        bpm=76, mode=0, meters=("3/4", "4/4"), energy=2, density=2, loudness=5, legato=1.0,
        chord_pull=(0.3, 0.5, 0.0, 0.4), source="song",
        ensembles=((40, 0, 42), (40, 60, 48, 46, 42), (42, 0, 48)),
    ),
    "dark": Manner(
        bpm=84, mode=1, meters=("4/4",), energy=2, density=2, loudness=4, legato=1.0,
        chord_pull=(-0.3, 0.9, 1.4, -0.2), source="film", register=-11, clash=3.0,
        ensembles=((42, 57, 48, 43), (70, 52, 42, 43), (60, 57, 48, 43, 47)),
    ),
    "epic": Manner(
        bpm=104, mode=1, meters=("4/4",), energy=5, density=4, loudness=6, legato=0.9,
        chord_pull=(0.7, 0.5, -1.0, -0.3), source="film",
        ensembles=((60, 40, 52, 48, 43, 128), (56, 60, 48, 52, 43, 128)),
    ),
    "hopeful": Manner(
        bpm=104, mode=0, meters=("4/4",), energy=2, density=3, loudness=3, legato=0.6,
        chord_pull=(0.8, 0.3, -1.5, -0.2), source="film",
        ensembles=((40, 0, 48, 42), (73, 40, 48, 60, 42), (60, 0, 48, 42)),
    ),
}  # fmt: skip
"""Mood to its manner; the programs of an ensemble go from the melody down."""
