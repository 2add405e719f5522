"""The room of the score: its parts at the left, its notes at the right, its tools above."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollBar, QVBoxLayout, QWidget

from desktop.canvas import score_keys as keys
from desktop.canvas.bar_menu import build_bar_menu
from desktop.canvas.score_bars import BarMarks
from desktop.canvas.score_editor import ScoreEditor
from desktop.canvas.score_layout import ScoreLayout
from desktop.canvas.score_tiles import Look
from desktop.canvas.score_view import BEYOND_S
from desktop.canvas.worker import Worker
from desktop.document.midi_file import ScoreError, read_notes
from desktop.document.model import Document, MusicTrack
from desktop.document.notes import NoteScore
from desktop.document.passages import Passage
from desktop.document.recognised_key import key_of
from desktop.panels.controls import Choice, button, label, row, tool
from desktop.panels.parts import PartsList
from desktop.session import Session

DIVISIONS = (
    ("4", "1/4"), ("8", "1/8"), ("12", "1/8 triplet"), ("16", "1/16"), ("24", "1/16 triplet"),
    ("32", "1/32"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What is worked out of a file on the thread."""

    score: NoteScore
    layout: ScoreLayout
    key: tuple[int, str] | None


class ScoreRoom(QWidget):
    """The document's score, to be worked on."""

    closed = Signal()
    seeked = Signal(float)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("scorePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._asset = ""
        self._part = 0
        self._showing = False
        self._key: tuple[int, str] | None = None
        self._keyed: NoteScore | None = None  # whose key that is, or will be
        self._layout: ScoreLayout | None = None
        self.worker = Worker("score")
        self.destroyed.connect(self.worker.close)
        self.editor = ScoreEditor()
        self.parts = PartsList(session)
        self._across = QScrollBar(Qt.Orientation.Horizontal)
        self._upright = QScrollBar(Qt.Orientation.Vertical)
        self._about = label("", "muted")
        self._lay_out()
        self.parts.chosen.connect(self._on_part)
        self.editor.edited.connect(session.edit_score)
        self.editor.seeked.connect(self.seeked)
        self.editor.view_changed.connect(self._show_place)
        self.editor.choice_changed.connect(self._on_choice)
        self.editor.bars_marked.connect(self._on_bars)
        self.editor.bar_menu_wanted.connect(self._open_bar_menu)
        session.passage_changed.connect(lambda _: self._show_marks())
        self._across.valueChanged.connect(lambda value: self.editor.show_place(left_s=value / 1000))
        self._upright.valueChanged.connect(lambda value: self.editor.show_place(top_px=value))
        session.document_changed.connect(self._on_document)
        self._on_document(session.document, session.document)

    def set_time(self, time_s: float) -> None:
        """Move the playhead."""
        if self.isVisible():
            self.editor.set_time(time_s)

    def _lay_out(self) -> None:
        notes = QVBoxLayout()
        notes.setSpacing(0)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.editor, 1)
        beside.addWidget(self._upright)
        notes.addLayout(beside, 1)
        notes.addWidget(self._across)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.parts)
        body.addLayout(notes, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 1, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tools())
        layout.addLayout(body, 1)

    def _tools(self) -> QHBoxLayout:
        editor = self.editor
        self._pen = tool("pen-line", "Draw notes (double-click adds one too)")
        self._pen.setCheckable(True)
        self._pen.toggled.connect(self._on_pen)
        self._division = Choice(DIVISIONS)
        self._division.setToolTip("The grid that notes are set to; hold Shift to leave it aside")
        self._division.set("16")
        self._division.currentIndexChanged.connect(
            lambda _: setattr(editor, "division", int(self._division.value))
        )
        verbs = (
            ("Quantise", "Set notes to the grid (Q)", keys.quantise),
            ("−12", "An octave lower (Shift+Down)", keys.moved_by(semitones=-12)),
            ("+12", "An octave higher (Shift+Up)", keys.moved_by(semitones=12)),
            ("Softer", "Less velocity (Ctrl+Down)", keys.louder(-keys.LOUDER_BY)),
            ("Louder", "More velocity (Ctrl+Up)", keys.louder(keys.LOUDER_BY)),
        )
        buttons = []
        for words, tip, verb in verbs:
            made = button(words, "quiet", "", tip)
            made.clicked.connect(lambda _=False, verb=verb: verb(editor))
            buttons.append(made)
        nearer, farther = tool("zoom-in", "Closer (+)"), tool("zoom-out", "Farther (-)")
        nearer.clicked.connect(lambda: editor.zoom(time=1.25))
        farther.clicked.connect(lambda: editor.zoom(time=0.8))
        self._again = button(
            "Write again", "quiet", "dices", "Write the marked bars again (Ctrl+Shift+W)"
        )
        self._again.clicked.connect(lambda: self._session.attempt(self._session.write_again))
        self.hearing = tool("volume-2", "Hear notes as they are pressed, drawn and moved")
        self.hearing.setCheckable(True)
        close = tool("x", "Close the score")
        close.clicked.connect(self.closed)
        layout = row(
            label("Score", "heading"), self._pen, label("Grid", "muted"), self._division,
            *buttons, self._again, None, self._about, self.hearing, farther, nearer, close,
            spacing=8,
        )  # fmt: skip
        layout.setContentsMargins(12, 6, 8, 6)
        return layout

    def _on_document(self, before: Document, after: Document) -> None:
        music = after.music
        if music is None:
            self._asset = ""
            self._session.mark_passage(None)
            self.worker.forget("score")
            self.editor.show_score(None)
            return
        score = self._session.score
        if score is not None:
            self._show(score, music.midi_asset)
        elif music.midi_asset != self._asset:
            self._read(music.midi_asset)

    def _read(self, asset: str) -> None:
        """Read a score that came from elsewhere, on the thread."""
        data = self._session.assets.read(asset)

        def work() -> _Read | str:
            try:
                score = read_notes(data)
            except ScoreError as problem:
                return f"This score cannot be shown: {problem}."
            return _Read(score, ScoreLayout(score), key_of(score))

        def then(read: _Read | str) -> None:
            if isinstance(read, str):
                self.editor.show_score(None)
                self._about.setText(read)
                return
            self._layout, self._part = read.layout, 0
            self._key, self._keyed = read.key, read.score
            self._session.know_score(asset, read.score)
            self._on_document(self._session.document, self._session.document)

        self.worker.ask("score", work, then)

    def _show(self, score: NoteScore, asset: str) -> None:
        music = self._session.document.music
        assert music is not None
        self._part = min(self._part, max(0, len(score.parts) - 1))
        if self._layout is None or self._layout.score is not score:
            self._layout = ScoreLayout(score, self._layout)
        self.parts.show_score(score, music, self._part)
        self._look(score, music)
        if self._keyed is not score:
            self._find_key(score)
        if asset != self._asset:
            self._asset = asset
            self._showing = True
            self.editor.show_score(self._layout)
            self._showing = False
        self._show_marks()
        self._tell()

    def _look(self, score: NoteScore, music: MusicTrack) -> None:
        part = self._part if score.parts else -1
        silent = music.silent(len(score.parts))
        self.editor.look(Look(part=part, silent=silent, key=self._key))

    def _find_key(self, score: NoteScore) -> None:
        """Find the key of a score that was made or changed here, on the thread."""
        self._keyed = score

        def then(key: tuple[int, str] | None) -> None:
            music = self._session.document.music
            if score is self._keyed and score is self._session.score and music is not None:
                self._key = key
                self._look(score, music)

        self.worker.ask("key", lambda: key_of(score), then)

    def _on_part(self, part: int) -> None:
        self._part = part
        self._on_document(self._session.document, self._session.document)

    def _on_choice(self) -> None:
        """Mark the bars and parts of the notes that are chosen."""
        score, choice = self.editor.score, self.editor.choice
        # A score that comes back changed leaves some notes unchosen; that marks nothing else.
        if score is not None and choice and not self._showing:
            bars = [score.bar_at(note.start_tick) for _, note in choice]
            parts = tuple(sorted({part for part, _ in choice}))
            self._session.mark_passage(Passage(first=min(bars), last=max(bars), parts=parts))
        self._tell()

    def _on_bars(self, first: int, last: int) -> None:
        """Mark bars of all parts; what is locked among them stays anyway."""
        self.editor.choose(frozenset())
        self._session.mark_passage(Passage(first=first, last=last))

    def _open_bar_menu(self, bar: int, at: QPoint) -> None:
        score = self.editor.score
        has_part = score is not None and 0 <= self._part < len(score.parts)
        name = score.parts[self._part].name if score is not None and has_part else ""
        menu = build_bar_menu(self, self._session, bar, part=self._part, part_name=name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def _show_marks(self) -> None:
        """Show the marked and the locked bars in the ruler."""
        music, passage = self._session.document.music, self._session.passage
        locked = frozenset(music.locked_bars) if music is not None else frozenset()
        first, last = (passage.first, passage.last) if passage is not None else (0, -1)
        self.editor.show_marks(BarMarks(first=first, last=last, locked=locked))
        self._again.setEnabled(passage is not None and music is not None)

    def _on_pen(self, on: bool) -> None:
        self.editor.drawing = on

    def _tell(self) -> None:
        """Say how many notes there are, or are chosen."""
        score, count = self.editor.score, len(self.editor.choice)
        if score is None or not score.parts:
            self._about.setText("")
        elif count:
            self._about.setText(f"{count} note{'s' * (count != 1)} chosen")
        else:
            notes = len(score.parts[self._part].notes)
            self._about.setText(f"{notes} notes, {score.bar_count} bars")

    def _show_place(self) -> None:
        """Let the scroll bars follow the view."""
        grid = self.editor.grid
        room_s = grid.notes.width() / grid.px_per_s
        for bar, value, most, page in (
            (
                self._across,
                round(grid.left_s * 1000),
                round(max(0.0, self.editor.length_s + BEYOND_S - room_s) * 1000),
                round(room_s * 1000),
            ),
            (
                self._upright,
                round(grid.top_px),
                round(max(0.0, 128 * grid.row_px - grid.notes.height())),
                round(grid.notes.height()),
            ),
        ):
            bar.blockSignals(True)
            bar.setRange(0, most)
            bar.setPageStep(max(1, page))
            bar.setSingleStep(max(1, page // 10))
            bar.setValue(value)
            bar.blockSignals(False)
