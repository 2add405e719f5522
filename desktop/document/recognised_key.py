"""The key a score most likely stands in, for the shading of its scale."""

from __future__ import annotations

from math import sqrt

from desktop.document.notes import NoteScore

_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""How well each step fits a key, as listeners rated it (Krumhansl and Kessler 1982)."""

LEAST_NOTES = 8


def key_of(score: NoteScore) -> tuple[int, str] | None:
    """Return the tonic (0 is C) and mode whose profile the lengths of the notes follow best.

    The method of Krumhansl and Schmuckler; None if there are too few notes.
    """
    weights = [0.0] * 12
    count = 0
    for part in score.parts:
        if part.is_drums:
            continue
        for note in part.notes:
            weights[note.pitch % 12] += min(note.length_ticks, 4 * score.ticks_per_quarter)
            count += 1
    if count < LEAST_NOTES:
        return None
    best = max(
        (_correlation(weights[tonic:] + weights[:tonic], profile), tonic, mode)
        for mode, profile in _PROFILES.items()
        for tonic in range(12)
    )
    return best[1], best[2]


def _correlation(one: list[float], other: tuple[float, ...]) -> float:
    a = [x - sum(one) / 12 for x in one]
    b = [x - sum(other) / 12 for x in other]
    norm = sqrt(sum(x * x for x in a) * sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / norm if norm else 0.0
