"""The LoRAs in use, and the words that textual inversions add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.panels.controls import Amount, Choice, ElidedLabel, row, tool
from desktop.panels.painting.parts import listed
from engines.api import LoraUse, ModelSpec

STRONGEST = 2.0


class LoraStack(QWidget):
    """The LoRAs in use, each with its weight; another one is chosen from the library."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[LoraUse, QWidget, Amount]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._choice = Choice((("", "Add a LoRA…"),))
        self._choice.setAccessibleName("Add a LoRA")
        self._choice.activated.connect(self._on_chosen)
        self._column.addWidget(self._choice)

    @property
    def values(self) -> tuple[LoraUse, ...]:
        return tuple(LoraUse(path=use.path, weight=a.value) for use, _, a in self._rows)

    @property
    def empty(self) -> bool:
        """Whether there is none in use and none to choose."""
        return not self._rows and self._choice.count() < 2

    def set(self, uses: Sequence[LoraUse]) -> None:
        for _, line, _ in self._rows:
            line.deleteLater()
        self._rows = []
        for use in uses:
            self._add(use)

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these LoRAs."""
        self._choice.refill([("", "Add a LoRA…"), *listed(specs)])

    def _on_chosen(self, index: int) -> None:
        path = self._choice.value
        self._choice.set("")
        if path and path not in {use.path for use, _, _ in self._rows}:
            self._add(LoraUse(path=path))

    def _add(self, use: LoraUse) -> None:
        name = ElidedLabel(PurePath(use.path).stem)
        amount = Amount(-STRONGEST, STRONGEST, use.weight, step=0.05)
        amount.setAccessibleName(f"Weight of {name.text()}")
        away = tool("x", f"Without {name.text()}", small=True)
        line = QWidget()
        layout = row(name, amount, away, spacing=6)
        layout.setStretch(0, 3)
        layout.setStretch(1, 4)
        line.setLayout(layout)
        entry = (use, line, amount)
        away.clicked.connect(lambda: self._remove(entry))
        self._column.insertWidget(len(self._rows), line)
        self._rows.append(entry)

    def _remove(self, entry: tuple[LoraUse, QWidget, Amount]) -> None:
        self._rows.remove(entry)
        entry[1].deleteLater()


class EmbeddingChoice(Choice):
    """Words that embeddings of the library add; choosing one writes it into the prompt.

    Those whose words stand in the prompts are in use.
    """

    word_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__((("", "Add an embedding's word…"),))
        self._offered: tuple[str, ...] = ()
        self._taken: tuple[str, ...] = ()
        self.activated.connect(self._on_chosen)

    @property
    def offered(self) -> bool:
        return bool(self._offered)

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these embeddings."""
        self._offered = tuple(spec.path for spec in specs)
        self.refill([("", "Add an embedding's word…"), *listed(specs)])

    def take(self, paths: Iterable[str]) -> None:
        """Know these as well, which may not be in the library."""
        self._taken = tuple(paths)

    def used_in(self, words: str) -> tuple[str, ...]:
        """Return the paths of those whose names stand in `words`."""
        known = dict.fromkeys((*self._taken, *self._offered))
        return tuple(path for path in known if _stands_in(PurePath(path).stem, words))

    def _on_chosen(self, index: int) -> None:
        path = self.value
        self.set("")
        if path:
            self.word_wanted.emit(PurePath(path).stem)


def _stands_in(name: str, words: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words, re.IGNORECASE) is not None
