"""The music panel: say how it should sound, hear it, use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.document.model import DocumentKind
from desktop.icons import icon
from desktop.jobs import Job
from desktop.panels.controls import (
    Chips,
    Choice,
    Count,
    Foldout,
    Number,
    SeedField,
    Segments,
    button,
    caption,
    field,
    label,
    pair,
    row,
    tool,
)
from desktop.panels.form import Form, stop_or
from desktop.recipes import recipe_of
from desktop.session import Session
from engines.api import Kind, MusicRequest, MusicResult, Preview, Request

MOODS = (
    "calm", "playful", "tense", "triumphant", "melancholy", "mysterious", "romantic", "dark",
    "epic", "hopeful",
)  # fmt: skip
"""The moods that the music engine knows."""

INSTRUMENTS = (
    "piano", "violin", "cello", "strings", "flute", "clarinet", "oboe", "trumpet", "horn", "harp",
    "guitar", "bass", "choir", "drums",
)  # fmt: skip
KEYS = tuple(
    f"{tonic} {mode}"
    for mode in ("major", "minor")
    for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#")
)
ROLL_PX = 168
OUR_SOUNDFONT = "FluidR3 Mono"
METERS = ("4/4", "3/4", "2/4", "6/8", "5/4")


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
        self._prompt = QLineEdit()
        self._prompt.setPlaceholderText("Slow strings, a storm far away…")
        self._mood = Choice((("", "Any"), *((mood, mood.capitalize()) for mood in MOODS)))
        self._key = Choice((("", "Any"), *((key, key) for key in KEYS)))
        self._tempo = Number(0, 240, 0, digits=0, suffix=" bpm")
        self._tempo.setSpecialValueText("Any")
        self._meter = Choice((("", "Any"), *((meter, meter) for meter in METERS)))
        self._length = Segments(
            (("scene", "As the scene", ""), ("seconds", "Seconds", ""), ("bars", "Bars", ""))
        )
        self._seconds = Number(1, 600, 20, digits=1, suffix=" s")
        self._bars = Count(1, 512, 16, suffix=" bars")
        self._instruments = Chips(INSTRUMENTS)
        self._go = button(self.VERB, "primary", "music")
        self._go.clicked.connect(self._on_go)
        self._about = label("", "muted")
        self._about.setWordWrap(True)
        self._lay_out()
        self._play.clicked.connect(play_or_pause)
        self._length.chosen.connect(self._on_length)
        session.document_changed.connect(self._on_document)
        self._length.choose("seconds")
        self._length.offer("scene", False)
        self._on_document()

    def _lay_out(self) -> None:
        self.column.addWidget(field("How should it sound?", self._prompt))
        self.column.addLayout(pair(field("Mood", self._mood), field("Key", self._key)))
        self.column.addLayout(pair(field("Tempo", self._tempo), field("Meter", self._meter)))
        self.column.addWidget(field("Length", self._length))
        self.column.addWidget(self._seconds)
        self.column.addWidget(self._bars)
        self.column.addWidget(field("Instruments", self._instruments))
        self.column.addWidget(self._options())
        self.column.addWidget(self._go)
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
        layout.addLayout(row(self._play, self._edit, None, self._again, self._remove))
        self.column.addWidget(self._score)
        self.column.addWidget(self._about)
        self.column.addStretch(1)

    def _options(self) -> Foldout:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._candidates = Count(1, 16, 4)
        self.seed = SeedField()
        layout.addWidget(field("Model", self.model))
        layout.addWidget(field("Best of", self._candidates))
        layout.addWidget(field("Seed", self.seed))
        layout.addWidget(field("Soundfont", self._soundfont_row()))
        return Foldout("Options", inside)

    def _soundfont_row(self) -> QWidget:
        """Return the field that says through which soundfont scores sound."""
        self._soundfont = button("", "quiet", "", "Choose an SF2 or SF3 soundfont of your own")
        self._soundfont.clicked.connect(self.soundfont_wanted)
        self._own = tool("x", "Use the soundfont of Triptych")
        self._own.clicked.connect(lambda: self.session.use_soundfont(""))
        self.session.soundfont_changed.connect(self._show_soundfont)
        self._show_soundfont(self.session.soundfont)
        inside = QWidget()
        layout = row(self._soundfont, None, self._own)
        layout.setContentsMargins(0, 0, 0, 0)
        inside.setLayout(layout)
        return inside

    def _show_soundfont(self, path: str) -> None:
        caption(self._soundfont, Path(path).name if path else OUR_SOUNDFONT)
        self._own.setVisible(bool(path))

    def request(self) -> MusicRequest:
        """Return what the form asks for."""
        length = self._length.value
        seconds = self.session.document.duration_s if length == "scene" else 0.0
        if length == "seconds":
            seconds = self._seconds.value()
        return MusicRequest(
            seed=self.seed.take(),
            prompt=self._prompt.text(),
            model=self.model.value,
            seconds=seconds,
            bars=self._bars.value() if length == "bars" else 0,
            key=self._key.value,
            tempo_bpm=max(30.0, self._tempo.value()) if self._tempo.value() else 0.0,
            meter=self._meter.value,
            mood=self._mood.value,
            instruments=self._instruments.values,
            candidates=self._candidates.value(),
        )

    def on_preview(self, preview: Preview) -> None:
        if isinstance(preview, bytes):
            self._shown_asset = ""
            self._show_midi(preview)
            self._score.show()

    def on_ended(self, job: Job) -> None:
        self._on_document()

    def show_running(self, job: Job | None) -> None:
        stop_or(self._go, self.VERB, job)

    def show_playing(self, playing: bool) -> None:
        """Let the button say what a press does."""
        caption(self._play, "Pause" if playing else "Play")
        self._play.setIcon(icon("pause" if playing else "play"))

    def _on_go(self) -> None:
        self.start(self.request, self.on_result)

    def on_result(self, request: Request, result: MusicResult) -> None:
        self.session.set_music(result.midi, recipe=recipe_of(request, result.model))
        self.session.sound_music()
        words = (
            f"{result.mood.capitalize()} in {result.key}, {result.tempo_bpm:.0f} bpm, "
            f"{result.bars} bars, {result.length_s:.1f} s."
        )
        self._about.setText(" ".join((words, *result.notices)))

    def _on_length(self, length: str) -> None:
        self._seconds.setVisible(length == "seconds")
        self._bars.setVisible(length == "bars")

    def _on_document(self) -> None:
        document = self.session.document
        scene = document.kind is DocumentKind.SCENE and document.duration_s > 0
        self._length.offer("scene", scene)
        self._score.setVisible(document.music is not None)
        self._again.setEnabled(document.music is not None and document.music.recipe is not None)
        asset = document.music.midi_asset if document.music is not None else ""
        if asset != self._shown_asset:
            self._shown_asset = asset
            self._show_midi(self.session.assets.read(asset) if asset else b"")
        if not asset:
            self._about.setText("")
