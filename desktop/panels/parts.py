"""The parts of the score: which one is worked on, its instrument, level, mute, solo and lock."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.document.instruments import FAMILIES, instrument_name
from desktop.document.model import MusicTrack, PartState
from desktop.document.notes import NoteScore, Part
from desktop.icons import icon
from desktop.panels.controls import ElidedLabel
from desktop.session import Session
from desktop.theme import COLORS, PARTS

LIST_PX = 276
LEVEL_PX = 58
"""How long the slider of a level is."""


class PartRow(QFrame):
    """One part."""

    chosen = Signal(int)

    def __init__(self, session: Session, index: int) -> None:
        super().__init__()
        self._session = session
        self._index = index
        self._state = PartState()
        self.setObjectName("partRow")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._dot = QFrame()
        self._dot.setFixedSize(4, 30)
        color = PARTS[index % len(PARTS)]
        self._dot.setStyleSheet(f"background: {color}; border-radius: 2px;")
        self._name = ElidedLabel("", "")
        self._instrument = QToolButton()
        self._instrument.setProperty("role", "link")
        self._instrument.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._instrument.setAccessibleName("Instrument")
        self._level = QSlider(Qt.Orientation.Horizontal)
        self._level.setRange(0, 127)
        self._level.setFixedWidth(LEVEL_PX)
        self._level.setAccessibleName("Level")
        self._level.sliderReleased.connect(self._on_level)
        self._mute = _switch("M", "Mute: this part is not heard")
        self._solo = _switch("S", "Solo: only such parts are heard")
        self._lock = QToolButton()
        self._lock.setProperty("role", "small")
        self._lock.setCheckable(True)
        self._lock.setIconSize(QSize(14, 14))
        self._lock.setToolTip("Lock: this part is never written anew")
        self._lock.setAccessibleName("Lock")
        self._mute.clicked.connect(self._on_mute)
        self._solo.clicked.connect(self._on_solo)
        self._lock.clicked.connect(self._on_lock)
        self._lay_out()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._instrument, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(6)
        layout.addWidget(self._dot)
        layout.addLayout(words, 1)
        for widget in (self._level, self._mute, self._solo, self._lock):
            layout.addWidget(widget)

    def show_part(self, part: Part, state: PartState, *, heard: bool, current: bool) -> None:
        """Show how the part is now."""
        self._state = state
        self._name.setText(part.name)
        self._name.setEnabled(heard)
        self._instrument.setText(instrument_name(part.program, drums=part.is_drums))
        self._instrument.setEnabled(not part.is_drums)
        if not part.is_drums and self._instrument.menu() is None:
            self._instrument.setMenu(self._menu())
        if not self._level.isSliderDown():
            self._level.setValue(part.level)
        self._level.setToolTip(f"Level {part.level} of 127")
        self._mute.setChecked(state.muted)
        self._solo.setChecked(state.soloed)
        self._lock.setChecked(state.locked)
        self._lock.setIcon(
            icon(
                "lock" if state.locked else "lock-open",
                COLORS.accent if state.locked else COLORS.muted,
            )
        )
        self.setProperty("current", current)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self._index)
        event.accept()

    def _menu(self) -> QMenu:
        """Return General MIDI's instruments, a family a menu."""
        menu = QMenu(self)
        for family, (name, instruments) in enumerate(FAMILIES):
            inside = menu.addMenu(name)
            for number, instrument in enumerate(instruments):
                program = family * 8 + number
                inside.addAction(instrument).triggered.connect(
                    lambda _=False, program=program: self._session.set_program(self._index, program)
                )
        return menu

    def _on_mute(self, on: bool) -> None:
        self._session.set_part("Mute part", self._index, replace(self._state, muted=on))

    def _on_solo(self, on: bool) -> None:
        self._session.set_part("Solo part", self._index, replace(self._state, soloed=on))

    def _on_lock(self, on: bool) -> None:
        self._session.set_part("Lock part", self._index, replace(self._state, locked=on))

    def _on_level(self) -> None:
        self._session.set_level(self._index, self._level.value())


class PartsList(QScrollArea):
    """All parts, one below the other; one of them is worked on."""

    chosen = Signal(int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rows: list[PartRow] = []
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setFixedWidth(LIST_PX)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Parts of the score")

    def show_score(self, score: NoteScore, track: MusicTrack, current: int) -> None:
        """Show the parts of a score, `current` as the one worked on."""
        while len(self._rows) > len(score.parts):
            self._rows.pop().deleteLater()
        while len(self._rows) < len(score.parts):
            made = PartRow(self._session, len(self._rows))
            made.chosen.connect(self.chosen)
            self._column.insertWidget(len(self._rows), made)
            self._rows.append(made)
        silent = track.silent(len(score.parts))
        for index, (row, part) in enumerate(zip(self._rows, score.parts, strict=True)):
            row.show_part(
                part, track.part(index), heard=index not in silent, current=index == current
            )


def _switch(letter: str, tip: str) -> QToolButton:
    made = QToolButton()
    made.setText(letter)
    made.setCheckable(True)
    made.setProperty("role", "switch")
    made.setFixedSize(22, 22)
    made.setToolTip(tip)
    made.setAccessibleName(tip.partition(":")[0])
    return made
