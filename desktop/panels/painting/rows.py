"""A list that grows: one card for each thing in use, and a button for one more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.panels.controls import ElidedLabel, button, row, tool

Card = TypeVar("Card", bound=QWidget)


class _Told(QObject):
    changed = Signal()


class Cards(Generic[Card]):
    """Cards of one kind, in order."""

    def __init__(self, add_words: str, title: str, make: Callable[[], Card], most: int) -> None:
        """Take what makes an empty card, and how many there may be."""
        self._title = title
        self._make = make
        self._most = most
        self._told = _Told()
        self.changed = self._told.changed
        self._cards: list[tuple[Card, QFrame, ElidedLabel]] = []
        self.widget = QWidget()
        self._column = QVBoxLayout(self.widget)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.more = button(add_words, "quiet", "plus")
        self.more.clicked.connect(lambda: self.add())
        self._column.addLayout(row(self.more, None))

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(card for card, _, _ in self._cards)

    def add(self) -> Card:
        """Add an empty card."""
        card = self._make()
        frame = QFrame()
        frame.setObjectName("box")
        title = ElidedLabel("", "field")
        away = tool("x", f"Without this {self._title.lower()}", small=True)
        head = row(title, away)
        head.setStretch(0, 1)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(10, 4, 6, 10)
        inside.setSpacing(8)
        inside.addLayout(head)
        inside.addWidget(card)
        entry = (card, frame, title)
        away.clicked.connect(lambda: self._remove(entry))
        self._column.insertWidget(len(self._cards), frame)
        self._cards.append(entry)
        self._number()
        return card

    def clear(self) -> None:
        for _, frame, _ in self._cards:
            frame.hide()
            frame.deleteLater()
        self._cards = []
        self._number()

    def _remove(self, entry: tuple[Card, QFrame, ElidedLabel]) -> None:
        self._cards.remove(entry)
        entry[1].hide()
        entry[1].deleteLater()
        self._number()

    def _number(self) -> None:
        for number, (_, _, title) in enumerate(self._cards, 1):
            title.setText(self._title if len(self._cards) == 1 else f"{self._title} {number}")
        self.more.setVisible(len(self._cards) < self._most)
        self.changed.emit()
