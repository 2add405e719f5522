"""Label a window of music by rule: mood, energy, density, and each track's manner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engines.music import tokens
from engines.music.moods import LEANS, MOODS
from engines.music.score import TICKS_PER_QUARTER, Note

MEANS: Final = np.array([0.59, 5.11, 2.39, 60.6, 75.7, 0.11, -0.65])
DEVIATIONS: Final = np.array([0.49, 0.72, 0.87, 7.8, 24.8, 0.1, 0.6])
"""Of the corpus, by feature, over windows of all collections in equal parts."""

DENSITY_EDGES: Final = (2.2, 3.6, 5.0, 7.0, 10.0)
"""Notes that start in a quarter, all tracks together, between the levels of density."""

TRACK_EDGES: Final = (0.4, 0.8, 1.3, 2.0, 3.2)
"""The same for one track."""

_LEANS = np.array([LEANS[mood] for mood in MOODS])
_LEANS = _LEANS / np.linalg.norm(_LEANS, axis=1, keepdims=True)


def measure(
    notes: Sequence[Note], *, mode: int, tonic: int, bpm: float, quarters: float
) -> np.ndarray:
    """Measure `moods.FEATURES` of the pitched notes of a window: (7,).

    Major is 0 or 1, tempo and density are log2 of quarters a minute and of
    notes a quarter, register a mean pitch, loudness a mean velocity,
    dissonance the share outside the scale plus half the share of close
    minor seconds and tritones sounding together, shortness log2 of the
    distance between onsets over the note's length.
    """
    pitches = np.array([n.pitch for n in notes])
    starts = np.array([n.start_tick for n in notes])
    lengths = np.array([n.duration_ticks for n in notes])
    steps = (0, 2, 4, 5, 7, 9, 11) if mode == 0 else (0, 2, 3, 5, 7, 8, 9, 10, 11)
    outside = 1 - float(np.isin((pitches - tonic) % 12, steps).mean())
    order = np.argsort(starts, kind="stable")
    together = np.diff(starts[order]) == 0
    intervals = np.abs(np.diff(pitches[order]))[together] % 12
    rough = float(np.isin(intervals, (1, 6, 11)).mean()) if intervals.size else 0.0
    onsets = np.unique(starts)
    gap = float(np.diff(onsets).mean()) if onsets.size > 1 else float(lengths.mean())
    return np.array([
        1.0 - mode,
        np.log2(bpm) - 2,
        np.log2(max(0.25, len(notes) / quarters)),
        pitches.mean(),
        np.mean([n.velocity for n in notes]),
        outside + 0.5 * rough,
        np.log2(max(0.25, gap / max(1.0, float(lengths.mean())))),
    ])  # fmt: skip


def mood_of(features: np.ndarray) -> int:
    """Index in `MOODS` of the mood whose leans the features (7,) follow best."""
    standard = np.clip((features - MEANS) / DEVIATIONS, -2.5, 2.5)
    return int((_LEANS @ standard).argmax())


def energy_of(features: np.ndarray) -> int:
    """Level of energy: loudness, tempo and density together."""
    standard = np.clip((features - MEANS) / DEVIATIONS, -2.5, 2.5)
    pull = float(standard[[1, 2, 4]].sum()) / 3
    return int(np.searchsorted((-1.0, -0.5, 0.0, 0.4, 0.9), pull))


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
