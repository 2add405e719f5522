"""What the user does to the notes and parts of the document's score."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from PySide6.QtCore import QObject

from desktop.arranging import Arranging
from desktop.document.midi_file import WrittenChunks, with_level, with_program, write_notes
from desktop.document.model import PartState
from desktop.document.notes import NoteScore

MOST_KNOWN = 64
"""How many scores are kept as values, for undo; they share the parts that did not change."""


class Composing(Arranging):
    """The verbs of the score."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[str, NoteScore] = OrderedDict()
        self._written = WrittenChunks()

    @property
    def score(self) -> NoteScore | None:
        """The document's score, if it was read already: reading takes time."""
        music = self.document.music
        return self._known.get(music.midi_asset) if music is not None else None

    def know_score(self, asset: str, score: NoteScore) -> None:
        """Keep what was read of an asset."""
        self._known[asset] = score
        self._known.move_to_end(asset)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def edit_score(self, text: str, score: NoteScore) -> None:
        """Put changed notes in the place of the document's score; its sound is made anew."""
        music = self.document.music
        if music is None:
            return
        asset = self.assets.add(write_notes(score, self._written), ".mid")
        self.know_score(asset, score)
        self.set_track(text, replace(music, midi_asset=asset, sound_asset=""))

    def set_program(self, part: int, program: int) -> None:
        """Give a part another instrument, by General MIDI's number from 0."""
        score = self.score
        if score is not None and score.parts[part].program != program:
            self.edit_score("Change instrument", with_program(score, part, program))

    def set_level(self, part: int, level: int) -> None:
        """Make a part as loud as `level`, 0 to 127."""
        score = self.score
        if score is not None and score.parts[part].level != level:
            self.edit_score("Change level", with_level(score, part, level))

    def set_part(self, text: str, index: int, state: PartState) -> None:
        """Mute, solo or lock a part, or let go of it."""
        music = self.document.music
        if music is None or music.part(index) == state:
            return
        count = max(len(music.parts), index + 1)
        parts = [music.part(number) for number in range(count)]
        parts[index] = state
        changed = replace(music, parts=tuple(parts))
        everyone = range(count + 1)
        if changed.silent(len(everyone)) != music.silent(len(everyone)):
            changed = replace(changed, sound_asset="")
        self.set_track(text, changed)
