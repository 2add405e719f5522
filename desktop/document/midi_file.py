"""MIDI files as scores that can be edited, and back, with all that is not a note kept.

Of a note, only the speed of its release is dropped.

Files come from outside: sizes are bounded first, and every way in which
reading can fail is one `ScoreError`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from desktop.document.model import MusicTrack
from desktop.document.notes import (
    DEFAULT_BPM,
    DRUM_CHANNEL,
    USUAL_LEVEL,
    Clock,
    Message,
    Meter,
    NoteScore,
    Part,
    ScoreNote,
    Tempo,
)

LARGEST_BYTES = 4 * 2**20
MOST_EVENTS = 200_000
LONGEST_S = 3600.0
MOST_NAME_LETTERS = 64

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0
VOLUME = 7
META, TRACK_NAME, END_OF_TRACK = 0xFF, 0x03, 0x2F


class ScoreError(Exception):
    """The bytes are no score that can be shown; the first argument says why."""


def read_notes(data: bytes) -> NoteScore:
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
        if file.ticks_per_beat <= 0:
            raise ScoreError("its clock has no ticks")
        return _Reading(file).score()
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
        why = f" ({problem})" if str(problem) else ""
        raise ScoreError(f"it is damaged{why}") from problem


class _Reading:
    """The messages of one file, taken apart."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._tempos: dict[int, float] = {0: DEFAULT_BPM}
        self._meters: dict[int, tuple[int, int]] = {0: (4, 4)}
        self._end_tick = 0
        self._events = 0

    def score(self) -> NoteScore:
        chunks, parts = [], []
        for number, track in enumerate(self._file.tracks):
            messages, found = self._chunk(number, track)
            chunks.append(messages)
            parts += found
        tempos = tuple(Tempo(tick, bpm) for tick, bpm in sorted(self._tempos.items()))
        clock = Clock(self._file.ticks_per_beat, tempos)
        if clock.seconds(self._end_tick) > LONGEST_S:
            raise ScoreError("it is longer than an hour")
        return NoteScore(
            ticks_per_quarter=self._file.ticks_per_beat,
            parts=tuple(
                replace(part, name=part.name or f"Part {number + 1}")
                for number, part in enumerate(parts)
            ),
            chunks=tuple(chunks),
            tempos=tempos,
            meters=tuple(Meter(tick, *meter) for tick, meter in sorted(self._meters.items())),
            end_tick=self._end_tick,
        )

    def _chunk(self, number: int, track: Any) -> tuple[tuple[Message, ...], list[Part]]:
        """Take one track apart: what is kept as it is, and a part for each of its channels."""
        tick, name = 0, ""
        kept: list[Message] = []
        programs: dict[int, int] = {}
        levels: dict[int, int] = {}
        notes: dict[int, list[ScoreNote]] = {}
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for message in track:
            tick += message.time
            self._events += 1
            if self._events > MOST_EVENTS:
                raise ScoreError(f"it has more than {MOST_EVENTS:,} events")
            if message.type in ("note_on", "note_off"):
                key = (message.channel, message.note)
                notes.setdefault(message.channel, [])
                if message.type == "note_on" and message.velocity > 0:
                    sounding.setdefault(key, []).append((tick, message.velocity))
                elif sounding.get(key):
                    begun, velocity = sounding[key].pop(0)
                    length = max(1, tick - begun)
                    notes[message.channel].append(ScoreNote(begun, message.note, length, velocity))
                continue
            if message.type == "track_name" and not name:
                name = str(message.name).strip()[:MOST_NAME_LETTERS]
            if message.type == "program_change":
                programs.setdefault(message.channel, message.program)
            if message.type == "control_change" and message.control == VOLUME:
                levels.setdefault(message.channel, message.value)
            self._note_time(tick, message)
            if message.type != "end_of_track":
                kept.append(Message(tick, bytes(message.bytes())))
        self._end_tick = max(self._end_tick, tick)
        return tuple(kept), [
            Part(
                chunk=number,
                channel=channel,
                name=name,
                program=programs.get(channel, 0),
                notes=tuple(sorted(found)),
                level=levels.get(channel, USUAL_LEVEL),
            )
            for channel, found in sorted(notes.items())
            if found
        ]

    def _note_time(self, tick: int, message: Any) -> None:
        """Remember what a message says of tempo and meter."""
        if message.type == "set_tempo" and message.tempo > 0:
            self._tempos[tick] = 60e6 / message.tempo
        if message.type == "time_signature":
            self._meters[tick] = (message.numerator, message.denominator)


def write_notes(score: NoteScore, before: WrittenChunks | None = None) -> bytes:
    """Write a score as a MIDI file of format 1; the same score gives the same bytes.

    `before` holds what was written last; tracks that did not change are taken
    from it, and it is brought up to date.
    """
    written = before if before is not None else WrittenChunks()
    chunks = [
        written.chunk(messages, tuple(x for x in score.parts if x.chunk == number), score.end_tick)
        for number, messages in enumerate(score.chunks)
    ]
    written.forget_others()
    head = b"MThd" + (6).to_bytes(4, "big") + (1).to_bytes(2, "big")
    head += len(chunks).to_bytes(2, "big") + score.ticks_per_quarter.to_bytes(2, "big")
    return head + b"".join(chunks)


class WrittenChunks:
    """Tracks of a file as they were written last, known by the very values they were made of."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, ...], tuple[tuple[Any, ...], bytes]] = {}
        self._used: set[tuple[int, ...]] = set()

    def chunk(self, messages: tuple[Message, ...], parts: tuple[Part, ...], end_tick: int) -> bytes:
        key = (id(messages), *map(id, parts), end_tick)
        if key not in self._held:
            # The values are kept with the bytes, so that their ids stay theirs.
            self._held[key] = ((messages, parts), _track(messages, list(parts), end_tick))
        self._used.add(key)
        return self._held[key][1]

    def forget_others(self) -> None:
        """Drop what the file written just now did not use."""
        self._held = {key: held for key, held in self._held.items() if key in self._used}
        self._used.clear()


def _track(messages: tuple[Message, ...], parts: list[Part], end_tick: int) -> bytes:
    # At one tick: what is no note, then ends, then starts, so that a repeated note sounds.
    events = [(message.tick, 0, number, message.data) for number, message in enumerate(messages)]
    for part in parts:
        events += _note_events(part)
    body, last = bytearray(), 0
    for tick, _, _, data in sorted(events, key=lambda event: event[:3]):
        body += _variable_length(tick - last) + _as_in_a_file(data)
        last = tick
    body += _variable_length(max(0, end_tick - last)) + bytes((META, END_OF_TRACK, 0))
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _note_events(part: Part) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield starts and ends; a pitch struck again while it sounds is ended first."""
    by_pitch: dict[int, list[ScoreNote]] = {}
    for note in part.notes:
        by_pitch.setdefault(note.pitch, []).append(note)
    for pitch, notes in by_pitch.items():
        for note, after in zip(notes, [*notes[1:], None], strict=True):
            end = note.end_tick if after is None else min(note.end_tick, after.start_tick)
            start = note.start_tick
            yield start, 2, pitch, bytes((NOTE_ON | part.channel, pitch, note.velocity))
            yield max(end, start + 1), 1, pitch, bytes((NOTE_OFF | part.channel, pitch, 0))


def _as_in_a_file(data: bytes) -> bytes:
    """Put the length into a system exclusive message, where a file has it and a wire has not."""
    if data[0] == 0xF0:
        return b"\xf0" + _variable_length(len(data) - 1) + data[1:]
    return data


def _variable_length(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def one_note(program: int, pitch: int, velocity: int) -> bytes:
    """Write a score of one note of a second; `program` is 128 for the drum kit."""
    channel = DRUM_CHANNEL if program > 127 else 0
    ticks = 480
    part = Part(
        chunk=0,
        channel=channel,
        name="",
        program=program % 128,
        notes=(ScoreNote(0, pitch, 2 * ticks, velocity),),  # a second at 120 quarters a minute
        level=USUAL_LEVEL,
    )
    score = NoteScore(
        ticks_per_quarter=ticks,
        parts=(part,),
        chunks=((Message(0, bytes((PROGRAM | channel, program % 128))),),),
        tempos=(Tempo(0, DEFAULT_BPM),),
        meters=(Meter(0, 4, 4),),
        end_tick=2 * ticks,
    )
    return write_notes(score)


def with_program(score: NoteScore, part: int, program: int) -> NoteScore:
    """Return the score with another instrument in one part, from its beginning to its end."""
    changed = replace(score.parts[part], program=program)
    status = PROGRAM | changed.channel
    others = tuple(x for x in score.chunks[changed.chunk] if x.data[0] != status)
    return _with_part(score, part, changed, (Message(0, bytes((status, program))), *others))


def with_level(score: NoteScore, part: int, level: int) -> NoteScore:
    """Return the score with one part as loud as `level`, 0 to 127; swells keep their shape."""
    before = score.parts[part]
    head = bytes((CONTROL | before.channel, VOLUME))
    ratio = level / before.level if before.level else 1.0
    kept: list[Message] = []
    first = True
    for message in score.chunks[before.chunk]:
        if message.data[:2] == head:
            if not first:
                value = min(127, round(message.data[2] * ratio))
                kept.append(replace(message, data=head + bytes((value,))))
            first = False
        else:
            kept.append(message)
    messages = (Message(0, head + bytes((level,))), *kept)
    return _with_part(score, part, replace(before, level=level), messages)


def _with_part(
    score: NoteScore, part: int, changed: Part, messages: tuple[Message, ...]
) -> NoteScore:
    chunks = (*score.chunks[: changed.chunk], messages, *score.chunks[changed.chunk + 1 :])
    parts = (*score.parts[:part], changed, *score.parts[part + 1 :])
    return replace(score, parts=parts, chunks=chunks)


def heard_midi(midi: bytes, track: MusicTrack) -> bytes:
    """Return a document's score as it is heard: without its silent parts.

    Raises:
        ScoreError: the score cannot be read.
    """
    if not any(state.muted or state.soloed for state in track.parts):
        return midi
    score = read_notes(midi)
    silent = track.silent(len(score.parts))
    parts = tuple(
        replace(part, notes=()) if index in silent else part
        for index, part in enumerate(score.parts)
    )
    return write_notes(replace(score, parts=parts))
