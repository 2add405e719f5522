"""A score as values: notes on tracks, meters and tempos, in ticks of 24 to the quarter.

This is what the readers give, the writers take, and the tokens spell.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

TICKS_PER_QUARTER = 24
"""Divides into triplet sixteenths; half of a 32nd triplet is lost."""

MAX_BARS = 20_000
DEFAULT_BPM = 120.0


class Note(NamedTuple):
    """One note; a named tuple because a corpus holds millions and they sort by time.

    `velocity` is 1 to 127, `pitch` 0 to 127 (on drums the General MIDI sound).
    """

    start_tick: int
    pitch: int
    duration_ticks: int
    velocity: int

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.duration_ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The notes of one instrument; `program` is 0 to 127 as in General MIDI."""

    program: int
    notes: tuple[Note, ...]
    is_drum: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A time signature from `start_tick` on; bars are counted anew from there."""

    start_tick: int = 0
    beats: int = 4
    unit: int = 4

    @property
    def bar_ticks(self) -> int:
        return self.beats * 4 * TICKS_PER_QUARTER // self.unit

    @property
    def name(self) -> str:
        return f"{self.beats}/{self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """Quarters a minute from `start_tick` on."""

    start_tick: int = 0
    bpm: float = DEFAULT_BPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the grid; a pickup or a cut bar is shorter than its meter says."""

    start_tick: int
    ticks: int
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A piece: tracks with notes, and at least one meter and tempo, the first at tick 0."""

    tracks: tuple[Track, ...]
    meters: tuple[Meter, ...] = (Meter(),)
    tempos: tuple[Tempo, ...] = (Tempo(),)

    @property
    def end_tick(self) -> int:
        """Where the last note ends."""
        return max((n.end_tick for t in self.tracks for n in t.notes), default=0)

    @property
    def note_count(self) -> int:
        return sum(len(t.notes) for t in self.tracks)

    def bpm_at(self, tick: int) -> float:
        starts = [t.start_tick for t in self.tempos]
        return self.tempos[max(0, bisect_right(starts, tick) - 1)].bpm

    def bars(self) -> tuple[Bar, ...]:
        """Lay the bar grid from tick 0 to the end of the last note."""
        end = self.end_tick
        found: list[Bar] = []
        for i, meter in enumerate(self.meters):
            stop = self.meters[i + 1].start_tick if i + 1 < len(self.meters) else end
            tick = meter.start_tick
            while tick < min(stop, end) and len(found) < MAX_BARS:
                found.append(
                    Bar(
                        start_tick=tick,
                        ticks=min(meter.bar_ticks, stop - tick)
                        if i + 1 < len(self.meters)
                        else meter.bar_ticks,
                        meter=meter,
                    )
                )
                tick += meter.bar_ticks
        return tuple(found)

    def seconds_at(self, tick: int) -> float:
        """Turn a tick into seconds along the tempo map."""
        seconds, last_tick, bpm = 0.0, 0, self.tempos[0].bpm
        for tempo in self.tempos:
            if tempo.start_tick >= tick:
                break
            seconds += (tempo.start_tick - last_tick) * 60 / (bpm * TICKS_PER_QUARTER)
            last_tick, bpm = tempo.start_tick, tempo.bpm
        return seconds + (tick - last_tick) * 60 / (bpm * TICKS_PER_QUARTER)
