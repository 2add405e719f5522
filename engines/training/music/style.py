"""Measure how a stretch of music is made, and how far composers are from one another in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from engines.api import BadRequest
from engines.music.files.reader import read_score
from engines.music.model import tokens
from engines.music.model.encode import decode, windows
from engines.music.model.tokens import BLOCKS
from engines.music.score import Meter, Track
from engines.training.music.corpus import Collection

PIECE_BARS: Final = 16
MEASURES: Final = ("pitch-class entropy", "scale consistency", "groove consistency")
_GRID: Final = 24
_SCALES = np.array([
    np.isin((np.arange(12) - tonic) % 12, steps)
    for steps in ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
    for tonic in range(12)
], float)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a collection measures, each (3,): its mean, and the deviation of held-out composers.

    Where a collection has one composer, its held-out pieces stand for composers.
    """

    mean: np.ndarray
    deviation: np.ndarray


def measure(tracks: Sequence[Track], bar_ticks: int, bars: int) -> np.ndarray:
    """Measure `MEASURES`: (3,), NaN where there is nothing to measure.

    As in MusPy, Dong et al. 2020, arXiv:2008.01951: entropy in bits, the
    best scale's share of the notes, and one minus the part of a 24-step grid
    that changes from bar to bar.
    """
    pitches = np.array([n.pitch for t in tracks if not t.is_drum for n in t.notes], int)
    entropy = scale = np.nan
    if pitches.size:
        shares = np.bincount(pitches % 12, minlength=12) / pitches.size
        heard = shares[shares > 0]
        entropy = float(-(heard * np.log2(heard)).sum())
        scale = float((_SCALES @ shares).max())
    grid = np.zeros((bars, _GRID), bool)
    starts = np.array([n.start_tick for t in tracks for n in t.notes], int)
    starts = starts[starts < bars * bar_ticks]
    grid[starts // bar_ticks, starts % bar_ticks * _GRID // bar_ticks] = True
    groove = 1 - float((grid[1:] != grid[:-1]).mean()) if bars > 1 else np.nan
    return np.array([entropy, scale, groove])


def measure_ids(ids: np.ndarray, meter: str) -> np.ndarray:
    """Measure a window of tokens."""
    beats, unit = (int(part) for part in meter.split("/"))
    spelled = decode(ids.tolist(), meter=Meter(beats=beats, unit=unit), bpm=120.0)
    return measure(spelled.tracks, Meter(beats=beats, unit=unit).bar_ticks, PIECE_BARS)


def meter_of(ids: np.ndarray) -> str:
    """Read the meter among the controls of a window."""
    block = BLOCKS["METER"]
    head = ids[: 1 + len(tokens.CONTROLS)]
    found = head[(head >= block.first) & (head < block.stop)]
    return tokens.METERS[int(found[0]) - block.first]


def spread(
    collection: Collection, held_out: Sequence[Path], trained: Sequence[np.ndarray]
) -> Spread:
    """Measure a collection: windows it is trained on, and files of composers that are held out."""
    by_composer: dict[str, list[np.ndarray]] = {}
    for path in held_out:
        try:
            score = read_score(path.read_bytes())
        except BadRequest:
            continue
        rows = [
            measure(w.tracks, w.bars[0].ticks, PIECE_BARS)
            for w in windows(score, 0, repeat(PIECE_BARS))
            if len(w.bars) == PIECE_BARS
        ]
        by_composer.setdefault(_composer(collection, path), []).extend(rows)
    composers = [mean_of(rows) for rows in by_composer.values() if rows]
    mean = mean_of([measure_ids(ids, meter_of(ids)) for ids in trained])
    deviation = np.std(composers, axis=0, ddof=1) if len(composers) > 1 else np.full(3, np.nan)
    return Spread(mean=mean, deviation=deviation)


def mean_of(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Average rows (3,) without their NaN; NaN where there is nothing else."""
    values = np.array(rows)
    there = ~np.isnan(values)
    counts = there.sum(axis=0)
    sums = np.where(there, values, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _composer(collection: Collection, path: Path) -> str:
    """Name who wrote a file: the beginning of its name that keeps it out; else the piece."""
    return next((start for start in collection.held_out if path.name.startswith(start)), path.stem)
