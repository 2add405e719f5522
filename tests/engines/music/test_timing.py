"""Timing: any length and any hits are met, near the tempo; what had to give is said."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from engines.api import BadRequest, MusicRequest
from engines.music.controls import MOODS, plan_cue
from engines.music.score import Score
from engines.music.writing.timing import MAX_BEND, MAX_HIT_BEND, Timetable, Wish, solve

REQUESTS = 500
END_S, HIT_S = 0.010, 0.020


def laid(table: Timetable) -> Score:
    return Score(tracks=(), meters=table.meters(), tempos=table.tempos)


def random_hits(chance: random.Random, seconds: float, count: int) -> tuple[float, ...]:
    """Hits at least a second apart, as cuts are."""
    found: list[float] = []
    for hit in sorted(chance.uniform(0.5, seconds - 0.5) for _ in range(count)):
        if not found or hit - found[-1] >= 1:
            found.append(hit)
    return tuple(found)


def random_request(chance: random.Random, seed: int) -> MusicRequest:
    seconds = round(chance.uniform(3, 180), 2)
    return MusicRequest(
        seed=seed,
        seconds=seconds,
        mood=chance.choice(MOODS),
        hits=random_hits(chance, seconds, chance.choice((0, 0, 1, 2, 3, 6))),
        tempo_bpm=chance.choice((0.0, 0.0, round(chance.uniform(50, 180)))),
        meter=chance.choice(("", "", "3/4", "4/4", "6/8", "5/4")),
    )


def test_random_requests_end_on_time_and_hit_in_time_near_the_tempo() -> None:
    chance = random.Random(11)
    for seed in range(REQUESTS):
        request = random_request(chance, seed)
        cue = plan_cue(request)
        table, score = cue.table, laid(cue.table)
        assert score.seconds_at(table.end_tick) == pytest.approx(request.seconds, abs=END_S)
        for hit, tick in zip(request.hits, table.hit_ticks, strict=True):
            assert score.seconds_at(tick) == pytest.approx(hit, abs=HIT_S)
        wished = request.tempo_bpm or cue.manner.bpm
        assert abs(table.bpm / wished - 1) <= MAX_BEND + 1e-9
        inner = sum("falls within a bar" in notice for notice in table.notices)
        if not inner:
            assert all(abs(t.bpm / wished - 1) <= MAX_HIT_BEND + 1e-9 for t in table.tempos)
        if request.meter:
            assert table.meter.name == request.meter
        odd = [b for b in table.bars if b.ticks != table.meter.bar_ticks]
        assert len(odd) <= len(request.hits) + 2
        assert sum("bar" in notice for notice in table.notices) >= len(odd)
        assert len(table.bars) >= 2 or request.meter or request.seconds < 3.5


def test_the_meters_of_a_timetable_give_its_bars_again() -> None:
    table = solve(Wish(bpm=100, seconds=20, hits_s=(4.2, 9.0, 15.3)))
    meters = table.meters()
    for meter, following in pairwise(meters):
        assert (following.start_tick - meter.start_tick) % meter.bar_ticks == 0
    assert table.hit_bars == {2, 4, 7}
    assert [n for n in table.notices if "3/4" in n] == ["bar 2 is a 3/4 bar", "bar 7 is a 3/4 bar"]


def test_hits_close_together_fall_within_a_bar_and_it_is_said() -> None:
    table = solve(Wish(bpm=60, seconds=16, hits_s=(8.0, 8.3), meter_asked=True))
    score = laid(table)
    assert [score.seconds_at(t) for t in table.hit_ticks] == pytest.approx([8.0, 8.3], abs=HIT_S)
    assert "the hit at 8.3 seconds falls within a bar" in table.notices


def test_bars_go_before_tempo_and_seconds_before_bars() -> None:
    table = solve(Wish(bpm=120, seconds=20, bars=8, tempo_asked=True, meter_asked=True))
    assert (len(table.bars), table.bpm) == (8, pytest.approx(96))
    assert "96.0 beats a minute instead of 120" in table.notices[-1]
    table = solve(Wish(bpm=120, seconds=10, bars=40, tempo_asked=True))
    assert len(table.bars) == 5
    assert "instead of 40" in table.notices[0]


def test_without_a_length_nothing_bends() -> None:
    cue = plan_cue(MusicRequest(seed=4, tempo_bpm=93, bars=7, meter="6/8"))
    assert (cue.bars, cue.bpm, cue.meter.name) == (7, pytest.approx(93), "6/8")
    assert not cue.notices


@pytest.mark.parametrize(
    "controls",
    [
        {"hits": (2.0, 1.0), "seconds": 9.0},
        {"hits": (2.0, 2.1), "seconds": 9.0},
        {"hits": (9.0,), "seconds": 9.0},
        {"hits": (1.0, 2.0, 3.0), "bars": 2},
        {"hits": (float("nan"),)},
        {"form": "A1B"},
        {"form": "ABAC", "bars": 3},
        {"energy": 6},
        {"densities": (1, 2), "instruments": ("flute",)},
        {"source": "polka"},
        {"verb": "paint"},
        {"verb": "continue"},
        {"verb": "fill", "score": b"x"},
        {"verb": "vary", "score": b"x", "hits": (1.0,)},
        {"score": b"x"},
        {"notation": "pdf"},
    ],
)
def test_what_cannot_be_is_refused(controls: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        plan_cue(MusicRequest(seed=1, **controls))  # type: ignore[arg-type]
