"""The field that says through which soundfont scores sound."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.panels.controls import button, caption, row, tool
from desktop.session import Session

OUR_SOUNDFONT = "FluidR3 Mono"


class SoundfontField(QWidget):
    """The user's own soundfont, or ours."""

    wanted = Signal()  # another is to be chosen

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._choose = button("", "quiet", "", "Choose an SF2 or SF3 soundfont of your own")
        self._choose.clicked.connect(self.wanted)
        self._ours = tool("x", "Use the soundfont of Triptych")
        self._ours.clicked.connect(lambda: session.use_soundfont(""))
        layout = row(self._choose, None, self._ours)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        session.soundfont_changed.connect(self.show_path)
        self.show_path(session.soundfont)

    def show_path(self, path: str) -> None:
        """Show which soundfont is used; empty is ours."""
        caption(self._choose, Path(path).name if path else OUR_SOUNDFONT)
        self._ours.setVisible(bool(path))
