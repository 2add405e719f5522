"""Write a score as MusicXML, plain or zipped (.mxl): the same score, the same bytes.

| of a score | in the file |
|---|---|
| starts, lengths, pitches of notes | kept to the tick, with ties where no note value fits |
| velocities | kept (attribute `dynamics` of a note, per cent of 90), and marks ppp to fff |
| triplets of all values down to a 64th | kept, as `time-modification` 3:2 |
| drums | kept, as unpitched notes with their General MIDI sound |
| names, instruments | kept (`midi-program`, channel 10 for drums) |
| meters, cut bars, tempos | kept up to the end of the last note |
| tracks without notes, meters and tempos after the end | dropped |
| a pitch struck while the same track holds it | dropped: both become one note or touch |
| key | a score has none; the one that fits best is written, for the eye |
| pedal, bends, controllers, pan, lyrics | a score has none |
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from engines.api import BadRequest
from engines.music.analysis import find_key, pitch_weights
from engines.music.files.musicxml_reader import DYNAMICS, MAX_MEASURES, MAX_PARTS, SOFTWARE
from engines.music.score import TICKS_PER_QUARTER, Bar, Note, Score, Track

_TYPES: Final = (("whole", 96), ("half", 48), ("quarter", 24), ("eighth", 12), ("16th", 6),
                 ("32nd", 3), ("64th", 1.5))  # fmt: skip
_CONTAINER: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
    '<rootfile full-path="score.musicxml" media-type="application/vnd.recordare.musicxml+xml"/>'
    "</rootfiles></container>\n"
)
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n<score-partwise version="4.0">\n'
    f"<identification><encoding><software>{SOFTWARE}</software></encoding></identification>\n"
)
_MARKS: Final = ("ppp", "pp", "p", "mp", "mf", "f", "ff", "fff")
_SHARPS: Final = ["C0", "C1", "D0", "D1", "E0", "F0", "F1", "G0", "G1", "A0", "A1", "B0"]
_FLATS: Final = ["C0", "D-1", "D0", "E-1", "E0", "F0", "G-1", "G0", "A-1", "A0", "B-1", "B0"]
_FIFTHS: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Sharps (or flats, below 0) of the major key on each pitch class."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A note value: its name, its dots, and whether it is one of a triplet."""

    name: str
    dots: int
    is_triplet: bool

    def xml(self) -> str:
        triplet = (
            "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
            "</time-modification>"
        )
        return f"<type>{self.name}</type>{'<dot/>' * self.dots}{triplet * self.is_triplet}"


def _values() -> dict[int, _Value]:
    found: dict[int, _Value] = {}
    for name, ticks in _TYPES:
        for factor, dots, is_triplet in ((1.0, 0, False), (1.5, 1, False), (2 / 3, 0, True)):
            exact = ticks * factor
            if abs(exact - round(exact)) < 1e-9:
                found.setdefault(round(exact), _Value(name, dots, is_triplet))
    return found


_VALUES: Final = _values()
_LENGTHS: Final = sorted(_VALUES, reverse=True)


def write_musicxml(score: Score) -> bytes:
    """Write a partwise MusicXML file.

    Raises:
        BadRequest: it has no notes, or more parts or measures than are read again.
    """
    tracks = [track for track in score.tracks if track.notes]
    bars = score.bars()
    if not tracks or not bars:
        raise BadRequest("the score has no notes")
    if len(bars) > MAX_MEASURES or len(tracks) > MAX_PARTS:
        raise BadRequest(f"MusicXML has at most {MAX_MEASURES} measures and {MAX_PARTS} parts")
    tonic, mode = find_key(pitch_weights([n for t in tracks if not t.is_drum for n in t.notes]))
    fifths = _FIFTHS[(tonic + 3 * mode) % 12]
    out = [_HEAD, "<part-list>\n"]
    out += [_declaration(number, track) for number, track in enumerate(tracks)]
    out.append("</part-list>\n")
    for number, track in enumerate(tracks):
        out.append(f'<part id="P{number + 1}">\n')
        writer = _PartWriter(number, track, score, fifths, mode)
        out += [writer.measure(i, bar) for i, bar in enumerate(bars)]
        out.append("</part>\n")
    out.append("</score-partwise>\n")
    return "".join(out).encode()


def write_mxl(score: Score) -> bytes:
    """Write the same as a zip file, without a clock in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("META-INF/container.xml", _CONTAINER.encode()),
            ("score.musicxml", write_musicxml(score)),
        ):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return stream.getvalue()


def _declaration(number: int, track: Track) -> str:
    """Declare a part: its name, and the instrument or the drums that it plays."""
    part = f"P{number + 1}"
    name = escape("".join(c for c in track.name if c.isprintable()))
    channel = 10 if track.is_drum else (number % 9) + 1
    sounds = sorted({note.pitch for note in track.notes}) if track.is_drum else [-1]
    out = [f'<score-part id="{part}"><part-name>{name}</part-name>\n']
    for sound in sounds:
        title = f"sound {sound}" if track.is_drum else name
        out.append(
            f'<score-instrument id="{_player(part, sound)}">'
            f"<instrument-name>{title}</instrument-name></score-instrument>\n"
        )
    for sound in sounds:
        unpitched = f"<midi-unpitched>{sound + 1}</midi-unpitched>" if track.is_drum else ""
        out.append(
            f'<midi-instrument id="{_player(part, sound)}"><midi-channel>{channel}</midi-channel>'
            f"<midi-program>{track.program + 1}</midi-program>{unpitched}</midi-instrument>\n"
        )
    return "".join([*out, "</score-part>\n"])


def _player(part: str, sound: int) -> str:
    return f"{part}-I{sound + 1}"


class _PartWriter:
    """Writes the measures of one part, one after the other."""

    def __init__(self, number: int, track: Track, score: Score, fifths: int, mode: int) -> None:
        self._part = f"P{number + 1}"
        self._leads = number == 0
        self._score = score
        self._fifths, self._mode = fifths, mode
        self._names = _FLATS if fifths < 0 else _SHARPS
        self._is_drum = track.is_drum
        self._is_low = sum(n.pitch for n in track.notes) < 57 * len(track.notes)
        self._notes = _apart(track.notes)
        self._at = 0
        self._held: list[Note] = []
        self._mark = -1

    def measure(self, index: int, bar: Bar) -> str:
        """Write one measure; the bars come in order."""
        out = [f'<measure number="{index + 1}">', self._attributes(index, bar)]
        if self._leads:
            out += self._tempos(bar)
        out += self._loudness(bar)
        voices = _voices(self._inside(bar))
        for number, voice in enumerate(voices or [[]]):
            if number:
                out.append(f"<backup><duration>{bar.ticks}</duration></backup>")
            out += self._voice(voice, bar, number + 1)
        return "".join([*out, "</measure>\n"])

    def _attributes(self, index: int, bar: Bar) -> str:
        """Say divisions, key and clef once, and the meter where it changes."""
        starts = {meter.start_tick for meter in self._score.meters}
        time = ""
        if index == 0 or bar.start_tick in starts:
            beats, unit = bar.meter.beats, bar.meter.unit
            time = f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"
        if index:
            return f"<attributes>{time}</attributes>" if time else ""
        mode = ("major", "minor")[self._mode]
        clef = "<sign>F</sign><line>4</line>" if self._is_low else "<sign>G</sign><line>2</line>"
        clef = "<sign>percussion</sign>" if self._is_drum else clef
        return (
            f"<attributes><divisions>{TICKS_PER_QUARTER}</divisions>"
            f"<key><fifths>{self._fifths}</fifths><mode>{mode}</mode></key>"
            f"{time}<clef>{clef}</clef></attributes>"
        )

    def _tempos(self, bar: Bar) -> Iterator[str]:
        """Write the tempos of a measure where they begin."""
        for tempo in self._score.tempos:
            inside = tempo.start_tick - bar.start_tick
            if not 0 <= inside < bar.ticks:
                continue
            if inside:
                yield f"<forward><duration>{inside}</duration></forward>"
            yield (
                '<direction placement="above"><direction-type><metronome>'
                f"<beat-unit>quarter</beat-unit><per-minute>{tempo.bpm:.4g}</per-minute>"
                f'</metronome></direction-type><sound tempo="{tempo.bpm!r}"/></direction>'
            )
            if inside:
                yield f"<backup><duration>{inside}</duration></backup>"

    def _loudness(self, bar: Bar) -> Iterator[str]:
        """Write a mark where the measure is louder or softer than the mark before."""
        stop = bar.start_tick + bar.ticks
        levels = []
        for note in self._notes[self._at :]:
            if note.start_tick >= stop:
                break
            levels.append(note.velocity)
        if not levels:
            return
        mean = sum(levels) / len(levels)
        mark = min(range(len(_MARKS)), key=lambda i: abs(DYNAMICS[_MARKS[i]] - mean))
        if mark != self._mark:
            self._mark = mark
            yield (
                f"<direction><direction-type><dynamics><{_MARKS[mark]}/></dynamics>"
                "</direction-type></direction>"
            )

    def _inside(self, bar: Bar) -> list[tuple[Note, bool, bool]]:
        """Cut the notes at the bar lines: each with whether it is tied from before and on."""
        stop = bar.start_tick + bar.ticks
        while self._at < len(self._notes) and self._notes[self._at].start_tick < stop:
            self._held.append(self._notes[self._at])
            self._at += 1
        found = []
        for note in self._held:
            start, end = max(note.start_tick, bar.start_tick), min(note.end_tick, stop)
            piece = note._replace(start_tick=start, duration_ticks=end - start)
            found.append((piece, note.start_tick < start, note.end_tick > end))
        self._held = [note for note in self._held if note.end_tick > stop]
        return found

    def _voice(
        self, voice: Sequence[Sequence[tuple[Note, bool, bool]]], bar: Bar, number: int
    ) -> Iterator[str]:
        """Write the chords of one voice, and rests where it is silent."""
        at = bar.start_tick
        for chord in voice:
            first = chord[0][0]
            yield from _rests(first.start_tick - at, number)
            pieces = list(_pieces(first.duration_ticks))
            for i, ticks in enumerate(pieces):
                for position, (note, is_tied, goes_on) in enumerate(chord):
                    stop, start = is_tied or i > 0, goes_on or i + 1 < len(pieces)
                    yield self._note(note, ticks, number, position > 0, stop, start)
            at = first.end_tick
        yield from _rests(bar.start_tick + bar.ticks - at, number)

    def _note(
        self, note: Note, ticks: int, voice: int, is_chord: bool, stop: bool, start: bool
    ) -> str:
        ties = '<tie type="stop"/>' * stop + '<tie type="start"/>' * start
        tied = '<tied type="stop"/>' * stop + '<tied type="start"/>' * start
        tied = f"<notations>{tied}</notations>" if tied else ""
        player = _player(self._part, note.pitch if self._is_drum else -1)
        return (
            f'<note dynamics="{note.velocity / 0.9:.2f}">{"<chord/>" * is_chord}'
            f"{self._pitch(note.pitch)}<duration>{ticks}</duration>{ties}"
            f'<instrument id="{player}"/><voice>{voice}</voice>{_VALUES[ticks].xml()}{tied}</note>'
        )

    def _pitch(self, pitch: int) -> str:
        octave, spelled = pitch // 12 - 1, self._names[pitch % 12]
        step, alter = spelled[0], int(spelled[1:])
        if self._is_drum:
            return (
                f"<unpitched><display-step>{step}</display-step>"
                f"<display-octave>{max(0, octave)}</display-octave></unpitched>"
            )
        sign = f"<alter>{alter}</alter>" if alter else ""
        return f"<pitch><step>{step}</step>{sign}<octave>{octave}</octave></pitch>"


def _rests(ticks: int, voice: int) -> Iterator[str]:
    """Fill a gap: with rests in the first voice, silently in any other."""
    if ticks and voice > 1:
        yield f"<forward><duration>{ticks}</duration></forward>"
        return
    for piece in _pieces(ticks):
        yield (
            f"<note><rest/><duration>{piece}</duration><voice>1</voice>{_VALUES[piece].xml()}</note>"
        )


def _pieces(ticks: int) -> Iterator[int]:
    """Cut a length into note values, the longest first."""
    while ticks > 0:
        piece = next(length for length in _LENGTHS if length <= ticks)
        yield piece
        ticks -= piece


def _apart(notes: Iterable[Note]) -> list[Note]:
    """End a pitch where it is struck again; of two that begin together the longer stays."""
    by_pitch: dict[int, list[Note]] = {}
    for note in sorted(notes):
        by_pitch.setdefault(note.pitch, []).append(note)
    found: list[Note] = []
    for same in by_pitch.values():
        for i, note in enumerate(same):
            ticks = note.duration_ticks
            if i + 1 < len(same):
                ticks = min(ticks, same[i + 1].start_tick - note.start_tick)
            if ticks > 0:
                found.append(note._replace(duration_ticks=ticks))
    return sorted(found)


_Piece = tuple[Note, bool, bool]


def _voices(notes: Sequence[_Piece]) -> list[list[list[_Piece]]]:
    """Put notes that begin and end together in chords, and chords in voices that do not overlap."""
    chords: dict[tuple[int, int], list[_Piece]] = {}
    for piece in notes:
        note = piece[0]
        chords.setdefault((note.start_tick, -note.duration_ticks), []).append(piece)
    voices: list[list[list[_Piece]]] = []
    for (start, _), chord in sorted(chords.items()):
        free = next((v for v in voices if v[-1][0][0].end_tick <= start), None)
        if free is None:
            voices.append(free := [])
        free.append(chord)
    return voices
