"""A quiet bar above the strip: jobs that waited when the program ended can go on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.icons import pixmap
from desktop.panels.controls import ElidedLabel, button, label, row
from desktop.theme import COLORS

BAR_PX = 44


class WaitingBar(QWidget):
    """One line with two ways; gone once one is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        self._icon = label("")
        self._words = ElidedLabel("", "muted")
        self._go_on = button("Go on", "", "play")
        self._drop = button("Drop", "quiet", "list-x")
        self._go_on.clicked.connect(lambda: self._on_choice(self._goes_on))
        self._drop.clicked.connect(lambda: self._on_choice(self._drops))
        self._goes_on: Callable[[], object] = self.hide
        self._drops: Callable[[], object] = self.hide
        layout = row(self._icon, self._words, self._go_on, self._drop, spacing=10)
        layout.setContentsMargins(20, 0, 16, 0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def offer(self, count: int, goes_on: Callable[[], object], drops: Callable[[], object]) -> None:
        """Say how many jobs waited, and what each button does."""
        self._goes_on, self._drops = goes_on, drops
        self._icon.setPixmap(pixmap("history", COLORS.muted, 16, self.devicePixelRatioF()))
        jobs = "1 job was" if count == 1 else f"{count} jobs were"
        self._words.setText(f"{jobs} waiting when Triptych ended.")
        self.show()

    def _on_choice(self, does: Callable[[], object]) -> None:
        self.hide()
        does()
