"""Read a MIDI file as it is to be played: with volume, expression, pan, pedal, bends, programs.

`engines.music.files.midi_reader` keeps what the tokens can spell; this keeps what is
heard, in the file's own ticks. What a channel is told in one chunk is meant
for its part there; a first chunk without notes speaks to all parts of its
channels, and so does a pedal wherever it stands, since a piano's two staves
often share one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from engines.music.files.midi_parser import (
    BEND,
    CONTROL,
    DRUM_CHANNEL,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    parse_midi,
)
from engines.music.score import DEFAULT_BPM

BANK, MODULATION, VOLUME, PAN, EXPRESSION, PEDAL = 0, 1, 7, 10, 11, 64
_DATA, _FINE, _RPN_FINE, _RPN = 6, 38, 100, 101
_SOUND_OFF, _RESET, _NOTES_OFF = 120, 121, 123
_KEPT: Final = frozenset({BANK, MODULATION, VOLUME, PAN, EXPRESSION, PEDAL})
_RESET_TO: Final = ((MODULATION, 0), (EXPRESSION, 127), (PEDAL, 0))
PEDAL_DOWN: Final = 64
BEND_CENTRE: Final = 8192
BEND_CENTS: Final = 200
"""How far a bend reaches unless the file says otherwise."""


class PlayedNote(NamedTuple):
    """One note in the file's ticks; where the pedal holds it, `end_tick` is where it lets go."""

    start_tick: int
    end_tick: int
    pitch: int
    velocity: int


Change = tuple[int, float]
"""A tick and the value from there on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedPart:
    """What one channel plays in one chunk.

    `controls` holds changes by controller number (of `BANK` to `PEDAL`),
    `bends` semitones, `programs` General MIDI numbers; all in time's order.
    """

    chunk: int
    channel: int
    name: str
    notes: tuple[PlayedNote, ...]
    controls: dict[int, tuple[Change, ...]]
    bends: tuple[Change, ...]
    programs: tuple[Change, ...]

    @property
    def is_drum(self) -> bool:
        return self.channel == DRUM_CHANNEL

    @property
    def program(self) -> int:
        """The instrument of its first note."""
        first = self.notes[0].start_tick
        before = [program for tick, program in self.programs if tick <= first]
        return int(before[-1]) if before else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A piece to be played; its parts are in the order of (chunk, channel).

    `tempos` and `meters` begin at tick 0; a meter is (tick, beats, unit).
    """

    division: int
    parts: tuple[PlayedPart, ...]
    tempos: tuple[Change, ...]
    meters: tuple[tuple[int, int, int], ...]
    end_tick: int
    """Where the last note ends, pedals aside."""

    def clock(self) -> Clock:
        return Clock(self.division, self.tempos)

    @property
    def last_bar_tick(self) -> int:
        """Where the bar that the last note ends in is over."""
        start, beats, unit = [x for x in self.meters if x[0] < max(1, self.end_tick)][-1]
        bar = max(1, self.division * 4 * beats // unit)
        return start + -(-(self.end_tick - start) // bar) * bar


class Clock:
    """Turns ticks into seconds along a tempo map."""

    def __init__(self, division: int, tempos: tuple[Change, ...]) -> None:
        self._ticks = [int(tick) for tick, _ in tempos]
        self._s_per_tick = [60 / (bpm * division) for _, bpm in tempos]
        lengths = (
            (after - before) * pace
            for before, after, pace in zip(
                self._ticks, self._ticks[1:], self._s_per_tick, strict=False
            )
        )
        self._seconds = list(accumulate(lengths, initial=0.0))

    def seconds(self, tick: float) -> float:
        i = max(0, bisect_right(self._ticks, tick) - 1)
        return self._seconds[i] + (tick - self._ticks[i]) * self._s_per_tick[i]


@dataclass(slots=True)
class _Voice:
    """What one channel was told in one chunk."""

    notes: list[PlayedNote] = field(default_factory=list)
    controls: dict[int, list[Change]] = field(default_factory=dict)
    bends: list[Change] = field(default_factory=list)
    programs: list[Change] = field(default_factory=list)
    sounding: dict[int, deque[tuple[int, int]]] = field(default_factory=dict)

    def end(self, pitch: int, tick: int) -> None:
        if held := self.sounding.get(pitch):
            start, velocity = held.popleft()
            self.notes.append(PlayedNote(start, tick, pitch, velocity))

    def end_all(self, tick: int) -> None:
        for pitch, held in self.sounding.items():
            while held:
                self.end(pitch, max(tick, held[0][0]))


class _Told:
    """Listens to the parser."""

    def __init__(self) -> None:
        self.voices: dict[tuple[int, int], _Voice] = {}
        self.names: dict[int, str] = {}
        self.tempos: dict[int, float] = {0: DEFAULT_BPM}
        self.meters: dict[int, tuple[int, int]] = {0: (4, 4)}
        self._bend_cents = [BEND_CENTS] * 16
        self._parameter = [(127, 127)] * 16

    def message(self, chunk: int, tick: int, status: int, first: int, second: int) -> None:
        kind, channel = status & 0xF0, status & 0x0F
        voice = self.voices.get((chunk, channel))
        if voice is None:
            voice = self.voices[chunk, channel] = _Voice()
        if kind == NOTE_ON and second:
            voice.sounding.setdefault(first, deque()).append((tick, second))
        elif kind in (NOTE_OFF, NOTE_ON):
            voice.end(first, tick)
        elif kind == CONTROL:
            self._control(voice, channel, tick, first, second)
        elif kind == PROGRAM:
            voice.programs.append((tick, first))
        elif kind == BEND:
            offset = (second << 7 | first) - BEND_CENTRE
            voice.bends.append((tick, offset / BEND_CENTRE * self._bend_cents[channel] / 100))

    def tempo(self, tick: int, bpm: float) -> None:
        self.tempos[tick] = bpm

    def meter(self, tick: int, beats: int, unit: int) -> None:
        self.meters[tick] = (beats, unit)

    def name(self, chunk: int, name: str) -> None:
        self.names.setdefault(chunk, name)

    def chunk_ended(self, chunk: int, tick: int) -> None:
        for (place, _), voice in self.voices.items():
            if place == chunk:
                voice.end_all(tick)

    def _control(self, voice: _Voice, channel: int, tick: int, number: int, value: int) -> None:
        if number in _KEPT:
            voice.controls.setdefault(number, []).append((tick, value))
        elif number == _RPN:
            self._parameter[channel] = (value, self._parameter[channel][1])
        elif number == _RPN_FINE:
            self._parameter[channel] = (self._parameter[channel][0], value)
        elif number in (_DATA, _FINE) and self._parameter[channel] == (0, 0):
            semitones, cents = divmod(self._bend_cents[channel], 100)
            told = (value, cents) if number == _DATA else (semitones, min(99, value))
            self._bend_cents[channel] = told[0] * 100 + told[1]
        elif number == _RESET:
            for control, back in _RESET_TO:
                voice.controls.setdefault(control, []).append((tick, back))
            voice.bends.append((tick, 0.0))
        elif number in (_SOUND_OFF, _NOTES_OFF):
            voice.end_all(tick)


def read_performance(data: bytes) -> Performance:
    """Read a MIDI file as it is to be played.

    Raises:
        BadRequest: the file is not MIDI, is broken, or is larger than the bounds.
    """
    told = _Told()
    division = parse_midi(data, told)
    leads = not any(chunk == 0 and voice.notes for (chunk, _), voice in told.voices.items())
    parts = tuple(
        _part(told, chunk, channel, leads)
        for (chunk, channel), voice in sorted(told.voices.items(), key=lambda item: item[0])
        if voice.notes
    )
    return Performance(
        division=division,
        parts=parts,
        tempos=tuple(sorted(told.tempos.items())),
        meters=tuple((tick, *meter) for tick, meter in sorted(told.meters.items())),
        end_tick=max((x.end_tick for v in told.voices.values() for x in v.notes), default=0),
    )


def _part(told: _Told, chunk: int, channel: int, leads: bool) -> PlayedPart:
    """Put together what concerns one channel in one chunk; `leads` if chunk 0 has no notes."""
    voice = told.voices[chunk, channel]
    lead = told.voices.get((0, channel), _Voice()) if leads else _Voice()
    controls = {
        number: tuple(voice.controls.get(number) or lead.controls.get(number) or ())
        for number in _KEPT - {PEDAL}
    }
    pedal = voice.controls.get(PEDAL) or sorted(
        change
        for (_, other), its in told.voices.items()
        if other == channel
        for change in its.controls.get(PEDAL, ())
    )
    notes = tuple(sorted(voice.notes))
    return PlayedPart(
        chunk=chunk,
        channel=channel,
        name=told.names.get(chunk, ""),
        notes=notes if channel == DRUM_CHANNEL else _held(notes, pedal),
        controls={number: changes for number, changes in controls.items() if changes},
        bends=tuple(voice.bends or lead.bends),
        programs=tuple(voice.programs or lead.programs),
    )


def _held(notes: tuple[PlayedNote, ...], pedal: list[Change]) -> tuple[PlayedNote, ...]:
    """Let notes that end under the pedal sound until it rises or their key is struck again."""
    if not any(value >= PEDAL_DOWN for _, value in pedal):
        return notes
    ticks = [tick for tick, _ in pedal]
    end = max(note.end_tick for note in notes)
    rises = [end] * len(pedal)
    """Where the pedal is up next, from each change on."""
    for i in range(len(pedal) - 1, -1, -1):
        up = pedal[i][1] < PEDAL_DOWN
        rises[i] = int(ticks[i]) if up else rises[i + 1] if i + 1 < len(pedal) else end
    strikes: dict[int, list[int]] = {}
    for note in notes:
        strikes.setdefault(note.pitch, []).append(note.start_tick)
    held = []
    for note in notes:
        i = bisect_right(ticks, note.end_tick) - 1
        if i >= 0 and pedal[i][1] >= PEDAL_DOWN:
            again = strikes[note.pitch]
            j = bisect_left(again, max(note.end_tick, note.start_tick + 1))
            limit = again[j] if j < len(again) else rises[i]
            note = note._replace(end_tick=max(note.end_tick, min(rises[i], limit)))
        held.append(note)
    return tuple(held)
