"""Scores from MIDI files, edited, and back."""

from __future__ import annotations

import io
import random
from pathlib import Path

import mido
import pytest

from desktop.document.midi_file import ScoreError, read_notes, with_program, write_notes
from desktop.document.notes import ScoreNote

SHIPPED = Path(__file__).resolve().parents[2] / "resources"


def orchestra(seed: int = 1) -> bytes:
    """Return a file with tempo and meter changes, two channels in a track, pedals and words."""
    chance = random.Random(seed)
    file = mido.MidiFile(ticks_per_beat=96)
    conductor, band = mido.MidiTrack(), mido.MidiTrack()
    file.tracks += [conductor, band]
    conductor += [
        mido.MetaMessage("set_tempo", tempo=600_000, time=0),
        mido.MetaMessage("time_signature", numerator=3, denominator=4, time=0),
        mido.MetaMessage("set_tempo", tempo=400_000, time=3 * 96 * 2),
        mido.MetaMessage("time_signature", numerator=6, denominator=8, time=0),
        mido.MetaMessage("lyrics", text="la", time=10),
    ]
    band.append(mido.MetaMessage("track_name", name="Band", time=0))
    band.append(mido.Message("program_change", channel=0, program=40))
    band.append(mido.Message("program_change", channel=9, program=0))
    band.append(mido.Message("sysex", data=(1, 2, 3), time=5))
    for _ in range(40):
        pitch, channel = chance.randrange(40, 80), chance.choice((0, 9))
        velocity = chance.randrange(1, 128)
        band.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=7))
        band.append(mido.Message("control_change", channel=channel, control=64, value=90, time=3))
        band.append(mido.Message("note_on", channel=channel, note=pitch, velocity=0, time=20))
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def _same_end(message: mido.Message) -> bytes:
    """Return a message's bytes; a start without velocity is an end."""
    if message.type == "note_on" and not message.velocity:
        message = mido.Message("note_off", channel=message.channel, note=message.note, velocity=0)
    return bytes(message.bytes())


def timed(data: bytes) -> list[list[tuple[int, bytes]]]:
    """Return every message but the ends of all tracks, each at its tick."""
    tracks = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick, found = 0, []
        for message in track:
            tick += message.time
            if message.type != "end_of_track":
                found.append((tick, _same_end(message)))
        tracks.append(sorted(found))
    return tracks


def test_a_file_comes_back_with_everything_in_it() -> None:
    data = orchestra()
    assert timed(write_notes(read_notes(data))) == timed(data)


def test_the_same_score_is_the_same_bytes() -> None:
    score = read_notes(orchestra())
    assert write_notes(score) == write_notes(read_notes(write_notes(score)))


def test_each_channel_of_a_track_is_a_part() -> None:
    score = read_notes(orchestra())
    assert [(x.channel, x.name, x.is_drums) for x in score.parts] in (
        [(0, "Band", False), (9, "Band", True)],
        [(9, "Band", True), (0, "Band", False)],
    )
    assert sum(len(x.notes) for x in score.parts) == 40


def test_seconds_and_ticks_follow_the_tempo() -> None:
    score = read_notes(orchestra())
    assert score.seconds(96) == pytest.approx(0.6)
    assert score.seconds(6 * 96 + 96) == pytest.approx(3.6 + 0.4)
    for tick in (0, 50, 575, 576, 577, 1000):
        assert score.tick(score.seconds(tick)) == pytest.approx(tick)


def test_bars_follow_the_meter() -> None:
    score = read_notes(orchestra())
    assert score.bar_ticks[:4] == (0, 288, 576, 864)
    assert score.bar_at(287) == 0 and score.bar_at(576) == 2


def test_a_repeated_pitch_sounds_twice() -> None:
    score = read_notes(orchestra())
    notes = (ScoreNote(0, 60, 100, 80), ScoreNote(50, 60, 100, 70))
    part = next(i for i, x in enumerate(score.parts) if not x.is_drums)
    back = read_notes(write_notes(score.with_notes(part, notes)))
    assert back.parts[part].notes == (ScoreNote(0, 60, 50, 80), ScoreNote(50, 60, 100, 70))


def test_another_instrument_replaces_the_first() -> None:
    score = read_notes(orchestra())
    part = next(i for i, x in enumerate(score.parts) if not x.is_drums)
    back = read_notes(write_notes(with_program(score, part, 73)))
    assert back.parts[part].program == 73
    assert [x.notes for x in back.parts] == [x.notes for x in score.parts]


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_one_error(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(orchestra(seed))
    for _ in range(chance.randrange(1, 12)):
        data[chance.randrange(4, len(data))] = chance.randrange(256)
    try:
        score = read_notes(bytes(data))
    except ScoreError as problem:
        assert str(problem)
    else:
        assert write_notes(score).startswith(b"MThd")
