"""One stretch of time between two hit points: its bars, its tempo, and the hits within it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engines.music.score import TICKS_PER_QUARTER, Tempo

UNITS: Final = (TICKS_PER_QUARTER, 12, 6, 3)
"""What the length of an odd bar is counted in, in ticks; the coarser, the better."""

COARSE_S: Final = 0.012
"""A hit within a bar that its nearest tick misses by more bends the tempo."""

NEAR_S: Final = 0.008
"""A hit this near to where the tempo changes is one with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Bars, in ticks, that together last exactly `seconds`."""

    seconds: float
    bars: tuple[int, ...]
    wished_bpm: float

    @property
    def ticks(self) -> int:
        return sum(self.bars)

    @property
    def bpm(self) -> float:
        return self.ticks / TICKS_PER_QUARTER * 60 / self.seconds

    @property
    def bend(self) -> float:
        """How far the tempo is from the one wished for, as a part of it."""
        return abs(self.bpm / self.wished_bpm - 1)


def whole_bars(seconds: float, bar_ticks: int, bpm: float, *, least: int) -> Stretch:
    """Take the number of whole bars, `least` at least, that bends the tempo least."""
    wanted = seconds * bpm / 60 * TICKS_PER_QUARTER / bar_ticks
    counts = {max(least, math.floor(wanted)), max(least, math.ceil(wanted))}
    return min(
        (
            Stretch(seconds=seconds, bars=(bar_ticks,) * count, wished_bpm=bpm)
            for count in sorted(counts)
        ),
        key=lambda stretch: stretch.bend,
    )


def strict_stretch(
    seconds: float, bar_ticks: int, bpm: float, most_bend: float, *, is_last: bool
) -> Stretch:
    """Take whole bars and an odd one at the end, in the coarsest unit that keeps the tempo."""
    wanted = seconds * bpm / 60 * TICKS_PER_QUARTER
    best: Stretch | None = None
    for unit in UNITS:
        for count in (round(wanted / unit), math.floor(wanted / unit), math.ceil(wanted / unit)):
            ticks = unit * max(1, count)
            bars = _divided(ticks, bar_ticks, is_last=is_last)
            found = Stretch(seconds=seconds, bars=bars, wished_bpm=bpm)
            if best is None or found.bend < best.bend:
                best = found
        if best is not None and best.bend <= most_bend:
            return best
    assert best is not None
    return best


def _divided(ticks: int, bar_ticks: int, *, is_last: bool) -> tuple[int, ...]:
    """Cut a length into bars: a rest too short to be one lengthens the bar before.

    The end of a piece is two bars at least, so that a cadence has room.
    """
    whole, rest = divmod(ticks, bar_ticks)
    shortest = bar_ticks // 2 if is_last else TICKS_PER_QUARTER
    bars = [bar_ticks] * whole
    if rest and bars and rest < shortest:
        bars[-1] += rest
    elif rest:
        bars.append(rest)
    if is_last and len(bars) == 1 and ticks >= 2 * TICKS_PER_QUARTER:
        first = round(ticks / 2 / TICKS_PER_QUARTER) * TICKS_PER_QUARTER
        return first, ticks - first
    return tuple(bars)


def place_inner(
    tempos: Sequence[Tempo], end_tick: int, hits_s: Sequence[float]
) -> tuple[tuple[Tempo, ...], tuple[int, ...]]:
    """Find the ticks of hits along a tempo map, and bend the map for those between ticks."""
    anchors = _seconds_of(tempos, end_tick)
    ticks: list[int] = []
    for hit in hits_s:
        near = [tick for tick, second in anchors[:-1] if abs(second - hit) < NEAR_S]
        if near:
            ticks.append(near[0])
            continue
        at = min(bisect_right([s for _, s in anchors], hit), len(anchors) - 1)
        (low_tick, low_s), (high_tick, high_s) = anchors[at - 1], anchors[at]
        rate = (high_tick - low_tick) / (high_s - low_s)
        exact = low_tick + (hit - low_s) * rate
        tick = min(max(low_tick + 1, round(exact)), max(low_tick + 1, high_tick - 1))
        ticks.append(tick)
        if low_tick < tick < high_tick and abs(tick - exact) / rate > COARSE_S:
            anchors.insert(at, (tick, hit))
    bent = [
        Tempo(start_tick=a[0], bpm=(b[0] - a[0]) / TICKS_PER_QUARTER * 60 / (b[1] - a[1]))
        for a, b in pairwise(anchors)
    ]
    return tuple(bent), tuple(ticks)


def _seconds_of(tempos: Sequence[Tempo], end_tick: int) -> list[tuple[int, float]]:
    """Give the tick and the second of each tempo's beginning, and of the end."""
    points = [(0, 0.0)]
    for tempo, following in pairwise([*tempos, Tempo(start_tick=end_tick)]):
        last_tick, last_s = points[-1]
        ticks = following.start_tick - last_tick
        points.append((following.start_tick, last_s + ticks * 60 / tempo.bpm / TICKS_PER_QUARTER))
    return points
