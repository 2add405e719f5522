"""Bars and parts of a score, named as the music engine names them: "5-8:1,3".

The engine counts a track for each program that a channel plays, and no bars
after the last note.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from desktop.document.midi_file import PROGRAM
from desktop.document.model import MusicTrack, PartState
from desktop.document.notes import ENGINE_TICKS, NoteScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Some bars in a row, from 0, `last` being one of them, in some parts; no parts mean all."""

    first: int
    last: int
    parts: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.first == self.last:
            return f"bar {self.first + 1}"
        return f"bars {self.first + 1}\N{EN DASH}{self.last + 1}"


def engine_tracks(score: NoteScore) -> tuple[tuple[int, ...], ...]:
    """Return for each part the engine's tracks that it is, counted from 1."""
    keys = [sorted(_programs(score, index)) for index in range(len(score.parts))]
    order = sorted(
        (part.chunk, part.channel, program)
        for part, programs in zip(score.parts, keys, strict=True)
        for program in programs
    )
    numbers = {key: number for number, key in enumerate(order, start=1)}
    return tuple(
        tuple(numbers[part.chunk, part.channel, program] for program in programs)
        for part, programs in zip(score.parts, keys, strict=True)
    )


def _programs(score: NoteScore, index: int) -> set[int]:
    """Return the programs that a part's notes begin with."""
    part = score.parts[index]
    changes = [
        (message.tick, message.data[1])
        for message in score.chunks[part.chunk]
        if message.data[0] == PROGRAM | part.channel
    ]
    ticks = [tick for tick, _ in changes]
    found = set()
    for note in part.notes:
        at = bisect_right(ticks, note.start_tick) - 1
        found.add(changes[at][1] if at >= 0 else 0)
    return found


def region_of(score: NoteScore, passage: Passage) -> str:
    """Write a passage as the engine reads it, within the bars that there are.

    Empty if none of its parts has a note.
    """
    last = min(passage.last, score.bar_count - 1)
    first = min(passage.first, last)
    tracks = _tracks(score, passage.parts)
    if passage.parts and not tracks:
        return ""
    return _spans(range(first, last + 1)) + tracks


def lock_of(score: NoteScore, music: MusicTrack) -> str:
    """Write which bars and parts are locked as the engine reads it; empty if none are."""
    count = score.bar_count
    bars = [bar for bar in music.locked_bars if bar < count]
    parts = [index for index in range(len(score.parts)) if music.part(index).locked]
    return ";".join(filter(None, (_spans(bars), _tracks(score, parts))))


def _spans(bars: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for bar in bars:
        if runs and runs[-1][1] == bar - 1:
            runs[-1][1] = bar
        else:
            runs.append([bar, bar])
    return ",".join(f"{a + 1}" if a == b else f"{a + 1}-{b + 1}" for a, b in runs)


def _tracks(score: NoteScore, parts: Iterable[int]) -> str:
    numbers = engine_tracks(score)
    names = ",".join(
        str(number) for part in parts if part < len(numbers) for number in numbers[part]
    )
    return f":{names}" if names else ""


def carried_parts(before: NoteScore, after: NoteScore, music: MusicTrack) -> tuple[PartState, ...]:
    """Return how the parts of a score are treated that the engine made of another.

    The engine writes each of its tracks into a chunk of its own, after one for the tempo.
    """
    owner = {
        number: part for part, numbers in enumerate(engine_tracks(before)) for number in numbers
    }
    states = tuple(
        music.part(owner[part.chunk]) if part.chunk in owner else PartState()
        for part in after.parts
    )
    return states if any(state != PartState() for state in states) else ()


def carried_bars(before: NoteScore, after: NoteScore, bars: Sequence[int]) -> tuple[int, ...]:
    """Find locked bars again, by their notes and in their order, where bars came or went."""
    olds, news = _contents(before), _contents(after)
    if len(olds) == len(news):
        return tuple(bar for bar in bars if bar < len(news))
    found: list[int] = []
    start = 0
    for bar in bars:
        if bar < len(olds) and olds[bar] in news[start:]:
            start = news.index(olds[bar], start) + 1
            found.append(start - 1)
    return tuple(found)


def _contents(score: NoteScore) -> list[frozenset[tuple[int, float, int]]]:
    """Return for each bar its notes: part, sixteenths from the bar line, pitch."""
    bars: list[set[tuple[int, float, int]]] = [set() for _ in range(score.bar_count)]
    for index, part in enumerate(score.parts):
        for note in part.notes:
            bar = score.bar_at(note.start_tick)
            if bar < len(bars):
                inside = (note.start_tick - score.bar_ticks[bar]) / score.ticks_per_quarter
                bars[bar].add((index, round(inside * ENGINE_TICKS), note.pitch))
    return [frozenset(bar) for bar in bars]
