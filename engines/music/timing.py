"""Choose bars, meter and tempo so that a piece lasts as long as it must."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from engines.music.score import Meter

MAX_BEND: Final = 0.06
"""How far the tempo may leave the asked one before anything else gives way."""

BPM_RANGE: Final = (30.0, 300.0)
_OTHER_METERS: Final = {
    "4/4": ("2/4", "3/4"), "2/4": ("3/4",), "3/4": ("2/4", "4/4"), "6/8": ("3/8", "9/8"),
    "2/2": ("2/4", "3/4"), "12/8": ("6/8", "9/8"), "9/8": ("6/8", "3/8"), "6/4": ("3/4",),
}  # fmt: skip
"""Meters that may stand in when the tempo would bend too far and no meter was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a piece is; `bpm` counts quarters, `seconds` 0 means that no length was asked."""

    seconds: float
    bars: int
    meter: str
    bpm: float
    notices: tuple[str, ...] = ()


def choose_length(
    asked: Length, *, meter_asked: bool, tempo_asked: bool, default_bars: int
) -> Length:
    """Settle bars, meter and tempo; seconds come first, then bars, meter, tempo.

    With seconds, the tempo is bent so that the last bar ends exactly there.
    """
    if not asked.seconds:
        return replace(asked, bars=asked.bars or default_bars)
    if asked.bars:
        kept = _with_bars(asked, asked.meter, asked.bars)
        if BPM_RANGE[0] <= kept.bpm <= BPM_RANGE[1] and (
            not tempo_asked or _bend(kept, asked) <= MAX_BEND
        ):
            return _told(kept, asked, tempo_asked=False)
        fitted = _fit(asked, meter_asked=meter_asked)
        told = _told(fitted, asked, tempo_asked=tempo_asked)
        notice = f"{fitted.bars} bars instead of {asked.bars}, to last {asked.seconds:g} seconds"
        return replace(told, notices=(notice, *told.notices))
    return _told(_fit(asked, meter_asked=meter_asked), asked, tempo_asked=tempo_asked)


def _fit(asked: Length, *, meter_asked: bool) -> Length:
    best = _best_bars(asked, asked.meter)
    if meter_asked or _bend(best, asked) <= MAX_BEND:
        return best
    others = [_best_bars(asked, meter) for meter in _OTHER_METERS.get(asked.meter, ())]
    return min((best, *others), key=lambda length: _bend(length, asked))


def _best_bars(asked: Length, meter: str) -> Length:
    """Take the number of bars that bends the tempo least, two at least where that can be."""
    wanted = asked.seconds * asked.bpm / 60 / _bar_quarters(meter)
    counts = {max(1, math.floor(wanted)), max(1, math.ceil(wanted))}
    return min(
        (_with_bars(asked, meter, count) for count in sorted(counts)),
        key=lambda length: _bend(length, asked),
    )


def _with_bars(asked: Length, meter: str, bars: int) -> Length:
    bpm = bars * _bar_quarters(meter) * 60 / asked.seconds
    return replace(asked, bars=bars, meter=meter, bpm=bpm)


def _bar_quarters(meter: str) -> float:
    beats, unit = (int(part) for part in meter.split("/"))
    return Meter(beats=beats, unit=unit).bar_ticks / 24


def _bend(length: Length, asked: Length) -> float:
    return abs(math.log(length.bpm / asked.bpm))


def _told(length: Length, asked: Length, *, tempo_asked: bool) -> Length:
    notices = length.notices
    if tempo_asked and _bend(length, asked) > 0.005:
        notice = (
            f"{length.bpm:.1f} beats a minute instead of {asked.bpm:.0f}, "
            f"to last {asked.seconds:g} seconds"
        )
        notices = (*notices, notice)
    return replace(length, notices=notices)
