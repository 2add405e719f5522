"""The timeline of a scene: transport bar, lanes, and the player that both follow."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollBar, QToolButton, QVBoxLayout, QWidget

from desktop.canvas.lanes import Lanes
from desktop.canvas.score import Score, ScoreError, read_score
from desktop.canvas.shot_menu import add_shot, split_at_playhead
from desktop.canvas.timescale import clock_text
from desktop.canvas.worker import Worker
from desktop.document.ducking import gain_curve
from desktop.document.model import Document, MusicTrack
from desktop.icons import icon
from desktop.player import Player
from desktop.session import Session

ICON_PX = 18
SCROLL_STEPS_PER_S = 100


class TimelineView(QWidget):
    """Shows a session's scene in time and plays it.

    The player's clock moves `session.time_s`; seeking anywhere moves the
    player. Without a `player` it makes its own. `toggle_play` is what the play
    button and the space bar call; the window puts its own there, which first
    has the score made into sound.
    """

    def __init__(
        self, session: Session, parent: QWidget | None = None, *, player: Player | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.player = player if player is not None else Player(self)
        self.worker = Worker("timeline")
        self.destroyed.connect(self.worker.close)
        self.lanes = Lanes(session, self.worker, self)
        self._bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self._music: MusicTrack | None = None
        self._sound_asset = ""
        self._score = Score()
        self.toggle_play: Callable[[], None] = self.player.toggle
        self._build()
        self._connect()
        self._on_document(session.document, session.document)

    def split(self) -> None:
        """Cut the shot at the playhead in two."""
        split_at_playhead(self._session)

    def toggle_loop(self, loop: bool) -> None:
        self.player.loop = loop
        self._loop.setChecked(loop)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggle_play()
        elif event.key() == Qt.Key.Key_S and not event.modifiers():
            self.split()
        elif event.key() == Qt.Key.Key_L and not event.modifiers():
            self.toggle_loop(not self.player.loop)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.lanes.zoom(1.5)
        elif event.key() == Qt.Key.Key_Minus:
            self.lanes.zoom(1 / 1.5)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self._back = self._button("skip-back", "Back to the start (Home)")
        self._play = self._button("play", "Play or pause (Space)")
        self._loop = self._button("repeat", "Play again and again (L)", checkable=True)
        self._split = self._button("scissors", "Split the shot at the playhead (S)")
        self._add = self._button("plus", "Add a shot after this one")
        self._out = self._button("zoom-out", "Show more time (-)")
        self._in = self._button("zoom-in", "Show less time (+)")
        self._fit = self._button("maximize", "Show the whole scene")
        self._readout = QLabel(self)
        self._readout.setTextFormat(Qt.TextFormat.PlainText)
        self._readout.setProperty("role", "number")
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        for widget in (self._back, self._play, self._loop):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self._readout)
        row.addStretch(1)
        for widget in (self._split, self._add):
            row.addWidget(widget)
        row.addSpacing(16)
        for widget in (self._out, self._in, self._fit):
            row.addWidget(widget)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the lanes must not jump when a zoom needs it
        self._bar.setSizePolicy(policy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.lanes, 1)
        column.addWidget(self._bar)

    def _button(self, name: str, tip: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _connect(self) -> None:
        clicks: tuple[tuple[QToolButton, Callable[[], None]], ...] = (
            (self._back, lambda: self._on_sought(0.0)),
            (self._play, lambda: self.toggle_play()),
            (self._split, self.split),
            (self._add, lambda: add_shot(self._session)),
            (self._out, lambda: self.lanes.zoom(1 / 1.5)),
            (self._in, lambda: self.lanes.zoom(1.5)),
            (self._fit, self.lanes.fit),
        )
        for button, call in clicks:
            button.clicked.connect(lambda checked=False, c=call: c())
        self._loop.toggled.connect(self.toggle_loop)
        self._session.document_changed.connect(self._on_document)
        self._session.time_changed.connect(self._on_session_time)
        self.player.time_changed.connect(self._on_player_time)
        self.player.state_changed.connect(self._on_state)
        self.player.sound_changed.connect(self._show_music)
        self.lanes.sought.connect(self._on_sought)
        self.lanes.scrolled.connect(self._on_scrolled)
        self._bar.valueChanged.connect(self._on_bar)

    def _on_sought(self, time_s: float) -> None:
        self.player.seek(time_s)
        self._session.seek(time_s)

    def _on_player_time(self, time_s: float) -> None:
        if self._session.document.shots:
            self._session.seek(time_s)

    def _on_session_time(self, time_s: float) -> None:
        if abs(self.player.time_s - time_s) > 1e-3:
            self.player.seek(time_s)
        self._show_time()

    def _on_state(self, state: str) -> None:
        self._play.setIcon(icon("pause" if self.player.playing else "play"))

    def _on_document(self, before: Document, after: Document) -> None:
        self.player.set_duration(after.duration_s)
        for button in (self._back, self._play, self._loop, self._split):
            button.setEnabled(bool(after.shots))
        if after.music is not self._music:
            self._load_music(after.music)
        if after.music is not None:
            self.player.set_gain(gain_curve(after.music, after.captions))
        self._show_time()
        self._on_scrolled()

    def _load_music(self, music: MusicTrack | None) -> None:
        self._music = music
        assets = self._session.assets
        midi = music.midi_asset if music is not None else ""
        sound = music.sound_asset if music is not None else ""
        if sound != self._sound_asset:
            self._sound_asset = sound
            self.player.load(assets.read(sound) if sound in assets else b"")
        if midi not in assets:
            self.worker.forget("score")
            self._take_score(Score())
            return

        def work() -> Score:
            try:
                return read_score(assets.read(midi))
            except (ScoreError, OSError):
                return Score()

        self.worker.ask("score", work, self._take_score)

    def _take_score(self, score: Score) -> None:
        self._score = score
        self._show_music()

    def _show_music(self) -> None:
        self.lanes.set_music(self._score, self.player.sound if self._sound_asset else None)

    def _show_time(self) -> None:
        now, whole = self._session.time_s, self._session.document.duration_s
        self._readout.setText(f"{clock_text(now)} / {clock_text(whole)}")

    def _on_scrolled(self) -> None:
        length_s, room_s = self._session.document.duration_s, self.lanes.room_s()
        hidden_s = max(length_s - room_s + 100 / self.lanes.scale.px_per_s, 0.0)
        self._bar.blockSignals(True)
        self._bar.setPageStep(round(room_s * SCROLL_STEPS_PER_S))
        self._bar.setRange(0, round(hidden_s * SCROLL_STEPS_PER_S))
        self._bar.setValue(round(self.lanes.scale.offset_s * SCROLL_STEPS_PER_S))
        self._bar.blockSignals(False)
        self._bar.setVisible(self.lanes.scale.offset_s > 0.0 or room_s < length_s)

    def _on_bar(self, value: int) -> None:
        self.lanes.scroll_to(value / SCROLL_STEPS_PER_S)
