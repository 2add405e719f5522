"""The music's gain over time."""

from __future__ import annotations

import pytest

from desktop.document.ducking import FALL_S, RISE_S, gain_curve
from desktop.document.model import Caption, MusicTrack


def captions(*spans: tuple[float, float]) -> tuple[Caption, ...]:
    return tuple(Caption(text="x", start_s=start, end_s=end) for start, end in spans)


def test_without_ducking_or_captions_the_gain_stays() -> None:
    spoken = captions((1, 2))
    assert gain_curve(MusicTrack(midi_asset="a", gain_db=-3), spoken) == ((0.0, -3.0),)
    assert gain_curve(MusicTrack(midi_asset="a", gain_db=-3, duck_db=-9), ()) == ((0.0, -3.0),)


def test_it_goes_down_before_a_caption_and_comes_back_after() -> None:
    music = MusicTrack(midi_asset="a", gain_db=2, duck_db=-9)
    curve = gain_curve(music, captions((5, 7), (1, 2)))
    times, gains = zip(*curve, strict=True)
    assert times == pytest.approx((1 - FALL_S, 1, 2, 2 + RISE_S, 5 - FALL_S, 5, 7, 7 + RISE_S))
    assert gains == (2, -7, -7, 2, 2, -7, -7, 2)


def test_captions_close_together_are_one_and_times_never_go_back() -> None:
    music = MusicTrack(midi_asset="a", duck_db=-9)
    curve = gain_curve(music, captions((1, 2), (2.5, 3), (1.2, 1.4), (8, 9)))
    times = [time_s for time_s, _ in curve]
    assert times == sorted(times) and len(curve) == 8
    assert (3, -9.0) in curve and (2, -9.0) not in curve
