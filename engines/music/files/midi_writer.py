"""Write a score as a Standard MIDI File: the same score, the same bytes, no clock in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engines.music.files.midi_parser import DRUM_CHANNEL
from engines.music.score import TICKS_PER_QUARTER, Score, Track

DIVISION: Final = 480
_SCALE: Final = DIVISION // TICKS_PER_QUARTER
_Event = tuple[int, int, bytes]
"""Tick, rank at that tick (note ends before note starts), and the message."""


def write_midi(score: Score) -> bytes:
    """Write format 1: a conductor track, then one track for each track of the score.

    A pitch struck again while it sounds is ended first, so that every note
    comes back from the file as it was written.
    """
    chunks = [_chunk(_conductor(score), _SCALE * score.end_tick)]
    channels = _channels(score.tracks)
    for track, channel in zip(score.tracks, channels, strict=True):
        chunks.append(_chunk(_events(track, channel), 0))
    head = b"MThd" + (6).to_bytes(4, "big") + (1).to_bytes(2, "big")
    head += len(chunks).to_bytes(2, "big") + DIVISION.to_bytes(2, "big")
    return head + b"".join(chunks)


def _channels(tracks: Iterable[Track]) -> list[int]:
    """Give drums channel 10 and every other track the next of the fifteen others."""
    melodic = [c for c in range(16) if c != DRUM_CHANNEL]
    given, count = [], 0
    for track in tracks:
        if track.is_drum:
            given.append(DRUM_CHANNEL)
        else:
            given.append(melodic[count % len(melodic)])
            count += 1
    return given


def _conductor(score: Score) -> list[_Event]:
    events: list[_Event] = []
    for tempo in score.tempos:
        us = min(0xFFFFFF, max(1, round(60e6 / tempo.bpm)))
        events.append((tempo.start_tick * _SCALE, 0, b"\xff\x51\x03" + us.to_bytes(3, "big")))
    for meter in score.meters:
        unit = meter.unit.bit_length() - 1
        body = bytes((meter.beats, unit, 24, 8))
        events.append((meter.start_tick * _SCALE, 1, b"\xff\x58\x04" + body))
    return events


def _events(track: Track, channel: int) -> list[_Event]:
    events: list[_Event] = []
    if track.name:
        name = track.name.encode("utf-8")[:127]
        events.append((0, 0, b"\xff\x03" + bytes((len(name),)) + name))
    if not track.is_drum:
        events.append((0, 1, bytes((0xC0 | channel, track.program))))
    sounding: dict[int, tuple[int, int]] = {}
    for note in sorted(track.notes):
        start, end = note.start_tick * _SCALE, note.end_tick * _SCALE
        before = sounding.get(note.pitch)
        if before is not None and before[0] > start:
            events[before[1]] = (start, 2, events[before[1]][2])
        sounding[note.pitch] = (end, len(events))
        events.append((end, 2, bytes((0x80 | channel, note.pitch, 0))))
        events.append((start, 3, bytes((0x90 | channel, note.pitch, note.velocity))))
    return events


def _chunk(events: list[_Event], end_tick: int) -> bytes:
    body = bytearray()
    last = 0
    for tick, _, message in sorted(events):
        body += _variable_length(tick - last) + message
        last = tick
    body += _variable_length(max(0, end_tick - last)) + b"\xff\x2f\x00"
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _variable_length(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))
