"""Read Standard MIDI Files from anyone.

Own code, because the readers at hand let several kinds of exception escape
and trust lengths found in the file (mido 1.3) or read in native code
(symusic 0.6). Here every count is held against the bytes that are there, and
whatever is wrong becomes one `BadRequest`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from engines.api import BadRequest
from engines.music.score import TICKS_PER_QUARTER, Meter, Note, Score, Tempo, Track

MAX_FILE_BYTES = 8 * 2**20
MAX_CHUNKS = 256
MAX_NOTES = 200_000
MAX_CHANGES = 20_000
"""Changes of tempo, or of meter."""

MAX_QUARTERS = 40_000
DRUM_CHANNEL = 9
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}

_Key = tuple[int, int, int]
"""What makes one track: chunk, channel, program."""


@dataclass
class _Found:
    """What the chunks held, still in the file's own ticks."""

    notes: dict[_Key, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    count: int = 0


def read_midi(data: bytes) -> Score:
    """Read the notes, meters and tempos of a MIDI file; the rest is left behind.

    Raises:
        BadRequest: the file is not MIDI, is broken, or is larger than the bounds.
    """
    if len(data) > MAX_FILE_BYTES:
        raise BadRequest(f"the MIDI file is larger than {MAX_FILE_BYTES // 2**20} MB")
    if len(data) < 14 or data[:4] != b"MThd":
        raise BadRequest("the file is not a MIDI file")
    header_bytes = int.from_bytes(data[4:8], "big")
    division = int.from_bytes(data[12:14], "big")
    if header_bytes < 6 or not 0 < division < 0x8000:
        raise BadRequest("the MIDI file has no musical time division")
    found = _Found()
    offset, chunk = 8 + header_bytes, 0
    while offset + 8 <= len(data) and chunk < MAX_CHUNKS:
        size = int.from_bytes(data[offset + 4 : offset + 8], "big")
        body = data[offset + 8 : offset + 8 + size]
        if len(body) < size:
            raise BadRequest("the MIDI file ends too early")
        if data[offset : offset + 4] == b"MTrk":
            try:
                _read_chunk(body, chunk, division * MAX_QUARTERS, found)
            except IndexError:
                raise BadRequest("a track of the MIDI file is broken") from None
        offset += 8 + size
        chunk += 1
    return _score(found, division)


def _variable_length(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(4):
        byte = body[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise BadRequest("a length in the MIDI file is broken")


def _read_chunk(body: bytes, chunk: int, last_tick: int, found: _Found) -> None:
    """Walk through one track's events; running past the end raises IndexError."""
    at, tick, status = 0, 0, 0
    programs = [0] * 16
    sounding: dict[tuple[int, int], deque[tuple[int, int, int]]] = {}
    while at < len(body):
        delta, at = _variable_length(body, at)
        tick += delta
        if tick > last_tick:
            raise BadRequest(f"the MIDI file is longer than {MAX_QUARTERS} quarters")
        if body[at] >= 0x80:
            status = body[at]
            at += 1
        if status in (0xFF, 0xF0, 0xF7):
            meta_type = body[at] if status == 0xFF else -1
            size, at = _variable_length(body, at + (status == 0xFF))
            if at + size > len(body):
                raise BadRequest("an event of the MIDI file is longer than its track")
            if meta_type == 0x2F:
                break
            _take_meta(meta_type, body[at : at + size], tick, chunk, found)
            if max(len(found.tempos), len(found.meters)) > MAX_CHANGES:
                raise BadRequest(f"tempo or meter change more than {MAX_CHANGES} times")
            at += size
            status = 0
            continue
        kind, channel = status & 0xF0, status & 0x0F
        width = _DATA_BYTES.get(kind)
        if width is None:
            raise BadRequest("a track of the MIDI file is broken")
        first, second = body[at], body[at + width - 1]
        at += width
        if first > 0x7F or second > 0x7F:
            raise BadRequest("a track of the MIDI file is broken")
        if kind == 0xC0:
            programs[channel] = first
        elif kind == 0x90 and second:
            starts = sounding.setdefault((channel, first), deque())
            starts.append((tick, second, programs[channel]))
            found.count += 1
            if found.count > MAX_NOTES:
                raise BadRequest(f"the MIDI file has more than {MAX_NOTES} notes")
        elif kind in (0x80, 0x90) and (held := sounding.get((channel, first))):
            start, velocity, program = held.popleft()
            key = (chunk, channel, program)
            found.notes.setdefault(key, []).append((start, tick, first, velocity))
    for (channel, pitch), starts in sounding.items():
        for start, velocity, program in starts:
            key = (chunk, channel, program)
            found.notes.setdefault(key, []).append((start, max(tick, start), pitch, velocity))


def _take_meta(kind: int, body: bytes, tick: int, chunk: int, found: _Found) -> None:
    """Keep tempo, meter and track name; a senseless one is passed over."""
    if kind == 0x51 and len(body) == 3 and (us := int.from_bytes(body, "big")) > 0:
        bpm = 60e6 / us
        if 10 <= bpm <= 600:
            found.tempos.append((tick, bpm))
    elif kind == 0x58 and len(body) >= 2 and 1 <= body[0] <= 32 and body[1] <= 5:
        found.meters.append((tick, body[0], 2 ** body[1]))
    elif kind == 0x03 and chunk not in found.names:
        found.names[chunk] = "".join(
            c for c in body[:64].decode("utf-8", "replace") if c.isprintable()
        )


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
