"""MusicXML files: notes, ties, transposition, pickups; hostile files are refused."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from engines.api import BadRequest
from engines.music.reader import read_score
from engines.music.score import Note

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


def test_mutated_files_are_read_or_refused() -> None:
    chance = random.Random(2)
    refused = 0
    for whole in (XML, mxl(XML)):
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
            try:
                read_score(bytes(data)).bars()
            except BadRequest:
                refused += 1
    assert 0 < refused < 300
