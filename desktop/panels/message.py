"""The message bar: one plain sentence over the canvas, never in the way."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.icons import pixmap
from desktop.panels.controls import button, label, tool
from desktop.theme import COLORS

WIDTH_PX = 640
GOOD_STAYS_MS = 5000
TONES = {
    "bad": ("circle-alert", COLORS.bad),
    "info": ("info", COLORS.words),
    "good": ("circle-check", COLORS.good),
}


class MessageBar(QFrame):
    """Floats at the top of `parent`; details on demand."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setObjectName("message")
        self._icon = label("")
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = button("Details", "quiet")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._on_more)
        self._do = button("", "primary")
        self._do.clicked.connect(lambda: self._on_do(self._does))
        self._does: Callable[[], object] = self.hide
        self._other = button("")
        self._other.clicked.connect(lambda: self._on_do(self._other_does))
        self._other_does: Callable[[], object] = self.hide
        self._close = tool("x", "Close this message", small=True)
        self._close.clicked.connect(self.hide)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setFixedHeight(120)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self._icon)
        line.addWidget(self._words, 1)
        line.addWidget(self._more)
        line.addWidget(self._other)
        line.addWidget(self._do)
        line.addWidget(self._close)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 8, 10)
        layout.addLayout(line)
        layout.addWidget(self._details)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def tell(self, sentence: str, *, tone: str = "info", error: Exception | None = None) -> None:
        """Show a sentence; a good one leaves by itself."""
        drawing, color = TONES[tone]
        self._icon.setPixmap(pixmap(drawing, color, 18, self.devicePixelRatioF()))
        self._words.setText(sentence)
        self._details.setPlainText("".join(traceback.format_exception(error)) if error else "")
        self._more.setChecked(False)
        self._details.hide()
        self._more.setVisible(error is not None)
        self._do.hide()
        self._other.hide()
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self._timer.stop()
        if tone == "good":
            self._timer.start(GOOD_STAYS_MS)
        self.show()
        self._place()

    def offer(
        self,
        sentence: str,
        verb: str,
        does: Callable[[], object],
        *,
        other: tuple[str, Callable[[], object]] | None = None,
        tone: str = "info",
        error: Exception | None = None,
    ) -> None:
        """Show a sentence with a button for what can be done about it, or for two ways."""
        self.tell(sentence, tone=tone, error=error)
        self._does = does
        self._do.setText(verb)
        self._do.show()
        if other is not None:
            self._other.setText(other[0])
            self._other_does = other[1]
            self._other.show()
        self._place()

    def _on_do(self, does: Callable[[], object]) -> None:
        self.hide()
        does()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _on_more(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self._place()

    def _place(self) -> None:
        parent = self._over
        width_px = max(200, min(WIDTH_PX, parent.width() - 32))
        self.resize(width_px, self._column.totalHeightForWidth(width_px))
        self.move((parent.width() - self.width()) // 2, 16)
        self.raise_()
