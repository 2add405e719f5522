"""MIDI files: what is written comes back, other readers agree, hostile files are refused."""

from __future__ import annotations

import io

import mido
import pretty_midi
import pytest
import symusic

from engines.api import BadRequest
from engines.music.files.midi_reader import read_midi
from engines.music.files.midi_writer import write_midi
from engines.music.score import Note, Score, Track
from tests.engines.music.tiny import small_score


def test_what_is_written_comes_back() -> None:
    score = small_score()
    again = read_midi(write_midi(score))
    assert again.meters == score.meters
    assert [t.bpm for t in again.tempos] == pytest.approx([t.bpm for t in score.tempos], rel=1e-5)
    assert [t.notes for t in again.tracks] == [t.notes for t in score.tracks]
    assert [(t.program, t.is_drum, t.name) for t in again.tracks] == [
        (t.program, t.is_drum, t.name) for t in score.tracks
    ]


def test_the_same_score_gives_the_same_bytes() -> None:
    assert write_midi(small_score()) == write_midi(small_score())


def test_other_readers_find_the_same_notes_and_length() -> None:
    score = small_score()
    data = write_midi(score)
    length_s = score.seconds_at(score.end_tick)
    pretty = pretty_midi.PrettyMIDI(io.BytesIO(data))
    assert sum(len(i.notes) for i in pretty.instruments) == score.note_count
    assert pretty.get_end_time() == pytest.approx(length_s, abs=0.001)
    read = mido.MidiFile(file=io.BytesIO(data))
    assert sum(m.type == "note_on" for t in read.tracks for m in t) == score.note_count
    assert symusic.Score.from_midi(data).note_num() == score.note_count


def test_a_pitch_struck_while_it_sounds_comes_back_as_two_notes() -> None:
    notes = (Note(0, 60, 48, 80), Note(24, 60, 24, 70))
    again = read_midi(write_midi(Score(tracks=(Track(program=0, notes=notes),))))
    assert again.tracks[0].notes == (Note(0, 60, 24, 80), Note(24, 60, 24, 70))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MThd",
        b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\0",
        b"MThd\0\0\0\6\0\1\0\1\xe2\x50MTrk\0\0\0\0",
        b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\x7f\xff\xff\xff\0",
        b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\7\0\xf0\xff\xff\xff\x7f\0",
        b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\3\0\x90\x40",
        b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\4\0\x90\x40\xff",
        b"MThd\0\0\0\6\0\1\0\1\0\1MTrk\0\0\0\x07\xff\xff\xff\x7f\x90\x40\x40",
    ],
)
def test_a_broken_file_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_midi(data)
