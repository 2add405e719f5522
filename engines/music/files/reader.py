"""Open a score of any kind we read, told by its first bytes and not by its name."""

from __future__ import annotations

from engines.api import BadRequest
from engines.music.files.midi_reader import read_midi
from engines.music.files.musicxml_reader import read_musicxml
from engines.music.score import Score


def read_score(data: bytes) -> Score:
    """Read MIDI, MusicXML or MXL.

    Raises:
        BadRequest: it is none of these, is broken, or is larger than the bounds.
    """
    if data[:4] == b"MThd":
        return read_midi(data)
    if data[:2] == b"PK" or b"<" in data[:64]:
        return read_musicxml(data)
    raise BadRequest("the file is neither MIDI nor MusicXML")
