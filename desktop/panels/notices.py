"""What had to give way as something was made, and what there is to know of it, in plain words."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from desktop.icons import pixmap
from desktop.panels.controls import label
from desktop.theme import COLORS

ICON_PX = 14


class Notices(QFrame):
    """One line for each notice; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notices")
        self.setAccessibleName("Notices")
        self._texts: tuple[str, ...] = ()
        self._mark = label("")
        self._mark.setPixmap(pixmap("circle-alert", COLORS.accent, ICON_PX, 1.0))
        self._words = label("", "muted")
        self._words.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(8)
        left = QVBoxLayout()
        left.addWidget(self._mark)
        left.addStretch(1)
        layout.addLayout(left)
        layout.addWidget(self._words, 1)
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        return self._texts

    def show_all(self, texts: tuple[str, ...]) -> None:
        """Show these notices and no others."""
        self._texts = texts
        self._words.setText("\n".join(sentence(text) for text in texts))
        self.setVisible(bool(texts))


def sentence(notice: str) -> str:
    """Write an engine's notice as a sentence."""
    text = notice.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
