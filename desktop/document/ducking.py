"""How loud the music is over time: lower while a caption stands, for the voice that says it."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.document.model import Caption, MusicTrack

FALL_S, RISE_S = 0.15, 0.6
"""So long the music goes down before a caption, and comes back after it."""

Curve = tuple[tuple[float, float], ...]
"""Times in seconds and the gain there in dB, joined by straight lines."""


def gain_curve(music: MusicTrack, captions: Sequence[Caption]) -> Curve:
    """Return the gain of a scene's music over time."""
    loud_db, low_db = music.gain_db, music.gain_db + music.duck_db
    if not music.duck_db or not captions:
        return ((0.0, loud_db),)
    points: list[tuple[float, float]] = []
    for start_s, end_s in _together(captions):
        points += [
            (start_s - FALL_S, loud_db),
            (start_s, low_db),
            (end_s, low_db),
            (end_s + RISE_S, loud_db),
        ]
    return tuple(points)


def _together(captions: Sequence[Caption]) -> list[tuple[float, float]]:
    """Return when captions stand; those with no time to come up between them are one."""
    spans: list[tuple[float, float]] = []
    for start_s, end_s in sorted((caption.start_s, caption.end_s) for caption in captions):
        if spans and start_s - spans[-1][1] <= FALL_S + RISE_S:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end_s))
        else:
            spans.append((start_s, end_s))
    return spans
