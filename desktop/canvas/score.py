"""A MIDI file as notes in seconds, for drawing.

Files come from outside: sizes are bounded first, and every way in which
reading can fail is one `ScoreError`.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass

LARGEST_BYTES = 4 * 2**20
MOST_EVENTS = 200_000
MOST_BARS = 5_000
LONGEST_S = 3600.0
DRUM_CHANNEL = 9

LEAST_PITCHES = 18
"""A roll is never closer than this, so that a drum part does not fill it with two bars."""

DEFAULT_TEMPO_US = 500_000


class ScoreError(Exception):
    """The bytes are no score that can be shown; the first argument says why."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `track` is the index of its part in `Score.tracks`."""

    track: int
    pitch: int
    start_s: float
    end_s: float
    velocity: int


@dataclass(frozen=True, slots=True)
class Track:
    """One part: its name, General MIDI program, and whether it is drums."""

    name: str
    program: int
    drums: bool


@dataclass(frozen=True, slots=True)
class Score:
    """Notes by start, the parts that have any, and the times of all bar lines and beats."""

    notes: tuple[Note, ...] = ()
    tracks: tuple[Track, ...] = ()
    bars_s: tuple[float, ...] = ()
    beats_s: tuple[float, ...] = ()
    length_s: float = 0.0

    def shown_pitches(self) -> tuple[int, int]:
        """Return the lowest and highest pitch to draw: those that sound, and a semitone beyond."""
        low = min((x.pitch for x in self.notes), default=60) - 1
        high = max((x.pitch for x in self.notes), default=60) + 1
        return low, max(high, low + LEAST_PITCHES)


@dataclass(frozen=True, slots=True)
class _Event:
    """One message of one track at its tick."""

    tick: int
    track: int
    message: object


def read_score(data: bytes) -> Score:
    """Parse a MIDI file.

    Raises:
        ScoreError: it is not one, damaged, or too large to show.
    """
    if not data.startswith(b"MThd"):
        raise ScoreError("it is not a MIDI file")
    if len(data) > LARGEST_BYTES:
        raise ScoreError(f"it is larger than {LARGEST_BYTES // 2**20} MB")
    import mido

    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        events = _events(file)
        clock = _Clock(events, file.ticks_per_beat)
        return _score(events, clock)
    except ScoreError:
        raise
    except (
        EOFError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        mido.KeySignatureError,
    ) as problem:
        raise ScoreError(f"it is damaged ({problem})") from problem


def _events(file: object) -> list[_Event]:
    """Return the messages of all tracks in the order of time."""
    events: list[_Event] = []
    for index, track in enumerate(file.tracks):  # type: ignore[attr-defined]
        tick = 0
        for message in track:
            tick += message.time
            events.append(_Event(tick, index, message))
        if len(events) > MOST_EVENTS:
            raise ScoreError(f"it has more than {MOST_EVENTS:,} events")
    events.sort(key=lambda x: x.tick)
    return events


class _Clock:
    """Turns ticks into seconds by the tempo changes of a file."""

    def __init__(self, events: list[_Event], ticks_per_quarter: int) -> None:
        if ticks_per_quarter <= 0:
            raise ScoreError("its clock has no ticks")
        self.ticks_per_quarter = ticks_per_quarter
        self._ticks, self._seconds, self._tempos = [0], [0.0], [DEFAULT_TEMPO_US]
        for event in events:
            tempo_us = getattr(event.message, "tempo", 0)
            if getattr(event.message, "type", "") == "set_tempo" and tempo_us > 0:
                self._seconds.append(self.seconds(event.tick))
                self._ticks.append(event.tick)
                self._tempos.append(tempo_us)

    def seconds(self, tick: int) -> float:
        index = bisect_right(self._ticks, tick) - 1
        since = tick - self._ticks[index]
        return self._seconds[index] + since * self._tempos[index] / 1e6 / self.ticks_per_quarter


def _score(events: list[_Event], clock: _Clock) -> Score:
    parts: dict[tuple[int, int], int] = {}
    programs: dict[tuple[int, int], int] = {}
    names: dict[int, str] = {}
    open_notes: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    notes: list[Note] = []
    for event in events:
        message, kind = event.message, getattr(event.message, "type", "")
        if kind == "track_name":
            names.setdefault(event.track, str(message.name)[:64])  # type: ignore[attr-defined]
        if not hasattr(message, "channel"):
            continue
        part = (event.track, message.channel)
        if kind == "program_change":
            programs.setdefault(part, message.program)  # type: ignore[attr-defined]
        if kind not in ("note_on", "note_off"):
            continue
        key = (*part, message.note)  # type: ignore[attr-defined]
        if kind == "note_on" and message.velocity > 0:  # type: ignore[attr-defined]
            velocity = message.velocity  # type: ignore[attr-defined]
            open_notes.setdefault(key, []).append((event.tick, velocity))
        elif open_notes.get(key):
            begun, velocity = open_notes[key].pop(0)
            index = parts.setdefault(part, len(parts))
            start_s, end_s = clock.seconds(begun), clock.seconds(event.tick)
            notes.append(Note(index, key[2], start_s, end_s, velocity))
    notes.sort(key=lambda x: (x.start_s, x.track, x.pitch))
    last_tick = events[-1].tick if events else 0
    if clock.seconds(last_tick) > LONGEST_S:
        raise ScoreError("it is longer than an hour")
    tracks = tuple(
        Track(
            name=names.get(part[0], "").strip() or f"Part {index + 1}",
            program=programs.get(part, 0),
            drums=part[1] == DRUM_CHANNEL,
        )
        for part, index in parts.items()
    )
    bars, beats = _lines(events, clock, last_tick)
    return Score(tuple(notes), tracks, bars, beats, clock.seconds(last_tick))


def _lines(
    events: list[_Event], clock: _Clock, last_tick: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the times of the bar lines and of all beats, by the meter changes of the file."""
    meters = [(0, 4, 4)]
    for event in events:
        if getattr(event.message, "type", "") == "time_signature":
            message = event.message
            meters.append((event.tick, message.numerator, message.denominator))  # type: ignore[attr-defined]
    bars: list[float] = []
    beats: list[float] = []
    for index, (start, numerator, denominator) in enumerate(meters):
        end = meters[index + 1][0] if index + 1 < len(meters) else last_tick + 1
        step = max(1, clock.ticks_per_quarter * 4 // max(denominator, 1))
        for number, tick in enumerate(range(start, end, step)):
            if len(beats) >= MOST_BARS * 4:
                break
            beats.append(clock.seconds(tick))
            if number % max(numerator, 1) == 0:
                bars.append(beats[-1])
    return tuple(bars), tuple(beats)
