"""The memory meter in the strip: what the engines hold of the memory they may have."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy

from desktop.messages import size_text
from desktop.panels.controls import label, row
from desktop.panels.memory_bar import StackedBar, held_parts
from desktop.panels.memory_card import SIZE_PX, MemoryCard
from desktop.panels.memory_settings import MemorySettings
from desktop.panels.memory_words import component_words, event_title, is_card, was_asked
from desktop.session import Session
from desktop.settings import Settings
from engines.api import MemoryStatus

LOOK_INTERVAL_MS = 500
"""The status is one value that the host keeps at hand; looking costs nothing."""

BAR_PX = (112, 6)
EDGE_PX = 8


class MemoryMeter(QPushButton):
    """Used of budget; a press opens the card with all the rest."""

    end_wanted = Signal()  # the user wants the engines to end

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._seen: MemoryStatus | None = None
        self._settings = MemorySettings()
        self._settings.changed.connect(self._on_settings)
        self._card: MemoryCard | None = None
        self.setProperty("role", "quiet")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._words = label("", "number")
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._bar = StackedBar(BAR_PX[1])
        self._bar.setFixedWidth(BAR_PX[0])
        self._inside = row(self._words, self._bar, spacing=10)
        self._inside.setContentsMargins(8, 0, 8, 0)
        self.setLayout(self._inside)
        self.clicked.connect(self.toggle_card)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self.look()

    def sizeHint(self) -> QSize:
        """Qt's own hint knows only of a button's text."""
        inside = self._inside.sizeHint()
        return QSize(inside.width(), max(30, inside.height()))

    @property
    def choices(self) -> dict[str, Any]:
        """Return what the settings keep."""
        return self._settings.choices

    @property
    def card(self) -> MemoryCard:
        """The card above the meter, built when it is first wanted."""
        if self._card is None:
            window = self.window()
            self._card = MemoryCard(self._session, self._settings, window)
            self._card.end_wanted.connect(self.end_wanted)
            self._card.closed.connect(self._on_closed)
            window.installEventFilter(self)
            self._card.show_status(self._session.host.memory())
        return self._card

    def show_settings(self, settings: Settings) -> None:
        """Take over what was kept, without telling the engines: they began with it."""
        self._settings.show_settings(settings)
        self._session.let_jobs_change_places(settings.jobs_change_places)

    def toggle_card(self) -> None:
        self.show_card(self.card.isHidden())

    def show_card(self, shown: bool) -> None:
        self.card.setVisible(shown)
        self.setChecked(shown)
        if shown:
            self._place()

    def look(self) -> None:
        """Show the memory as it is now."""
        status = self._session.host.memory()
        if status == self._seen:
            return
        self._seen = status
        device = "GPU" if is_card(status) else "Memory"
        if was_asked(status):
            used, budget = size_text(status.used_bytes), size_text(status.budget_bytes)
            words = f"{device}  {used} of {budget}"
        else:
            words = f"{device}  at rest"
        self._words.setText(words)
        self._bar.show_parts(held_parts(status), status.budget_bytes)
        self.setAccessibleName(f"{words}. Show what holds it")
        self.setToolTip(_tip(status))
        self.updateGeometry()
        if self._card is not None:
            self._card.show_status(status)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        """Put the card above the meter, within the window."""
        card, window = self.card, self.window()
        above = self.mapTo(window, self.rect().topRight())
        width_px, height_px = SIZE_PX
        card.resize(
            min(width_px, window.width() - 2 * EDGE_PX), min(height_px, above.y() - 2 * EDGE_PX)
        )
        left = min(above.x(), window.width() - EDGE_PX) - card.width()
        card.move(max(EDGE_PX, left), max(EDGE_PX, above.y() - card.height() - EDGE_PX))
        card.raise_()

    def _on_closed(self) -> None:
        self.setChecked(False)
        self.setFocus()

    def _on_settings(self, settings: Settings) -> None:
        self._session.configure_memory(settings.memory_options)
        self._session.let_jobs_change_places(settings.jobs_change_places)


def _tip(status: MemoryStatus) -> str:
    """Name what is held, and what happened last."""
    lines = [
        f"{component_words(x.key)}: {size_text(x.size_bytes)}" + (", at work" if x.leased else "")
        for x in status.residents
    ]
    if status.events:
        last = status.events[-1]
        lines.append(f"{event_title(last)} ({last.reason})" if last.reason else event_title(last))
    return "\n".join(lines) or "No model is in memory."
