"""Read a MIDI file as a score: its notes, meters and tempos; the rest is left behind."""

from __future__ import annotations

from collections import deque

from engines.music.files.midi_parser import DRUM_CHANNEL, NOTE_OFF, NOTE_ON, PROGRAM, parse_midi
from engines.music.score import TICKS_PER_QUARTER, Meter, Note, Score, Tempo, Track

_Key = tuple[int, int, int]
"""What makes one track: chunk, channel, program."""


class _Found:
    """What the chunks held, still in the file's own ticks."""

    def __init__(self) -> None:
        self.notes: dict[_Key, list[tuple[int, int, int, int]]] = {}
        self.names: dict[int, str] = {}
        self.meters: list[tuple[int, int, int]] = []
        self.tempos: list[tuple[int, float]] = []
        self._programs = [0] * 16
        self._sounding: dict[tuple[int, int], deque[tuple[int, int, int]]] = {}

    def message(self, chunk: int, tick: int, status: int, first: int, second: int) -> None:
        kind, channel = status & 0xF0, status & 0x0F
        if kind == PROGRAM:
            self._programs[channel] = first
        elif kind == NOTE_ON and second:
            starts = self._sounding.setdefault((channel, first), deque())
            starts.append((tick, second, self._programs[channel]))
        elif kind in (NOTE_OFF, NOTE_ON) and (held := self._sounding.get((channel, first))):
            start, velocity, program = held.popleft()
            key = (chunk, channel, program)
            self.notes.setdefault(key, []).append((start, tick, first, velocity))

    def tempo(self, tick: int, bpm: float) -> None:
        self.tempos.append((tick, bpm))

    def meter(self, tick: int, beats: int, unit: int) -> None:
        self.meters.append((tick, beats, unit))

    def name(self, chunk: int, name: str) -> None:
        self.names.setdefault(chunk, name)

    def chunk_ended(self, chunk: int, tick: int) -> None:
        """End what still sounds with the chunk."""
        for (channel, pitch), starts in self._sounding.items():
            for start, velocity, program in starts:
                key = (chunk, channel, program)
                self.notes.setdefault(key, []).append((start, max(tick, start), pitch, velocity))
        self._programs = [0] * 16
        self._sounding.clear()


def read_midi(data: bytes) -> Score:
    """Read the notes, meters and tempos of a MIDI file; the rest is left behind.

    Raises:
        BadRequest: the file is not MIDI, is broken, or is larger than the bounds.
    """
    found = _Found()
    return _score(found, parse_midi(data, found))


def _score(found: _Found, division: int) -> Score:
    """Turn the file's ticks into ours and sort everything."""

    def ours(tick: int) -> int:
        return (tick * TICKS_PER_QUARTER * 2 + division) // (division * 2)

    tracks = []
    for (chunk, channel, program), raw in sorted(found.notes.items()):
        notes = sorted(
            Note(ours(start), pitch, max(1, ours(end) - ours(start)), velocity)
            for start, end, pitch, velocity in raw
        )
        is_drum = channel == DRUM_CHANNEL
        tracks.append(
            Track(
                program=0 if is_drum else program,
                notes=tuple(notes),
                is_drum=is_drum,
                name=found.names.get(chunk, ""),
            )
        )
    meters = {0: Meter()}
    for tick, beats, unit in sorted(found.meters, key=lambda m: m[0]):
        meters[ours(tick)] = Meter(start_tick=ours(tick), beats=beats, unit=unit)
    tempos = {0: Tempo()}
    for tick, bpm in sorted(found.tempos, key=lambda t: t[0]):
        tempos[ours(tick)] = Tempo(start_tick=ours(tick), bpm=bpm)
    return Score(
        tracks=tuple(tracks),
        meters=tuple(meters[k] for k in sorted(meters)),
        tempos=tuple(tempos[k] for k in sorted(tempos)),
    )
