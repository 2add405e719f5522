"""Another length for a score: exact, near its tempo, and what is locked is not rewritten."""

from __future__ import annotations

import random

import pytest

from engines.api import BadRequest
from engines.music.region import Cell
from engines.music.score import Meter, Note, Score, Tempo, Track
from engines.music.writing.refit import refit

BAR = 96


def piece(bars: int = 12, bpm: float = 100.0) -> Score:
    """Bars that can be told apart by their pitch, for two tracks and drums."""
    tracks = tuple(
        Track(
            program=program,
            notes=tuple(
                Note(b * BAR + at, 40 + 3 * b % 60 + program % 5, 24, 80)
                for b in range(bars)
                for at in (0, 24, 48, 72)
            ),
        )
        for program in (40, 42)
    )
    drums = Track(
        program=0, notes=tuple(Note(b * BAR, 36, 6, 90) for b in range(bars)), is_drum=True
    )
    return Score(tracks=(*tracks, drums), meters=(Meter(),), tempos=(Tempo(bpm=bpm),))


def length_s(score: Score) -> float:
    last = score.bars()[-1]
    return score.seconds_at(last.start_tick + last.ticks)


def bar_of(score: Score, track: int, bar: int) -> list[Note]:
    where = score.bars()[bar]
    inside = (
        n
        for n in score.tracks[track].notes
        if where.start_tick <= n.start_tick < where.start_tick + where.ticks
    )
    return [n._replace(start_tick=n.start_tick - where.start_tick) for n in inside]


def test_a_little_longer_only_moves_the_tempo() -> None:
    score = piece()
    fitted = refit(score, seconds=length_s(score) * 1.04, locked=frozenset())
    assert fitted.score.tracks == score.tracks
    assert length_s(fitted.score) == pytest.approx(length_s(score) * 1.04, abs=1e-6)
    assert not fitted.notices


def test_the_ends_stay_where_bars_are_left_out_or_played_again() -> None:
    score = piece()
    for factor in (0.6, 1.6):
        fitted = refit(score, seconds=length_s(score) * factor, locked=frozenset())
        assert (fitted.order[0], fitted.order[-1]) == (0, 11)
        assert length_s(fitted.score) == pytest.approx(length_s(score) * factor, abs=1e-6)
        assert fitted.notices
        assert abs(fitted.bpm / 100 - 1) <= 0.06


def test_random_cuts_are_met_and_locks_are_kept() -> None:
    chance = random.Random(8)
    kept_tempo = 0
    for _ in range(120):
        bars = chance.randint(4, 24)
        score = piece(bars, bpm=chance.uniform(60, 160))
        seconds = max(3.0, length_s(score) * chance.uniform(0.7, 1.4))
        hits = tuple(
            seconds * (i + chance.uniform(0.3, 0.7)) / 4 for i in range(chance.randint(0, 3))
        )
        first = chance.randrange(bars - 2)
        locked: frozenset[Cell] = frozenset((0, b) for b in (first, first + 1))
        fitted = refit(score, seconds=seconds, hits_s=hits, locked=locked)
        assert length_s(fitted.score) == pytest.approx(seconds, abs=0.01)
        told = [fitted.score.seconds_at(tick) for tick in fitted.hit_ticks]
        assert told == pytest.approx(list(hits), abs=0.02)
        for _, bar in locked:
            assert fitted.order.count(bar) == 1
            new = fitted.order.index(bar)
            assert bar_of(fitted.score, 0, new) == bar_of(score, 0, bar)
        bpm = score.tempos[0].bpm
        kept_tempo += all(abs(t.bpm / bpm - 1) <= 0.081 for t in fitted.score.tempos)
    assert kept_tempo > 100


def test_when_all_is_locked_only_the_tempo_gives() -> None:
    score = piece()
    everything = frozenset((t, b) for t in range(3) for b in range(12))
    fitted = refit(score, seconds=40.0, hits_s=(10.0, 20.5), locked=everything)
    assert fitted.score.tracks == score.tracks
    assert length_s(fitted.score) == pytest.approx(40, abs=0.01)
    assert "as the locked bars fill the time" in fitted.notices[-1]
    with pytest.raises(BadRequest, match="cannot last"):
        refit(score, seconds=2.0, locked=everything)


def test_a_score_without_notes_is_refused() -> None:
    with pytest.raises(BadRequest):
        refit(Score(tracks=()), seconds=5, locked=frozenset())
