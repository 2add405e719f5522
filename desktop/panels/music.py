"""The music panel: say how it should sound or what should become of it, hear it, use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QMimeData, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.document.model import CutFit
from desktop.document.passages import Passage
from desktop.document.takes import take_in_use
from desktop.files import CUE_MIME
from desktop.icons import icon
from desktop.jobs import Job
from desktop.panels.carrying import Carried
from desktop.panels.controls import (
    Amount,
    Choice,
    Count,
    Foldout,
    SeedField,
    button,
    caption,
    field,
    label,
    row,
    tool,
)
from desktop.panels.form import Form, stop_or
from desktop.panels.music_controls import MusicControls
from desktop.panels.music_length import MusicLength
from desktop.panels.notices import Notices
from desktop.panels.soundfont import SoundfontField
from desktop.panels.takes import TakesList
from desktop.rescoring import Written
from desktop.session import Session
from engines.api import BadRequest, Kind, MusicRequest, Preview, Request

ROLL_PX = 168
MARGIN_PX = 16

VERBS = (
    ("compose", "Compose a new piece", "Compose"),
    ("continue", "Go on after its end", "Go on"),
    ("fill", "Write the marked bars again", "Write again"),
    ("accompany", "Add parts", "Add parts"),
    ("vary", "Vary it", "Vary"),
    ("fit", "Fit it to a length", "Fit"),
)
"""What can be done, in words, and on the button."""


class MusicPanel(Form):
    """Music."""

    KIND = Kind.MUSIC
    VERB = "Compose"

    edit_wanted = Signal()
    soundfont_wanted = Signal()

    def __init__(
        self,
        session: Session,
        roll: QWidget,
        show_midi: Callable[[bytes], None],
        play_or_pause: Callable[[], None],
    ) -> None:
        """Make the panel.

        Args:
            roll: Shows a score.
            show_midi: Gives the roll a MIDI file to show.
            play_or_pause: Plays the document's music.
        """
        super().__init__(session)
        self._roll = roll
        self._show_midi = show_midi
        self._shown_asset = ""
        self.verb = Choice([(verb, text) for verb, text, _ in VERBS])
        self._verb_field = field("What to do", self.verb)
        self._prompt = QLineEdit()
        self._prompt.setPlaceholderText("Slow strings, a storm far away…")
        self.controls = MusicControls()
        self.length = MusicLength(session)
        self._amount = Amount(5, 100, 50, step=5, digits=0, suffix=" %")
        self._where = label("", "muted")
        self._where.setWordWrap(True)
        self._go = button(self.VERB, "primary", "music")
        self._go.clicked.connect(lambda: self.start(self.request, self.on_result))
        self._about = label("", "muted")
        self._about.setWordWrap(True)
        self.notices = Notices()
        self.takes = TakesList(session)
        self._lay_out()
        self._play.clicked.connect(play_or_pause)
        self.verb.currentIndexChanged.connect(lambda _: self._show_verb())
        session.document_changed.connect(self._on_document)
        session.passage_changed.connect(lambda _: self._tell_where())
        self._on_document()

    def _lay_out(self) -> None:
        self._prompt_field = field("How should it sound?", self._prompt)
        self._amount_field = field("How much of it", self._amount)
        for widget in (
            self._verb_field, self._prompt_field, self._where, self._amount_field, self.controls,
            self.length, self._options(), self._go,
        ):  # fmt: skip
            self.column.addWidget(widget)
        self.column.addSpacing(4)
        self._score = QWidget()
        layout = QVBoxLayout(self._score)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._roll.setFixedHeight(ROLL_PX)
        layout.addWidget(self._roll)
        self._play = button("Play", "", "play")
        self._edit = button("Edit", "", "piano", "Work on the notes (Ctrl+4)")
        self._edit.clicked.connect(self.edit_wanted)
        self._again = tool("dices", "Write it again with another seed")
        self._again.clicked.connect(lambda: self.session.attempt(self.session.reroll_music))
        self._remove = tool("x", "Remove the music")
        self._remove.clicked.connect(self.session.remove_music)
        self._grip = tool("hand", "Drag the music onto the scene to fit it; a press does so too")
        self._grip.clicked.connect(lambda: self.session.attempt(self.session.fit_music))
        self.carried = Carried(self._grip, self.cue)
        tools = (self._grip, self._again, self._remove)
        layout.addLayout(row(self._play, self._edit, None, *tools, spacing=2))
        self.column.addWidget(self._score)
        self.column.addWidget(self._about)
        self.column.addWidget(self.notices)
        self.column.addWidget(self.takes)
        self.column.addStretch(1)

    def _options(self) -> Foldout:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._candidates = Count(1, 16, 4)
        self.seed = SeedField()
        soundfont = SoundfontField(self.session)
        soundfont.wanted.connect(self.soundfont_wanted)
        layout.addWidget(field("Model", self.model))
        layout.addWidget(field("Best of", self._candidates))
        layout.addWidget(field("Seed", self.seed))
        layout.addWidget(field("Soundfont", soundfont))
        return Foldout("Options", inside)

    def cue(self) -> QMimeData:
        """Return what a drag of the music carries."""
        music, data = self.session.document.music, QMimeData()
        if music is not None:
            data.setData(CUE_MIME, music.midi_asset.encode())
        return data

    def choose_verb(self, verb: str) -> None:
        """Show the form for something to do, if there is a score for it."""
        if not self._verb_field.isHidden() or verb == "compose":
            self.verb.set(verb)

    def request(self) -> MusicRequest:
        """Return what the form asks for.

        Raises:
            BadRequest: it cannot be asked for like this.
        """
        verb = self._verb()
        values: dict[str, Any] = {
            "seed": self.seed.take(),
            "prompt": self._prompt.text() if verb != "fit" else "",
            "model": self.model.value,
            "candidates": self._candidates.value(),
            **self.controls.values(verb),
            **self.length.values(),
        }
        if verb == "compose":
            return MusicRequest(**values)
        if verb == "vary":
            values["amount"] = self._amount.value / 100
        passage = self.session.passage if verb in ("fill", "vary") else None
        if verb == "fill" and passage is None:
            raise BadRequest("no bars are marked; mark some in the score (Ctrl+4)")
        return self.session.music_request(verb, passage=passage, **values)

    def ask(self, request: Request, then: Callable[[Any], None]) -> Job:
        """Have a score written; one of the scene's length follows its cuts from then on."""
        if not isinstance(request, MusicRequest):
            return super().ask(request, then)
        follows: CutFit | None = None
        music = self.session.document.music
        if request.verb in ("compose", "fit"):
            follows = self.length.follows
        elif request.verb != "continue" and music is not None:
            follows = music.follows
        return self.session.write_music(request, then, follows=follows)

    def on_preview(self, preview: Preview) -> None:
        if isinstance(preview, bytes):
            self._shown_asset = ""
            self._show_midi(preview)
            self._score.show()

    def on_ended(self, job: Job) -> None:
        self._on_document()

    def show_running(self, job: Job | None) -> None:
        stop_or(self._go, self._button_words(), job)

    def show_playing(self, playing: bool) -> None:
        """Let the button say what a press does."""
        caption(self._play, "Pause" if playing else "Play")
        self._play.setIcon(icon("pause" if playing else "play"))

    def on_result(self, request: Request, written: Written) -> None:
        """Bring what was written into view, once there is room made for it."""
        QTimer.singleShot(0, self, self._show_score)

    def _show_score(self) -> None:
        """Scroll to the score, and to what is said of it if both have room."""
        for widget in (self._about, self._score):
            if not widget.isHidden():
                self.ensureWidgetVisible(widget, 0, MARGIN_PX)

    def _verb(self) -> str:
        return self.verb.value if self.session.document.music is not None else "compose"

    def _button_words(self) -> str:
        return next(words for verb, _, words in VERBS if verb == self._verb())

    def _show_verb(self) -> None:
        """Show the fields that count for what is to be done."""
        verb = self._verb()
        self._prompt_field.setVisible(verb != "fit")
        self._amount_field.setVisible(verb == "vary")
        self.controls.show_verb(verb)
        self.length.show_verb(verb)
        self._tell_where()
        if not self.running:
            caption(self._go, self._button_words())

    def _tell_where(self) -> None:
        """Say which bars will be written, and that what is locked stays."""
        verb, passage = self._verb(), self.session.passage
        words = ""
        if verb in ("fill", "vary"):
            words = _marked(passage, verb)
        music = self.session.document.music
        locked = music is not None and (
            music.locked_bars or any(state.locked for state in music.parts)
        )
        if locked and verb in ("fill", "vary", "fit"):
            words = f"{words} What is locked stays as it is.".strip()
        self._where.setText(words)
        self._where.setVisible(bool(words))

    def _on_document(self) -> None:
        document = self.session.document
        music = document.music
        self._verb_field.setVisible(music is not None)
        self._score.setVisible(music is not None)
        self._again.setEnabled(music is not None and music.recipe is not None)
        asset = music.midi_asset if music is not None else ""
        if asset != self._shown_asset:
            self._shown_asset = asset
            self._show_midi(self.session.assets.read(asset) if asset else b"")
            if music is not None and music.follows is not None:
                self.length.show_fit(music.follows)
        take = take_in_use(document)
        self.notices.show_all(take.notices if take is not None else ())
        about = f"{take.character}, {take.figures}." if take is not None and take.figures else ""
        self._about.setText(about)
        self._about.setVisible(bool(about))
        self._show_verb()


def _marked(passage: Passage | None, verb: str) -> str:
    if passage is None:
        some = "Mark bars in the score (Ctrl+4): drag over their numbers or choose notes."
        return some if verb == "fill" else ""
    parts = len(passage.parts)
    whom = f" in {parts} part{'s' * (parts != 1)}" if parts else " in all parts"
    return f"{str(passage).capitalize()}{whom}."
