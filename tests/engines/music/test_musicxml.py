"""MusicXML files: notes, ties, transposition, pickups; hostile files are refused."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile

import pytest

from engines.api import BadRequest
from engines.music.files.musicxml_writer import write_musicxml, write_mxl
from engines.music.files.reader import read_score
from engines.music.score import Meter, Note, Score, Tempo, Track
from tests.engines.music.tiny import small_score

XML = b"""<?xml version="1.0"?>
<score-partwise version="3.1">
 <part-list>
  <score-part id="P1"><part-name>Clarinet in Bb</part-name></score-part>
  <score-part id="P2"><part-name>Violoncello</part-name></score-part>
 </part-list>
 <part id="P1">
  <measure number="0" implicit="yes">
   <attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time>
    <transpose><chromatic>-2</chromatic></transpose></attributes>
   <direction><direction-type><dynamics><f/></dynamics></direction-type>
    <sound tempo="72"/></direction>
   <note><pitch><step>D</step><octave>5</octave></pitch><duration>2</duration></note>
  </measure>
  <measure number="1">
   <note><pitch><step>E</step><octave>5</octave></pitch><duration>6</duration>
    <tie type="start"/></note>
  </measure>
  <measure number="2">
   <note><pitch><step>E</step><octave>5</octave></pitch><duration>2</duration>
    <tie type="stop"/></note>
   <note><grace/><pitch><step>F</step><octave>5</octave></pitch></note>
   <note><rest/><duration>4</duration></note>
  </measure>
 </part>
 <part id="P2">
  <measure number="0"><attributes><divisions>4</divisions></attributes>
   <note><rest/><duration>4</duration></note></measure>
  <measure number="1">
   <note><pitch><step>C</step><octave>3</octave></pitch><duration>12</duration></note>
   <note><chord/><pitch><step>G</step><octave>3</octave></pitch><duration>12</duration></note>
   <backup><duration>12</duration></backup>
   <note><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch><duration>4</duration></note>
  </measure>
  <measure number="2"><note><rest/><duration>12</duration></note></measure>
 </part>
</score-partwise>"""


def mxl(xml: bytes, name: str = "score.xml") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr(name, xml)
    return stream.getvalue()


@pytest.mark.parametrize("data", [XML, mxl(XML)])
def test_notes_are_read(data: bytes) -> None:
    score = read_score(data)
    clarinet, cello = score.tracks
    assert (clarinet.program, cello.program) == (71, 42)
    assert clarinet.notes == (Note(0, 72, 24, 96), Note(24, 74, 96, 96))
    assert cello.notes == (Note(24, 48, 72, 80), Note(24, 55, 72, 80), Note(24, 63, 24, 80))
    assert score.tempos[0].bpm == 72


def test_bars_are_counted_after_the_pickup() -> None:
    bars = read_score(XML).bars()
    assert [(bar.start_tick, bar.ticks) for bar in bars] == [(0, 24), (24, 72), (96, 72)]
    assert bars[1].meter.name == "3/4"


@pytest.mark.parametrize(
    "data",
    [
        b"<",
        b"<score-timewise/>",
        b"<score-partwise/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><score-partwise/>',
        XML[:700],
        XML.replace(b"<duration>6<", b"<duration>6e9<"),
        XML.replace(b"<duration>6<", b"<duration>nan<"),
        XML.replace(b"<step>E<", b"<step>Q<"),
        b"<a>" * 200,
        b"PK\x03\x04",
        mxl(XML)[:400],
        mxl(XML, "notes.txt"),
        mxl(b"<score-partwise>" + b" " * 3_000_000),
    ],
)
def test_a_broken_file_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_score(data)


def kept(score: Score) -> tuple[object, ...]:
    """What the format keeps of a score."""
    tracks = [(t.program, t.is_drum, t.name, t.notes) for t in score.tracks if t.notes]
    meters = [m for m in score.meters if m.start_tick < score.end_tick]
    return tracks, meters, [t for t in score.tempos if t.start_tick < score.end_tick]


def rich_score() -> Score:
    """Triplets, odd lengths, ties, voices, chords, all velocities, meters, tempos, drums."""
    lengths = (1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 18, 21, 32, 42, 64, 72, 96, 100, 150)
    line, at = [], 0
    for i, ticks in enumerate(lengths):
        line.append(Note(at, 60 + i, ticks, 1 + 7 * i % 127))
        at += ticks
    held = tuple(
        Note(s, p, d, 90) for s, p, d in ((0, 40, 500), (10, 44, 33), (10, 47, 33), (30, 52, 80))
    )
    drums = tuple(Note(12 * i, 35 + i % 12, 6, 40 + i) for i in range(40))
    return Score(
        tracks=(
            Track(program=65, notes=tuple(line), name="alto <sax> & co"),
            Track(program=33, notes=held, name="bass"),
            Track(program=0, notes=drums, is_drum=True, name="kit"),
        ),
        meters=(Meter(), Meter(start_tick=96, beats=7, unit=16), Meter(start_tick=138, beats=3)),
        tempos=(Tempo(bpm=91.25), Tempo(start_tick=100, bpm=77.7), Tempo(start_tick=138, bpm=131)),
    )  # fmt: skip


@pytest.mark.parametrize("score", [rich_score(), small_score()])
def test_what_is_written_comes_back(score: Score) -> None:
    assert kept(read_score(write_musicxml(score))) == kept(score)
    assert kept(read_score(write_mxl(score))) == kept(score)
    assert write_mxl(score) == write_mxl(score)


def test_measures_are_full_and_ties_cross_the_bar_lines() -> None:
    score = rich_score()
    root = ET.fromstring(write_musicxml(score))
    bars = score.bars()
    for part in root.findall("part"):
        measures = part.findall("measure")
        assert len(measures) == len(bars)
        for measure, bar in zip(measures, bars, strict=True):
            by_voice: dict[str, int] = {}
            for note in measure.findall("note"):
                if note.find("chord") is None:
                    voice = note.findtext("voice") or ""
                    by_voice[voice] = by_voice.get(voice, 0) + int(note.findtext("duration") or 0)
            assert by_voice["1"] == bar.ticks
    types = [note.findtext("type") for note in root.iter("note")]
    assert {"64th", "32nd", "16th", "eighth", "quarter", "half", "whole"} >= set(types)
    assert len(list(root.iter("time-modification"))) > 3
    assert {e.get("type") for e in root.iter("tie")} == {"start", "stop"}


def test_the_table_of_what_is_dropped_is_true() -> None:
    notes = (Note(0, 60, 48, 80), Note(24, 60, 24, 70), Note(24, 60, 12, 70))
    score = Score(
        tracks=(Track(program=0, notes=notes), Track(program=1, notes=())),
        meters=(Meter(), Meter(start_tick=960)),
        tempos=(Tempo(), Tempo(start_tick=960, bpm=60)),
    )
    again = read_score(write_musicxml(score))
    assert len(again.tracks) == len(again.meters) == len(again.tempos) == 1
    assert again.tracks[0].notes == (Note(0, 60, 24, 80), Note(24, 60, 24, 70))


def test_a_score_without_notes_is_refused() -> None:
    with pytest.raises(BadRequest):
        write_musicxml(Score(tracks=()))


@pytest.mark.parametrize(
    "data",
    [
        XML.replace(b'version="1.0"', b'version="1.0" encoding="UTt-8"'),
        XML.replace(b"<duration>6<", b"<duration>-6<"),
        XML.replace(b"</part>", b'</part><part id="P1"></part>', 1),
    ],
    ids=["encoding", "duration below 0", "part twice"],
)
def test_what_made_the_reader_stumble_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read_score(data)
