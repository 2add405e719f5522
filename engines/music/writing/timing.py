"""Choose bars, meter and tempo so that a piece lasts as long as it must and strikes when it must.

Seconds go before hit points, then bars, meter, tempo. Time is cut at the hit
points; each stretch between two of them gets whole bars at a tempo near the
one wished for, or one bar of another length where whole bars would bend it
too far. What had to give is said in `notices`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

from engines.music.score import TICKS_PER_QUARTER, Meter, Tempo
from engines.music.writing.stretches import Stretch, place_inner, strict_stretch, whole_bars

MAX_BEND: Final = 0.06
"""How far the tempo of a whole piece may leave the one wished for."""

MAX_HIT_BEND: Final = 0.08
"""The same for a stretch between two hit points."""

SHORTEST_BEATS: Final = 1.1
"""A stretch shorter than this is no bar; its hit falls within one."""

BPM_RANGE: Final = (30.0, 300.0)
_TOLD_BEND: Final = 0.005
_OTHER_METERS: Final = {
    "4/4": ("2/4", "3/4"), "2/4": ("3/4",), "3/4": ("2/4", "4/4"), "6/8": ("3/8", "9/8"),
    "2/2": ("2/4", "3/4"), "12/8": ("6/8", "9/8"), "9/8": ("6/8", "3/8"), "6/4": ("3/4",),
}  # fmt: skip
"""Meters that may stand in when the tempo would bend too far and no meter was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the timing should be; `bpm` counts quarters, `seconds` and `bars` 0 are not asked."""

    bpm: float
    meter: str = "4/4"
    seconds: float = 0.0
    bars: int = 0
    hits_s: tuple[float, ...] = ()
    meter_asked: bool = False
    tempo_asked: bool = False
    default_bars: int = 16

    @property
    def bar_ticks(self) -> int:
        return read_meter(self.meter).bar_ticks


class TimedBar(NamedTuple):
    """One bar as it will be played."""

    start_tick: int
    ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The bars of a piece in ticks, the tempo of each stretch, and where the hits fall.

    `bpm` is the mean tempo; `meter` that of every bar that has its length.
    """

    meter: Meter
    bars: tuple[TimedBar, ...]
    tempos: tuple[Tempo, ...]
    bpm: float
    hit_ticks: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def end_tick(self) -> int:
        return self.bars[-1].start_tick + self.bars[-1].ticks

    @property
    def hit_bars(self) -> frozenset[int]:
        """Bars that begin with a hit, counted from 0."""
        hits = set(self.hit_ticks)
        return frozenset(i for i, bar in enumerate(self.bars) if bar.start_tick in hits)

    def meters(self) -> tuple[Meter, ...]:
        """Write down the meters: a new one wherever the length of the bars changes."""
        found: list[Meter] = []
        for bar in self.bars:
            meter = replace(_meter_of(bar.ticks, self.meter), start_tick=bar.start_tick)
            if not found or (found[-1].beats, found[-1].unit) != (meter.beats, meter.unit):
                found.append(meter)
        return tuple(found)


def read_meter(name: str) -> Meter:
    """Read "3/4"."""
    beats, unit = (int(part) for part in name.split("/"))
    return Meter(beats=beats, unit=unit)


def solve(wish: Wish) -> Timetable:
    """Settle the timing; the same wish gives the same timetable."""
    if wish.hits_s:
        return _with_hits(wish)
    if not wish.seconds:
        return _plain(wish, wish.bars or wish.default_bars, wish.bpm)
    if wish.bars:
        meters = (wish.meter,) if wish.meter_asked else _meters(wish)
        choices = [replace(wish, meter=meter) for meter in meters]
        kept = min(choices, key=lambda w: abs(math.log(_bpm_of(w) / w.bpm)))
        bpm = _bpm_of(wish if not wish.tempo_asked else kept)
        if BPM_RANGE[0] <= bpm <= BPM_RANGE[1]:
            chosen = kept if wish.tempo_asked else wish
            return _told_tempo(_plain(chosen, wish.bars, bpm), wish)
        found = solve(replace(wish, bars=0))
        notice = f"{len(found.bars)} bars instead of {wish.bars}, to last {wish.seconds:g} seconds"
        return replace(found, notices=(notice, *found.notices))
    for meter in (wish.meter,) if wish.meter_asked else _meters(wish):
        ticks = read_meter(meter).bar_ticks
        whole = whole_bars(wish.seconds, ticks, wish.bpm, least=1 if wish.meter_asked else 2)
        if whole.bend <= MAX_BEND:
            return _told_tempo(_lay(replace(wish, meter=meter), [whole]), wish)
    ending = strict_stretch(wish.seconds, wish.bar_ticks, wish.bpm, MAX_BEND, is_last=True)
    return _told_tempo(_lay(wish, [ending]), wish)


def _meters(wish: Wish) -> tuple[str, ...]:
    return (wish.meter, *_OTHER_METERS.get(wish.meter, ()))


def _bpm_of(wish: Wish) -> float:
    return wish.bars * wish.bar_ticks / TICKS_PER_QUARTER * 60 / wish.seconds


def _plain(wish: Wish, bars: int, bpm: float) -> Timetable:
    seconds = bars * wish.bar_ticks / TICKS_PER_QUARTER * 60 / bpm
    whole = Stretch(seconds=seconds, bars=(wish.bar_ticks,) * bars, wished_bpm=wish.bpm)
    return _lay(wish, [whole])


def _with_hits(wish: Wish) -> Timetable:
    """Cut time at the hits that can begin a bar; the others fall within one."""
    beat_s = SHORTEST_BEATS * 60 / wish.bpm
    seconds = wish.seconds or _seconds_for(wish)
    wished = wish
    if wish.bars and BPM_RANGE[0] <= (bpm := _bpm_of(replace(wish, seconds=seconds))):
        wished = replace(wish, bpm=min(bpm, BPM_RANGE[1]))
    cuts = [0.0]
    for hit in wish.hits_s:
        if hit - cuts[-1] >= beat_s and seconds - hit >= beat_s:
            cuts.append(hit)
    cuts.append(seconds)
    spans = [b - a for a, b in pairwise(cuts)]
    found = list(_stretches(spans, wished, MAX_HIT_BEND))
    if _mean_bend(found, wished.bpm) > MAX_BEND:
        found = list(_stretches(spans, wished, MAX_BEND))
    table = place_hits(_lay(wish, found), wish.hits_s)
    notices = list(_hit_notices(table, wish, cuts))
    if wish.bars and len(table.bars) != wish.bars:
        notices.append(f"{len(table.bars)} bars instead of {wish.bars}, for the hits")
    told = replace(table, notices=(*notices, *table.notices))
    return _told_tempo(told, wish)


def _seconds_for(wish: Wish) -> float:
    """Choose a length where none was asked: as many bars as usual, two at least after a hit."""
    bar_s = wish.bar_ticks / TICKS_PER_QUARTER * 60 / wish.bpm
    bars = wish.bars or wish.default_bars
    return bar_s * max(bars, math.ceil(wish.hits_s[-1] / bar_s) + 2)


def _stretches(spans: Sequence[float], wish: Wish, most: float) -> Iterator[Stretch]:
    for number, span in enumerate(spans):
        whole = whole_bars(span, wish.bar_ticks, wish.bpm, least=1)
        is_last = number + 1 == len(spans)
        if whole.bend <= (MAX_BEND if is_last else most):
            yield whole
        else:
            yield strict_stretch(span, wish.bar_ticks, wish.bpm, most, is_last=is_last)


def _mean_bend(stretches: Sequence[Stretch], bpm: float) -> float:
    quarters = sum(s.ticks for s in stretches) / TICKS_PER_QUARTER
    return abs(quarters * 60 / sum(s.seconds for s in stretches) / bpm - 1)


def _lay(wish: Wish, stretches: Sequence[Stretch]) -> Timetable:
    """Put stretches one after the other."""
    bars: list[TimedBar] = []
    tempos: list[Tempo] = []
    tick = 0
    for stretch in stretches:
        if not tempos or abs(tempos[-1].bpm - stretch.bpm) > 1e-9:
            tempos.append(Tempo(start_tick=tick, bpm=stretch.bpm))
        for ticks in stretch.bars:
            bars.append(TimedBar(tick, ticks))
            tick += ticks
    meter = read_meter(wish.meter)
    odd = [(i, b.ticks) for i, b in enumerate(bars) if b.ticks != meter.bar_ticks]
    return Timetable(
        meter=meter,
        bars=tuple(bars),
        tempos=tuple(tempos),
        bpm=tick / TICKS_PER_QUARTER * 60 / sum(s.seconds for s in stretches),
        notices=tuple(f"bar {i + 1} is a {_meter_of(t, meter).name} bar" for i, t in odd),
    )


def place_hits(table: Timetable, hits_s: Sequence[float]) -> Timetable:
    """Find the tick of every hit; those within bars bend the tempo where a tick is too coarse."""
    tempos, ticks = place_inner(table.tempos, table.end_tick, hits_s)
    return replace(table, tempos=tempos, hit_ticks=ticks)


def _hit_notices(table: Timetable, wish: Wish, cuts: Sequence[float]) -> Iterator[str]:
    for hit in wish.hits_s:
        if hit not in cuts:
            yield f"the hit at {hit:g} seconds falls within a bar"
    low, high = min(t.bpm for t in table.tempos), max(t.bpm for t in table.tempos)
    if high / low > 1 + _TOLD_BEND:
        yield f"the tempo moves between {low:.1f} and {high:.1f} beats a minute, for the hits"


def _told_tempo(table: Timetable, wish: Wish) -> Timetable:
    if not wish.tempo_asked or abs(table.bpm / wish.bpm - 1) <= _TOLD_BEND:
        return table
    for_what = f"to last {wish.seconds:g} seconds" if wish.seconds else "for the hits"
    notice = f"{table.bpm:.1f} beats a minute instead of {wish.bpm:.0f}, {for_what}"
    return replace(table, notices=(*table.notices, notice))


def _meter_of(ticks: int, usual: Meter) -> Meter:
    """Name a bar of that many ticks, in the usual unit if it fits."""
    if ticks == usual.bar_ticks:
        return replace(usual, start_tick=0)
    units = (usual.unit, 4, 8, 16, 32)
    unit = next((u for u in units if ticks % (96 // u) == 0), 32)
    return Meter(beats=max(1, ticks * unit // 96), unit=unit)
