"""Read MusicXML, plain or zipped (.mxl), from anyone.

The file is read measure by measure, so memory stays small; sizes and counts
are bounded first, and whatever is wrong becomes one `BadRequest`. Repeats are
not played out, grace notes and lyrics are left behind.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from engines.api import BadRequest
from engines.music.files.midi_parser import MAX_NOTES, MAX_QUARTERS
from engines.music.score import TICKS_PER_QUARTER, Meter, Note, Score, Tempo, Track

MAX_ZIP_BYTES = 8 * 2**20
MAX_XML_BYTES = 48 * 2**20
MAX_TOKEN_BYTES = 2**20
"""Bytes without the beginning or end of an element: Expat takes long over a single huge one."""

MAX_ELEMENTS = 2_000_000
MAX_MEASURE_ELEMENTS = 60_000
MAX_RATIO = 200
MAX_MEASURES = 5000
MAX_PARTS = 128

SOFTWARE = "Triptych"
"""What our own files are signed with: their instruments are meant as they are."""

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
DYNAMICS = {
    "pppp": 16, "ppp": 24, "pp": 36, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112,
    "fff": 122, "ffff": 126, "sf": 110, "sfz": 112, "fp": 90, "fz": 110, "rf": 104, "rfz": 104,
}  # fmt: skip
_PART_NAMES = (
    ("piccolo", 72), ("flaut|flute|flöte", 73), ("oboe|hautb", 68),
    ("english horn|corno ingl|englisch", 69), ("contrabassoon|contrafag|kontrafag", 70),
    ("clarinet|klarin", 71), ("fagott|bassoon|basson", 70),
    ("trumpet|tromb[ae] |tromba|trompet|clarin", 56), ("trombone|posaune", 57), ("tuba", 58),
    ("horn|corn[oi]", 60), ("timpan|pauk", 47), ("violoncell|cello", 42),
    ("viol[ai] ?(i|1|2|ii)|violin|geige", 40), ("viola|bratsche|alto$", 41),
    ("contrabass|double bass|basso|kontrab", 43), ("harp|arpa", 46), ("organ|orgel", 19),
    ("guitar|gitar", 24), ("harpsi|cembalo|continuo", 6), ("piano|klavier|clavier|keyboard", 0),
    ("sopran|tenor|voice|sing|chor|bass|alto|barit|vox|canto|stimme", 52),
)  # fmt: skip
"""Patterns of part names in five languages, and their General MIDI programs."""
_VOICE = 52


@dataclass
class _Part:
    """One part while it is read; positions are in quarters of a whole part."""

    program: int
    is_drum: bool
    name: str
    divisions: float = 1.0
    transpose: int = 0
    velocity: int = 80
    start: float = 0.0
    notes: list[Note] = field(default_factory=list)
    tied: dict[tuple[int, int], int] = field(default_factory=dict)
    """Pitch and end of a note that is held over, to its index in `notes`."""
    sounds: dict[str, int] = field(default_factory=dict)
    """Drums by the name of their instrument."""


@dataclass
class _Conductor:
    """Meters and tempos, as the first part and any tempo mark tell them."""

    meters: dict[int, Meter] = field(default_factory=dict)
    tempos: dict[int, Tempo] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)


def read_musicxml(data: bytes) -> Score:
    """Read a MusicXML file, zipped or not.

    Raises:
        BadRequest: the file is not MusicXML, is broken, or is larger than the bounds.
    """
    try:
        with _open(data) as stream:
            return _read(stream)
    except (ET.ParseError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise BadRequest("the MusicXML file is broken") from error
    except (ValueError, TypeError, LookupError, NotImplementedError, RuntimeError) as error:
        raise BadRequest("the MusicXML file is broken") from error
    except OverflowError as error:
        raise BadRequest("a number in the MusicXML file is too large") from error


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than `MAX_XML_BYTES`, whatever a header claims."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._left = MAX_XML_BYTES
        self.quiet_bytes = 0

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._source.read(size if 0 < size < 65536 else 65536)
        self._left -= len(block)
        self.quiet_bytes += len(block)
        if self._left < 0 or self.quiet_bytes > MAX_TOKEN_BYTES:
            raise BadRequest("the MusicXML file is too large")
        if b"<!ENTITY" in block:
            raise BadRequest("the MusicXML file defines entities")
        return block

    def close(self) -> None:
        self._source.close()
        super().close()


def _open(data: bytes) -> _Bounded:
    if len(data) > MAX_XML_BYTES:
        raise BadRequest("the MusicXML file is too large")
    if data[:2] != b"PK":
        return _Bounded(io.BytesIO(data))
    if len(data) > MAX_ZIP_BYTES:
        raise BadRequest("the MXL file is too large")
    archive = zipfile.ZipFile(io.BytesIO(data))
    if len(archive.namelist()) > 1000:
        raise BadRequest("the MXL file holds too many files")
    for info in archive.infolist():
        if info.filename.endswith((".xml", ".musicxml")) and "META-INF" not in info.filename:
            if info.file_size > min(MAX_XML_BYTES, MAX_RATIO * max(1, info.compress_size)):
                raise BadRequest("the MXL file unpacks to too much")
            return _Bounded(archive.open(info))
    raise BadRequest("the MXL file holds no score")


def _read(stream: _Bounded) -> Score:
    parts: dict[str, _Part] = {}
    order: list[_Part] = []
    conductor = _Conductor()
    current: _Part | None = None
    measures = count = 0
    is_ours = False
    for event, element in _elements(stream):
        if event == "start":
            if element.tag == "score-timewise":
                raise BadRequest("timewise MusicXML is not read; save it partwise")
            if element.tag == "part":
                current = parts.setdefault(
                    element.get("id", ""), _Part(program=0, is_drum=False, name="")
                )
                if any(part is current for part in order):
                    raise BadRequest("a part of the score comes twice")
                order.append(current)
                if len(order) > MAX_PARTS:
                    raise BadRequest(f"the score has more than {MAX_PARTS} parts")
                measures = 0
        elif element.tag == "score-part":
            if len(parts) >= MAX_PARTS:
                raise BadRequest(f"the score has more than {MAX_PARTS} parts")
            parts[element.get("id", "")] = _declared(element, is_ours=is_ours)
        elif element.tag == "software":
            is_ours = element.text == SOFTWARE
        elif element.tag == "measure" and current is not None:
            measures += 1
            if measures > MAX_MEASURES:
                raise BadRequest(f"the score has more than {MAX_MEASURES} measures")
            before = len(current.notes)
            _measure(element, current, conductor, leads=current is order[0])
            count += len(current.notes) - before
            if count > MAX_NOTES or current.start > MAX_QUARTERS:
                raise BadRequest("the score is too long")
            element.clear()
    if not order:
        raise BadRequest("the MusicXML file holds no part")
    return _score(order, conductor)


def _elements(stream: _Bounded) -> Iterator[tuple[str, ET.Element]]:
    depth = count = at_measure = 0
    for event, element in ET.iterparse(stream, events=("start", "end")):
        stream.quiet_bytes = 0
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > 64:
            raise BadRequest("the MusicXML file is nested too deeply")
        if count > MAX_ELEMENTS or count - at_measure > MAX_MEASURE_ELEMENTS:
            raise BadRequest("the MusicXML file holds too much")
        if element.tag == "measure":
            at_measure = count
        yield event, element


def _declared(element: ET.Element, *, is_ours: bool) -> _Part:
    name = (element.findtext("part-name") or "").strip()[:64]
    program_text = element.findtext(".//midi-program")
    channel_text = element.findtext(".//midi-channel")
    program = _program_of(name)
    if program_text and (
        is_ours or program != _VOICE
    ):  # many files let an oboe stand for the singer
        program = int(program_text) - 1
    return _Part(
        program=min(127, max(0, program)),
        is_drum=channel_text == "10",
        name="".join(c for c in name if c.isprintable()),
        sounds={
            player.get("id", ""): int(sound) - 1
            for player in element.iter("midi-instrument")
            if (sound := player.findtext("midi-unpitched"))
        },
    )


def _program_of(name: str) -> int:
    low = name.lower()
    return next((program for pattern, program in _PART_NAMES if re.search(pattern, low)), 0)


def _measure(element: ET.Element, part: _Part, conductor: _Conductor, *, leads: bool) -> None:
    """Read one measure; time runs in quarters from its start."""
    at = longest = chord_at = 0.0
    for item in element:
        if item.tag == "note":
            if item.find("grace") is not None:
                continue
            quarters = _quarters(item, part)
            if item.find("chord") is None:
                chord_at = at
                at += quarters
            _note(item, part, part.start + chord_at, quarters)
        elif item.tag == "backup":
            at = max(0.0, at - _quarters(item, part))
        elif item.tag == "forward":
            at += _quarters(item, part)
        elif item.tag == "attributes":
            _attributes(item, part, conductor, leads=leads)
        elif item.tag in ("direction", "sound"):
            _direction(item, part, conductor, _ticks(part.start + at))
        longest = max(longest, at)
    if leads:
        _lay_measure(conductor, _ticks(part.start), _ticks(part.start + longest))
    part.start += longest


def _quarters(item: ET.Element, part: _Part) -> float:
    """How long a note, a backup or a forward is."""
    duration = _number(item.findtext("duration"))
    if duration < 0:
        raise BadRequest("a duration in the MusicXML file is below 0")
    return duration / part.divisions


def _lay_measure(conductor: _Conductor, start_tick: int, end_tick: int) -> None:
    """Begin the bar grid anew after a pickup or a cut measure."""
    meter = conductor.meter
    if not conductor.meters:
        conductor.meters[start_tick] = Meter(
            start_tick=start_tick, beats=meter.beats, unit=meter.unit
        )
    if end_tick > start_tick and end_tick - start_tick != meter.bar_ticks:
        conductor.meters[end_tick] = Meter(start_tick=end_tick, beats=meter.beats, unit=meter.unit)


def _attributes(item: ET.Element, part: _Part, conductor: _Conductor, *, leads: bool) -> None:
    if divisions := item.findtext("divisions"):
        part.divisions = max(1e-3, _number(divisions))
    if (transpose := item.find("transpose")) is not None:
        octaves = _number(transpose.findtext("octave-change"))
        part.transpose = int(_number(transpose.findtext("chromatic")) + 12 * octaves)
    time = item.find("time")
    if leads and time is not None:
        beats, unit = time.findtext("beats") or "", time.findtext("beat-type") or ""
        if beats.isdecimal() and unit.isdecimal() and int(unit) in (1, 2, 4, 8, 16, 32):
            tick = _ticks(part.start)
            meter = Meter(start_tick=tick, beats=min(32, max(1, int(beats))), unit=int(unit))
            conductor.meter = conductor.meters[tick] = meter


def _direction(item: ET.Element, part: _Part, conductor: _Conductor, tick: int) -> None:
    sound = item if item.tag == "sound" else item.find("sound")
    if sound is not None and (tempo := sound.get("tempo")):
        bpm = _number(tempo)
        if 10 <= bpm <= 600:
            conductor.tempos[tick] = Tempo(start_tick=tick, bpm=bpm)
    for mark in item.findall(".//dynamics/*"):
        part.velocity = DYNAMICS.get(mark.tag, part.velocity)


def _note(item: ET.Element, part: _Part, start: float, quarters: float) -> None:
    pitch = _pitch(item, part)
    if not 0 <= pitch <= 127:
        return
    ties = {tie.get("type") for tie in item.findall("tie")}
    start_tick = _ticks(start)
    ticks = max(1, _ticks(start + quarters) - start_tick)
    velocity = part.velocity
    if exact := item.get("dynamics"):  # per cent of 90, the usual velocity of a forte
        velocity = min(127, max(1, round(_number(exact) * 0.9)))
    for mark in item.findall(".//articulations/*"):
        if mark.tag in ("accent", "strong-accent"):
            velocity = min(127, velocity + 15)
        elif mark.tag == "staccato" and not ties:
            ticks = max(1, ticks // 2)
    held = part.tied.pop((pitch, start_tick), None) if "stop" in ties else None
    if held is None:
        held = len(part.notes)
        part.notes.append(Note(start_tick, pitch, ticks, velocity))
    else:
        note = part.notes[held]
        part.notes[held] = note._replace(duration_ticks=note.duration_ticks + ticks)
    if "start" in ties:
        part.tied[pitch, start_tick + ticks] = held


def _pitch(item: ET.Element, part: _Part) -> int:
    """Find the pitch as it sounds, or the sound of a drum; -1 for a rest and what nobody knows."""
    pitch = item.find("pitch")
    if pitch is None:
        player = item.find("instrument")
        is_drum = part.is_drum and item.find("unpitched") is not None and player is not None
        return part.sounds.get(player.get("id", ""), -1) if is_drum and player is not None else -1
    step = _STEPS[pitch.findtext("step") or ""]
    octave = int(_number(pitch.findtext("octave")))
    altered = step + int(_number(pitch.findtext("alter")))
    return 12 * (octave + 1) + altered + part.transpose


def _number(text: str | None) -> float:
    value = float(text or 0)
    if not abs(value) <= 1e6:
        raise BadRequest("a number in the MusicXML file is too large")
    return value


def _ticks(quarters: float) -> int:
    return round(quarters * TICKS_PER_QUARTER)


def _score(parts: list[_Part], conductor: _Conductor) -> Score:
    tracks = tuple(
        Track(
            program=part.program,
            notes=tuple(sorted(part.notes)),
            is_drum=part.is_drum,
            name=part.name,
        )
        for part in parts
        if part.notes
    )
    meters = {0: Meter()} | conductor.meters
    tempos = {0: Tempo()} | conductor.tempos
    return Score(
        tracks=tracks,
        meters=tuple(meters[k] for k in sorted(meters)),
        tempos=tuple(tempos[k] for k in sorted(tempos)),
    )
