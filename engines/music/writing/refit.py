"""Give a score another length and other hit points, and rewrite as little as can be.

First only the tempo moves. Where that would bend it too far, bars are left out
or played again, never those that are locked; the order of the bars is found by
dynamic programming over (new bar, old bar).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from engines.api import BadRequest
from engines.music.region import Cell
from engines.music.score import TICKS_PER_QUARTER, Bar, Meter, Note, Score, Tempo, Track
from engines.music.writing.accents import strike
from engines.music.writing.stretches import place_inner
from engines.music.writing.timing import MAX_BEND, MAX_HIT_BEND, Timetable, Wish, solve

FIT_BPM: Final = (20.0, 400.0)
_LEAVE_OUT: Final = (1.0, 0.05)
"""What it costs to leave bars out: once, and for each."""

_PLAY_AGAIN: Final = {1: 1.5, 2: 1.1, 4: 1.0, 8: 1.2}
"""What it costs to go back by so many bars."""

_LOSES_ENDS: Final = 8.0
"""What it costs not to begin with the first bar, or not to end with the last."""

_OTHER_LENGTH: Final = 0.8
_BREAKS_LOCK: Final = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refitted:
    """The score in its new timing; `order` is the old bar that each new bar plays."""

    score: Score
    order: tuple[int, ...]
    hit_ticks: tuple[int, ...]
    bpm: float
    notices: tuple[str, ...] = ()


def refit(
    score: Score, *, seconds: float, hits_s: Sequence[float] = (), locked: frozenset[Cell]
) -> Refitted:
    """Make a score last `seconds` and strike at `hits_s`; locked (track, bar) stay as they are.

    Raises:
        BadRequest: it has no notes, or would have to be faster or slower than can be played.
    """
    bars = score.bars()
    if not bars:
        raise BadRequest("the score has no notes")
    end_tick = bars[-1].start_tick + bars[-1].ticks
    bpm = end_tick / TICKS_PER_QUARTER * 60 / score.seconds_at(end_tick)
    same = _same_bars(bars, bpm, seconds, hits_s)
    if same is not None and _is_near(same[0], bpm):
        return _finished(score, bars, range(len(bars)), bars, same, seconds, locked, ())
    usual = Counter(bar.meter.name for bar in bars).most_common(1)[0][0]
    wish = Wish(bpm=bpm, meter=usual, seconds=seconds, hits_s=tuple(hits_s), meter_asked=True)
    table = solve(wish)
    held = frozenset(bar for _, bar in locked)
    order, cost = _order([bar.ticks for bar in bars], [bar.ticks for bar in table.bars], held)
    if cost < _BREAKS_LOCK:
        laid = _bars_of(table, bars, order)
        timing = (table.tempos, table.hit_ticks)
        notices = (*_told_order(order, len(bars)), *table.notices)
        return _finished(score, bars, order, laid, timing, seconds, locked, notices)
    if same is None:
        same = _same_bars(bars, bpm, seconds, ())
        assert same is not None
        same = place_inner(same[0], end_tick, hits_s)
    lowest, highest = min(t.bpm for t in same[0]), max(t.bpm for t in same[0])
    if not FIT_BPM[0] <= lowest <= highest <= FIT_BPM[1]:
        raise BadRequest(f"the locked bars cannot last {seconds:g} seconds")
    notice = f"{lowest:.0f} to {highest:.0f} beats a minute, as the locked bars fill the time"
    return _finished(score, bars, range(len(bars)), bars, same, seconds, locked, (notice,))


_Timing = tuple[tuple[Tempo, ...], tuple[int, ...]]
"""Tempos, and the ticks of the hits."""


def _same_bars(
    bars: Sequence[Bar], bpm: float, seconds: float, hits_s: Sequence[float]
) -> _Timing | None:
    """Keep all bars and give each hit the bar that begins nearest to it; None if two share one."""
    end_tick = bars[-1].start_tick + bars[-1].ticks
    rate = end_tick / seconds
    cuts = [(0, 0.0)]
    hits = []
    for hit in hits_s:
        nearest = min((bar.start_tick for bar in bars), key=lambda tick: abs(tick - hit * rate))
        hits.append(nearest)
        if nearest == 0 and hit < 1e-3:
            continue
        if nearest <= cuts[-1][0] or hit <= cuts[-1][1]:
            return None
        cuts.append((nearest, hit))
    cuts.append((end_tick, seconds))
    tempos = tuple(
        Tempo(start_tick=a[0], bpm=(b[0] - a[0]) / TICKS_PER_QUARTER * 60 / (b[1] - a[1]))
        for a, b in pairwise(cuts)
    )
    return tempos, tuple(hits)


def _is_near(tempos: Sequence[Tempo], bpm: float) -> bool:
    most = MAX_BEND if len(tempos) == 1 else MAX_HIT_BEND
    return all(abs(tempo.bpm / bpm - 1) <= most for tempo in tempos)


def _order(
    old: Sequence[int], new: Sequence[int], locked: frozenset[int]
) -> tuple[tuple[int, ...], float]:
    """Choose the old bar that each new one plays: from the first to the last, at the least cost.

    Args:
        old, new: Lengths of the bars in ticks.
        locked: Old bars that must play once, whole.
    """
    lengths, count = np.array(old), len(old)
    held = np.array([i in locked for i in range(count)])
    broken = np.concatenate([[0.0], np.cumsum(held) * _BREAKS_LOCK])  # before each bar
    costs = np.full((len(new), count), np.inf)
    came = np.zeros((len(new), count), int)
    for j, ticks in enumerate(new):
        wrong = (lengths != ticks) * (_OTHER_LENGTH + held * _BREAKS_LOCK)
        if j == 0:
            costs[0] = wrong + broken[:-1] + (np.arange(count) > 0) * _LOSES_ENDS
            continue
        costs[j], came[j] = _step(costs[j - 1], broken)
        costs[j] += wrong
    ending = costs[-1] + (np.arange(count) < count - 1) * _LOSES_ENDS
    ending += broken[-1] - broken[1:]
    at = int(ending.argmin())
    cost, order = float(ending[at]), [at]
    for j in range(len(new) - 1, 0, -1):
        at = int(came[j, at])
        order.append(at)
    return tuple(reversed(order)), cost


def _step(before: np.ndarray, broken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Go on from every old bar to the next, leave some out, or go back: costs and origins."""
    count = len(before)
    index = np.arange(count)
    best, origin = np.full(count, np.inf), np.zeros(count, int)
    best[1:], origin[1:] = before[:-1], index[:-1]
    # Leaving out i+1 .. k-1 breaks their locks: the cost splits into a part of i and one of k.
    start = before - broken[1:] - _LEAVE_OUT[1] * index
    lowest = np.minimum.accumulate(start)
    first = np.maximum.accumulate(np.where(start == lowest, index, 0))
    leaving = np.full(count, np.inf)
    leaving[2:] = lowest[:-2] + broken[2:-1] + _LEAVE_OUT[0] + _LEAVE_OUT[1] * index[2:]
    better = leaving < best
    best[better] = leaving[better]
    origin[better] = first[np.maximum(0, index - 2)][better]
    for back, cost in _PLAY_AGAIN.items():
        if back > count:
            continue
        again = np.full(count, np.inf)
        reach = count - back + 1
        again[:reach] = before[back - 1 :] + cost + broken[back:] - broken[:reach]
        better = again < best
        best[better] = again[better]
        origin[better] = (index + back - 1)[better]
    return best, origin


def _bars_of(table: Timetable, old: Sequence[Bar], order: Sequence[int]) -> tuple[Bar, ...]:
    """Lay the new bars; one as long as the old one keeps its meter."""
    meters = table.meters()
    starts = [meter.start_tick for meter in meters]
    laid = []
    for bar, source in zip(table.bars, order, strict=True):
        meter = meters[bisect_right(starts, bar.start_tick) - 1]
        if old[source].ticks == bar.ticks == old[source].meter.bar_ticks:
            meter = old[source].meter
        laid.append(Bar(start_tick=bar.start_tick, ticks=bar.ticks, meter=meter))
    return tuple(laid)


def _finished(
    score: Score,
    old: Sequence[Bar],
    order: Sequence[int],
    laid: Sequence[Bar],
    timing: _Timing,
    seconds: float,
    locked: frozenset[Cell],
    notices: tuple[str, ...],
) -> Refitted:
    tempos, hit_ticks = timing
    is_same = list(order) == list(range(len(old))) and [b.ticks for b in laid] == [
        b.ticks for b in old
    ]
    if not is_same:
        tracks = tuple(_played(track, old, order, laid) for track in score.tracks)
        score = Score(tracks=tracks, meters=_meters(laid), tempos=tempos)
    score = replace(score, tempos=tempos)
    kept = frozenset((t, j) for j, i in enumerate(order) for t, b in locked if b == i)
    end_tick = laid[-1].start_tick + laid[-1].ticks
    return Refitted(
        score=_struck(score, hit_ticks, laid, kept),
        order=tuple(order),
        hit_ticks=hit_ticks,
        bpm=end_tick / TICKS_PER_QUARTER * 60 / seconds,
        notices=notices,
    )


def _played(track: Track, old: Sequence[Bar], order: Sequence[int], laid: Sequence[Bar]) -> Track:
    """Play the old bars in their new order; notes that reach on where the next bar is the same."""
    starts = [note.start_tick for note in track.notes]
    notes: list[Note] = []
    for j, (source, bar) in enumerate(zip(order, laid, strict=True)):
        was = old[source]
        goes_on = j + 1 < len(order) and order[j + 1] == source + 1 and bar.ticks == was.ticks
        low = bisect_left(starts, was.start_tick)
        high = bisect_left(starts, was.start_tick + was.ticks)
        for note in track.notes[low:high]:
            inside = note.start_tick - was.start_tick
            room = bar.ticks - inside
            ticks = note.duration_ticks
            is_last = j + 1 == len(order)
            if is_last and inside + ticks >= was.ticks and not track.is_drum:
                ticks = room
            elif not goes_on:
                ticks = min(ticks, room)
            if room > 0 and ticks > 0:
                notes.append(
                    note._replace(start_tick=bar.start_tick + inside, duration_ticks=ticks)
                )
    return replace(track, notes=tuple(sorted(notes)))


def _meters(bars: Sequence[Bar]) -> tuple[Meter, ...]:
    found: list[Meter] = []
    for bar in bars:
        meter = bar.meter
        if not found or (found[-1].beats, found[-1].unit) != (meter.beats, meter.unit):
            found.append(replace(meter, start_tick=bar.start_tick))
    return tuple(found)


def _struck(
    score: Score, ticks: Sequence[int], bars: Sequence[Bar], kept: frozenset[Cell]
) -> Score:
    """Put accents at the hits into all parts, but for locked bars."""
    starts = [bar.start_tick for bar in bars]
    for tick in ticks:
        bar = bisect_right(starts, tick) - 1
        new = strike(score, [tick])
        tracks = tuple(
            old if (i, bar) in kept else struck
            for i, (old, struck) in enumerate(zip(score.tracks, new.tracks, strict=True))
        )
        score = replace(score, tracks=tracks)
    return score


def _told_order(order: Sequence[int], count: int) -> tuple[str, ...]:
    gone = count - len(set(order))
    again = len(order) - len(set(order))
    notices = []
    if gone:
        notices.append(f"{gone} of {count} bars are left out")
    if again:
        notices.append(f"{again} bars are played again")
    return tuple(notices)
