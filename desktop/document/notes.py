"""A score as notes in ticks that can be edited: values, and times from ticks.

A `NoteScore` keeps all of its file: what is not a note (pedals, bends, words,
tempo) is carried along as it came and written back at its tick.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

LOWEST_PITCH, HIGHEST_PITCH = 0, 127
SOFTEST, LOUDEST = 1, 127
DRUM_CHANNEL = 9
DEFAULT_BPM = 120.0
USUAL_LEVEL = 100
"""The channel volume of a part whose file says nothing of it."""

MOST_BARS = 5_000

ENGINE_TICKS = 24
"""The music engine's ticks to the quarter."""


@dataclass(frozen=True, slots=True, order=True)
class ScoreNote:
    """One note; `velocity` is from 1 to 127."""

    start_tick: int
    pitch: int
    length_ticks: int
    velocity: int

    @property
    def end_tick(self) -> int:
        return self.start_tick + self.length_ticks


@dataclass(frozen=True, slots=True)
class Message:
    """A MIDI message that is no note, at its tick; `data` is as it stands in a file."""

    tick: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The notes of one channel of one track of a file, by start.

    `chunk` is the file's track it lies in; `program` is General MIDI's, from 0;
    `level` is its channel volume at the beginning, 0 to 127.
    """

    chunk: int
    channel: int
    name: str
    program: int
    notes: tuple[ScoreNote, ...]
    level: int = USUAL_LEVEL

    @property
    def is_drums(self) -> bool:
        return self.channel == DRUM_CHANNEL


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `start_tick` on, quarters a minute."""

    start_tick: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Meter:
    """From `start_tick` on, `beats` of one `unit`th each a bar."""

    start_tick: int
    beats: int
    unit: int


@dataclass(frozen=True, kw_only=True)
class NoteScore:
    """A whole score.

    Attributes:
        ticks_per_quarter: The file's clock.
        parts: Everything that sounds, in the file's order.
        chunks: For each track of the file, its messages that are no notes.
        tempos, meters: What the messages say of them, by tick; never empty.
        end_tick: Where the file ends, at or after its last note.
    """

    ticks_per_quarter: int
    parts: tuple[Part, ...]
    chunks: tuple[tuple[Message, ...], ...]
    tempos: tuple[Tempo, ...] = (Tempo(0, DEFAULT_BPM),)
    meters: tuple[Meter, ...] = (Meter(0, 4, 4),)
    end_tick: int = 0
    _clock: Clock = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_clock", Clock(self.ticks_per_quarter, self.tempos))

    def seconds(self, tick: float) -> float:
        """Return when a tick sounds."""
        return self._clock.seconds(tick)

    def tick(self, seconds: float) -> float:
        """Return the tick that sounds at a time."""
        return self._clock.tick(seconds)

    @cached_property
    def beat_ticks(self) -> tuple[int, ...]:
        """All beats, the bar lines among them."""
        return self._lines[1]

    @cached_property
    def bar_ticks(self) -> tuple[int, ...]:
        """All bar lines."""
        return self._lines[0]

    @cached_property
    def bar_count(self) -> int:
        """How many bars have begun when the last note ends, as the music engine counts them."""
        quarter = self.ticks_per_quarter

        def engine_tick(tick: int) -> int:
            return (tick * ENGINE_TICKS * 2 + quarter) // (quarter * 2)

        ends = (
            max(engine_tick(note.start_tick) + 1, engine_tick(note.end_tick))
            for part in self.parts
            for note in part.notes
        )
        end = max(ends, default=0)
        return sum(engine_tick(tick) < end for tick in self.bar_ticks)

    @cached_property
    def length_s(self) -> float:
        """How long it is to the end of its last bar, as the music engine counts."""
        if not self.bar_count:
            return 0.0
        start = self.bar_ticks[self.bar_count - 1]
        meter = max((m for m in self.meters if m.start_tick <= start), key=lambda m: m.start_tick)
        end = start + self.ticks_per_quarter * 4 * meter.beats // max(meter.unit, 1)
        if self.bar_count < len(self.bar_ticks):
            end = self.bar_ticks[self.bar_count]
        return self.seconds(end)

    @cached_property
    def _lines(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        bars: list[int] = []
        beats: list[int] = []
        for index, meter in enumerate(self.meters):
            last = index + 1 == len(self.meters)
            end = self.end_tick + 1 if last else self.meters[index + 1].start_tick
            step = max(1, self.ticks_per_quarter * 4 // max(meter.unit, 1))
            for number, tick in enumerate(range(meter.start_tick, end, step)):
                if len(beats) >= MOST_BARS * 4:
                    break
                beats.append(tick)
                if number % max(meter.beats, 1) == 0:
                    bars.append(tick)
        return tuple(bars), tuple(beats)

    def bar_at(self, tick: float) -> int:
        """Return the number, from 0, of the bar that `tick` lies in."""
        return max(0, bisect_right(self.bar_ticks, tick) - 1)

    def with_notes(self, part: int, notes: tuple[ScoreNote, ...]) -> NoteScore:
        """Return the score with other notes in one part; the end moves if they need it."""
        changed = replace(self.parts[part], notes=tuple(sorted(notes)))
        parts = (*self.parts[:part], changed, *self.parts[part + 1 :])
        last = max((note.end_tick for note in notes), default=0)
        return replace(self, parts=parts, end_tick=max(self.end_tick, last))

    def map_notes(
        self,
        chosen: frozenset[tuple[int, ScoreNote]],
        change: Callable[[ScoreNote], ScoreNote],
    ) -> tuple[NoteScore, frozenset[tuple[int, ScoreNote]]]:
        """Change the chosen notes; returns the score and the notes they became."""
        score, became = self, set()
        for part in sorted({index for index, _ in chosen}):
            notes = []
            for note in self.parts[part].notes:
                made = change(note) if (part, note) in chosen else note
                notes.append(made)
                if (part, note) in chosen:
                    became.add((part, made))
            score = score.with_notes(part, tuple(notes))
        return score, frozenset(became)


class Clock:
    """Turns ticks into seconds and back by a list of tempos."""

    def __init__(self, ticks_per_quarter: int, tempos: tuple[Tempo, ...]) -> None:
        self._ticks: list[float] = []
        self._seconds: list[float] = []
        self._tick_s: list[float] = []
        for tempo in tempos:
            at_s = self.seconds(tempo.start_tick) if self._ticks else 0.0
            self._ticks.append(tempo.start_tick)
            self._seconds.append(at_s)
            self._tick_s.append(60.0 / tempo.bpm / ticks_per_quarter)

    def seconds(self, tick: float) -> float:
        index = max(0, bisect_right(self._ticks, tick) - 1)
        return self._seconds[index] + (tick - self._ticks[index]) * self._tick_s[index]

    def tick(self, seconds: float) -> float:
        index = max(0, bisect_right(self._seconds, seconds) - 1)
        return self._ticks[index] + (seconds - self._seconds[index]) / self._tick_s[index]
