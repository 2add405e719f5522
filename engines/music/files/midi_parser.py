"""Walk through Standard MIDI Files from anyone.

Own code, because the readers at hand let several kinds of exception escape
and trust lengths found in the file (mido 1.3) or read in native code
(symusic 0.6). Here every count is held against the bytes that are there, and
whatever is wrong becomes one `BadRequest`. What is kept is the listener's
business.
"""

from __future__ import annotations

from typing import Protocol

from engines.api import BadRequest

MAX_FILE_BYTES = 8 * 2**20
MAX_CHUNKS = 256
MAX_NOTES = 200_000
MAX_EVENTS = 800_000
MAX_CHANGES = 20_000
"""Changes of tempo, or of meter."""

MAX_QUARTERS = 40_000
DRUM_CHANNEL = 9
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xE0
_TRACK_NAME, _END_OF_TRACK, _TEMPO, _METER = 0x03, 0x2F, 0x51, 0x58
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_LONGEST_NAME = 64


class Listener(Protocol):
    """Is told what a file holds, chunk by chunk, in the file's own ticks."""

    def message(self, chunk: int, tick: int, status: int, first: int, second: int) -> None:
        """Take a message of a channel; with one byte of data `second` is the same as `first`."""
        ...

    def tempo(self, tick: int, bpm: float) -> None:
        """Take a tempo from 10 to 600 quarters a minute."""
        ...

    def meter(self, tick: int, beats: int, unit: int) -> None: ...

    def name(self, chunk: int, name: str) -> None:
        """Take the name of a chunk, without what cannot be printed."""
        ...

    def chunk_ended(self, chunk: int, tick: int) -> None: ...


def parse_midi(data: bytes, listener: Listener) -> int:
    """Tell the listener what a MIDI file holds, and return its ticks to the quarter.

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
    walk = _Walk(listener, division * MAX_QUARTERS)
    offset, chunk = 8 + header_bytes, 0
    while offset + 8 <= len(data) and chunk < MAX_CHUNKS:
        size = int.from_bytes(data[offset + 4 : offset + 8], "big")
        body = data[offset + 8 : offset + 8 + size]
        if len(body) < size:
            raise BadRequest("the MIDI file ends too early")
        if data[offset : offset + 4] == b"MTrk":
            try:
                end_tick = walk.chunk(body, chunk)
            except IndexError:
                raise BadRequest("a track of the MIDI file is broken") from None
            listener.chunk_ended(chunk, end_tick)
        offset += 8 + size
        chunk += 1
    return division


class _Walk:
    """One way through a file, counting."""

    def __init__(self, listener: Listener, last_tick: int) -> None:
        self._listener = listener
        self._last_tick = last_tick
        self._events = self._notes = self._changes = 0

    def chunk(self, body: bytes, chunk: int) -> int:
        """Walk through one track's events to its last tick; past its end is an IndexError."""
        tell = self._listener.message
        at, tick, status, last_tick = 0, 0, 0, self._last_tick
        room = MAX_EVENTS - self._events
        while at < len(body):
            delta, at = _variable_length(body, at)
            tick += delta
            if tick > last_tick:
                raise BadRequest(f"the MIDI file is longer than {MAX_QUARTERS} quarters")
            room -= 1
            if room < 0:
                raise BadRequest(f"the MIDI file has more than {MAX_EVENTS} events")
            if body[at] >= 0x80:
                status = body[at]
                at += 1
            if status in (0xFF, 0xF0, 0xF7):
                kind = body[at] if status == 0xFF else -1
                size, at = _variable_length(body, at + (status == 0xFF))
                if at + size > len(body):
                    raise BadRequest("an event of the MIDI file is longer than its track")
                if kind == _END_OF_TRACK:
                    break
                self._meta(kind, body[at : at + size], tick, chunk)
                at += size
                status = 0
                continue
            width = _DATA_BYTES.get(status & 0xF0)
            if width is None:
                raise BadRequest("a track of the MIDI file is broken")
            first, second = body[at], body[at + width - 1]
            at += width
            if first > 0x7F or second > 0x7F:
                raise BadRequest("a track of the MIDI file is broken")
            if status & 0xF0 == NOTE_ON and second:
                self._notes += 1
                if self._notes > MAX_NOTES:
                    raise BadRequest(f"the MIDI file has more than {MAX_NOTES} notes")
            tell(chunk, tick, status, first, second)
        self._events = MAX_EVENTS - room
        return tick

    def _meta(self, kind: int, body: bytes, tick: int, chunk: int) -> None:
        """Tell tempo, meter and track name; a senseless one is passed over."""
        if kind == _TEMPO and len(body) == 3 and (us := int.from_bytes(body, "big")) > 0:
            bpm = 60e6 / us
            if 10 <= bpm <= 600:
                self._count_change()
                self._listener.tempo(tick, bpm)
        elif kind == _METER and len(body) >= 2 and 1 <= body[0] <= 32 and body[1] <= 5:
            self._count_change()
            self._listener.meter(tick, body[0], 2 ** body[1])
        elif kind == _TRACK_NAME:
            name = body[:_LONGEST_NAME].decode("utf-8", "replace")
            self._listener.name(chunk, "".join(c for c in name if c.isprintable()))

    def _count_change(self) -> None:
        self._changes += 1
        if self._changes > MAX_CHANGES:
            raise BadRequest(f"tempo or meter change more than {MAX_CHANGES} times")


def _variable_length(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for _ in range(4):
        byte = body[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise BadRequest("a length in the MIDI file is broken")
