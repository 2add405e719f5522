"""What the ranking of candidates hears in a tune."""

from __future__ import annotations

from engines.music.score import Note
from engines.music.writing.ranking import _line


def tune(*pitches: int) -> list[Note]:
    return [Note(24 * i, pitch, 24, 80) for i, pitch in enumerate(pitches)]


def test_a_tune_that_circles_on_few_pitches_is_rated_lower() -> None:
    moving = tune(60, 62, 64, 65, 67, 65, 64, 62, 60, 59, 60, 62, 64, 65, 67, 69)
    circling = tune(*(60, 62) * 6, 64, 65, 67, 69)
    assert _line(moving) > _line(circling) + 0.3


def test_a_tune_on_one_pitch_is_worst_and_a_fragment_counts_as_poor() -> None:
    assert _line(tune(*(60,) * 12)) < _line(tune(*(60, 62) * 6))
    assert _line(tune(60, 62)) < 0
