"""What a stretch of music is made of: its key, its chords and its feel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engines.music.model import tokens
from engines.music.score import Note

_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
"""Krumhansl and Kessler 1982: how well each step of the scale fits a key."""

CHORD_STEPS: Final = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10))
"""Steps above the root, for each of `tokens.QUALITIES`."""


def _key_profiles() -> np.ndarray:
    rows = [np.roll(p - p.mean(), k) for p in (_MAJOR, _MINOR) for k in range(12)]
    profiles = np.array(rows)
    return profiles / np.linalg.norm(profiles, axis=1, keepdims=True)


def _chord_profiles() -> np.ndarray:
    rows = []
    for steps in CHORD_STEPS:
        for root in range(12):
            row = np.full(12, -0.55)
            for step in steps:
                row[(root + step) % 12] = 1.0
            row[root] += 0.2
            if steps[-1] == 10:  # a seventh must be heard to be one
                row[(root + 10) % 12] -= 0.25
                row -= 0.02
            if 6 in steps:
                row -= 0.06
            rows.append(row)
    return np.array(rows)


_KEYS = _key_profiles()
_CHORDS = _chord_profiles()


def chord_pitch_classes(token: int) -> tuple[int, ...]:
    """Give the pitch classes of a chord token, root first; none for no chord."""
    if token == tokens.NO_CHORD:
        return ()
    quality, root = divmod(token - tokens.BLOCKS["CHORD"].first, 12)
    return tuple((root + step) % 12 for step in CHORD_STEPS[quality])


def pitch_weights(notes: Sequence[Note]) -> np.ndarray:
    """Sum durations by pitch class: (12,), in ticks; one note counts two quarters at most."""
    if not notes:
        return np.zeros(12)
    classes = np.array([n.pitch % 12 for n in notes])
    return np.bincount(classes, [min(48, n.duration_ticks) for n in notes], minlength=12)


def find_key(weights: np.ndarray) -> tuple[int, int]:
    """Find tonic (0 is C) and mode (index in `tokens.MODES`) of pitch weights (12,)."""
    fits = _KEYS @ (weights - weights.mean())
    mode, tonic = divmod(int(fits.argmax()), 12)
    return tonic, mode


def find_chords(notes: Sequence[Note], edges: Sequence[int]) -> list[int]:
    """Name the chord of each stretch between `edges` (ticks, ascending) as tokens.

    Duration-weighted template matching; the lowest sounding note counts more.
    """
    count = len(edges) - 1
    weights = np.zeros((count, 12))
    lowest = [128] * count
    bounds = list(edges)
    first = bounds[0]
    at = np.searchsorted(bounds, [n.start_tick for n in notes], side="right") - 1
    for note, segment in zip(notes, at.tolist(), strict=True):
        end = note.end_tick
        start = max(note.start_tick, first)
        while segment < count and start < end:
            stop = min(end, bounds[segment + 1])
            weights[segment, note.pitch % 12] += stop - start
            lowest[segment] = min(lowest[segment], note.pitch)
            start, segment = stop, segment + 1
    totals = weights.sum(axis=1)
    scores = weights / np.maximum(totals, 1)[:, None] @ _CHORDS.T  # (count, 48)
    for segment, pitch in enumerate(lowest):
        if pitch < 128:
            scores[segment, pitch % 12 :: 12] += 0.15
    best = scores.argmax(axis=1)
    first_chord = tokens.BLOCKS["CHORD"].first
    return [
        first_chord + int(b) if total > 0 and scores[i, b] > 0.1 else tokens.NO_CHORD
        for i, (b, total) in enumerate(zip(best.tolist(), totals.tolist(), strict=True))
    ]
