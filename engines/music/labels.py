"""Label a window of music by rule: mood, energy, density, and each track's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engines.music.model import tokens
from engines.music.moods import EASE, LEANS, MOODS
from engines.music.score import TICKS_PER_QUARTER, Note

NEUTRAL: Final = np.array([0.5, 4.7, 2.3, 59.0, 72.0, 0.09, -0.8])
STEPS: Final = np.array([0.45, 0.4, 0.7, 6.0, 16.0, 0.08, 0.45])
"""A piece without a mood, by feature, and how far one step from it is."""

_FURTHEST: Final = 2.5
_SOURCE_MEANS: Final = {
    "orchestra": (61.3, 72.9, -0.70), "quartet": (61.9, 70.3, -0.65), "song": (60.8, 66.2, -0.72),
    "game": (55.4, 83.9, -0.94), "film": (55.2, 85.3, -0.94),
}  # fmt: skip
"""Register, loudness and shortness of a collection's neutral piece, half way to its mean: they
depend on who wrote the files as much as on the mood."""

DENSITY_EDGES: Final = (2.2, 3.6, 5.0, 7.0, 10.0)
"""Notes that start in a quarter, all tracks together, between the levels of density."""

TRACK_EDGES: Final = (0.4, 0.8, 1.3, 2.0, 3.2)
"""The same for one track."""

_LEANS = np.array([LEANS[mood] for mood in MOODS])
_EASE = np.array([EASE[mood] for mood in MOODS]) - 0.5 * (_LEANS**2).sum(axis=1)


def measure(
    notes: Sequence[Note], *, mode: int, tonic: int, bpm: float, quarters: float
) -> np.ndarray:
    """Measure `moods.FEATURES` of the pitched notes of a window: (7,).

    Major is 0 or 1, tempo and density are log2 of quarters a minute and of
    notes a quarter, register a mean pitch, loudness a mean velocity,
    dissonance half the share outside the scale plus the share of minor seconds
    and tritones among what sounds together, shortness log2 of the distance
    between onsets over the note's length.
    """
    pitches = np.array([n.pitch for n in notes])
    starts = np.array([n.start_tick for n in notes])
    lengths = np.array([n.duration_ticks for n in notes])
    steps = (0, 2, 4, 5, 7, 9, 11) if mode == 0 else (0, 2, 3, 5, 7, 8, 9, 10, 11)
    outside = 1 - float(np.isin((pitches - tonic) % 12, steps).mean())
    onsets = np.unique(starts)
    gap = float(np.diff(onsets).mean()) if onsets.size > 1 else float(lengths.mean())
    return np.array([
        1.0 - mode,
        np.log2(bpm) - 2,
        np.log2(max(0.25, len(notes) / quarters)),
        pitches.mean(),
        np.mean([n.velocity for n in notes]),
        0.5 * outside + _roughness(pitches, starts, starts + lengths, onsets),
        np.log2(max(0.25, gap / max(1.0, float(lengths.mean())))),
    ])  # fmt: skip


def _roughness(
    pitches: np.ndarray, starts: np.ndarray, ends: np.ndarray, onsets: np.ndarray
) -> float:
    """Share of pairs of pitch classes that are a semitone or a tritone apart, over all onsets."""
    sounding = (starts <= onsets[:, None]) & (ends > onsets[:, None])  # (onsets, notes)
    classes = np.zeros((12, len(pitches)), bool)
    classes[pitches % 12, np.arange(len(pitches))] = True
    heard = (sounding.astype(np.float32) @ classes.T.astype(np.float32)) > 0  # (onsets, 12)
    count = heard.sum(axis=1)
    pairs = count * (count - 1) / 2
    rough = (heard & np.roll(heard, 1, axis=1)).sum(axis=1)
    rough = rough + (heard[:, :6] & heard[:, 6:]).sum(axis=1)
    several = pairs > 0
    return float((rough[several] / pairs[several]).mean()) if several.any() else 0.0


def mood_of(features: np.ndarray, source: int | None = None) -> int:
    """Index in `MOODS` of the mood whose typical piece is nearest to the features (7,).

    With `source`, an index of `tokens.SOURCES`, the neutral piece is that collection's.
    """
    neutral = NEUTRAL.copy()
    if source is not None and tokens.SOURCES[source] in _SOURCE_MEANS:
        neutral[[3, 4, 6]] = _SOURCE_MEANS[tokens.SOURCES[source]]
    return int((_LEANS @ _steps(features, neutral) + _EASE).argmax())


def energy_of(features: np.ndarray) -> int:
    """Level of energy: loudness, tempo and density together."""
    pull = float(_steps(features, NEUTRAL)[[1, 2, 4]].sum()) / 3
    return int(np.searchsorted((-1.0, -0.5, 0.0, 0.4, 0.9), pull))


def _steps(features: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    return np.clip((features - neutral) / STEPS, -_FURTHEST, _FURTHEST)


def level_of(notes_per_quarter: float, edges: Sequence[float]) -> int:
    return int(np.searchsorted(edges, notes_per_quarter))


def track_controls(notes: Sequence[Note], quarters: float) -> list[int]:
    """Tokens for a track's density, voices at once (1 to 4 and more) and register."""
    onsets = len({n.start_tick for n in notes})
    voices = min(4, max(1, round(len(notes) / onsets + 0.2)))
    register = sum(n.pitch for n in notes) // len(notes) // 16
    return [
        tokens.BLOCKS["TRACK_DENSITY"][level_of(len(notes) / quarters, TRACK_EDGES)],
        tokens.BLOCKS["VOICES"][voices - 1],
        tokens.BLOCKS["REGISTER"][register],
    ]


def quarters_in(ticks: int) -> float:
    return ticks / TICKS_PER_QUARTER
