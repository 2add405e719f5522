"""The card above the memory meter: who holds what, what happened and why, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.messages import size_text
from desktop.panels.controls import Segments, button, caption, label, row, tool
from desktop.panels.entries import Entry, EntryList
from desktop.panels.memory_bar import (
    GROUP_COLORS,
    Part,
    StackedBar,
    device_parts,
    group_of,
    held_parts,
)
from desktop.panels.memory_settings import MemorySettings
from desktop.panels.memory_words import (
    component_words,
    event_figures,
    event_reason,
    event_title,
    is_card,
    operation_words,
    place_words,
    was_asked,
    work_words,
)
from desktop.session import Session
from desktop.theme import COLORS
from engines.api import Change, MemoryEvent, MemoryStatus

SIZE_PX = (560, 656)
LEGEND_COLUMNS = 3
HELD_ROWS = 4
KEPT_EVENTS = 400

TONES = {
    Change.REFUSAL: COLORS.bad,
    Change.RELIEF: COLORS.accent,
    Change.FOREIGN: COLORS.faint,
}


class Legend(QWidget):
    """What the colours of a bar mean, each with its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        for column in range(LEGEND_COLUMNS):
            self._grid.setColumnStretch(column, 1)

    def show_parts(self, parts: tuple[Part, ...]) -> None:
        if parts == self._parts:
            return
        self._parts = parts
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for place, part in enumerate(parts):
            self._grid.addWidget(_Key(part), place // LEGEND_COLUMNS, place % LEGEND_COLUMNS)


class _Key(QWidget):
    """One colour, its name and its bytes."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        dot = StackedBar(8)
        dot.setFixedWidth(8)
        dot.show_parts((part,), part.size_bytes)
        size = label(size_text(part.size_bytes), "number")
        self.setLayout(row(dot, label(part.name, "muted"), size, None, spacing=6))


class MemoryCard(QFrame):
    """Everything about the memory; floats above the strip."""

    closed = Signal()
    end_wanted = Signal()

    def __init__(self, session: Session, settings: MemorySettings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._status = session.host.memory()
        self._last = (0.0, 0)  # when the newest event in the log was, and its number
        self._happened: list[Entry] = []
        self._pages = QStackedWidget()
        self._choice = Segments((("now", "Now", ""), ("settings", "Settings", "")))
        self._choice.chosen.connect(lambda name: self._pages.setCurrentIndex(name == "settings"))
        self._device = label("", "muted")
        self._held_words, self._device_words = label("", "number"), label("", "number")
        self._held_bar, self._device_bar = StackedBar(12), StackedBar(12)
        self._legend = Legend()
        self._held = EntryList("What is in memory", "No model is in memory.")
        self._log = EntryList("What happened to the memory", "Nothing has happened yet.")
        self._free = button("Free memory now", "", "memory-stick")
        self._free.setToolTip("Give back every model that no job works with")
        self._free.clicked.connect(session.free_memory)
        self._end = button("End the engines", "", "power")
        self._end.setToolTip("The last resort: ends their process, which surely frees all it held")
        self._end.clicked.connect(self.end_wanted)
        self._pages.addWidget(self._now())
        self._pages.addWidget(settings)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 12)
        layout.setSpacing(8)
        layout.addLayout(self._head())
        layout.addWidget(self._pages, 1)
        self.resize(*SIZE_PX)
        self.hide()

    def show_status(self, status: MemoryStatus) -> None:
        """Show the memory as it is; a card that is not seen only keeps the events."""
        self._status = status
        self._collect(status.events)
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        status = self._status
        card = is_card(status)
        self._device.setText("NVIDIA card" if card else "Main memory")
        caption(self._free, "Free the card now" if card else "Free memory now")
        self._free.setEnabled(any(not resident.leased for resident in status.residents))
        self._end.setEnabled(was_asked(status))
        self._show_bars(status)
        self._show_held(status, on_card=card)
        self._log.show_entries(self._happened)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._refresh()
        self.setFocus()

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 10, 0)
        head.setSpacing(12)
        close = tool("x", "Close (Esc)")
        close.clicked.connect(self.hide)
        close.clicked.connect(self.closed)
        head.addWidget(label("Memory", "heading"))
        head.addWidget(self._device, 1)
        head.addWidget(self._choice)
        head.addWidget(close)
        return head

    def _now(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(8)
        bars = QVBoxLayout()
        bars.setContentsMargins(16, 0, 16, 4)
        bars.setSpacing(6)
        bars.addLayout(row(label("The engines", "field"), None, self._held_words))
        bars.addWidget(self._held_bar)
        bars.addSpacing(6)
        bars.addLayout(row(label("The whole device", "field"), None, self._device_words))
        bars.addWidget(self._device_bar)
        bars.addSpacing(2)
        bars.addWidget(self._legend)
        layout.addLayout(bars)
        for title, entries in (("In memory", self._held), ("What happened", self._log)):
            heading = label(title, "heading")
            heading.setContentsMargins(16, 6, 0, 0)
            layout.addWidget(heading)
            layout.addWidget(entries, 1 if entries is self._log else 0)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 4, 16, 0)
        foot.addWidget(self._free)
        foot.addStretch(1)
        foot.addWidget(self._end)
        layout.addLayout(foot)
        return page

    def _show_bars(self, status: MemoryStatus) -> None:
        if not was_asked(status):
            self._held_words.setText("at rest")
            self._device_words.setText("not asked yet")
        else:
            used, budget = size_text(status.used_bytes), size_text(status.budget_bytes)
            self._held_words.setText(f"{used} of {budget}")
            held_bytes = status.used_bytes + status.foreign_bytes
            free = size_text(max(0, status.total_bytes - held_bytes))
            self._device_words.setText(f"{size_text(status.total_bytes)}, {free} free")
        parts = device_parts(status)
        self._held_bar.show_parts(held_parts(status), status.budget_bytes)
        self._device_bar.show_parts(parts, status.total_bytes)
        self._legend.show_parts(parts)

    def _show_held(self, status: MemoryStatus, *, on_card: bool) -> None:
        works = [
            Entry(
                title=f"Working memory for {operation_words(work.operation)}",
                figure=size_text(work.predicted_bytes),
                detail=work_words(work),
                color=COLORS.accent,
            )
            for work in status.works
        ]
        residents = [
            Entry(
                title=component_words(resident.key),
                figure=size_text(resident.size_bytes),
                detail=place_words(resident, on_card=on_card),
                color=GROUP_COLORS[group_of(resident.engine)],
            )
            for resident in status.residents
        ]
        self._held.show_entries(works + residents)
        rows = min(HELD_ROWS, max(1, len(works) + len(residents)))
        self._held.setFixedHeight(self._held.height_for(rows))

    def _collect(self, events: tuple[MemoryEvent, ...]) -> None:
        """Put what is new first; events of an ended process stay."""
        new = [event for event in events if (event.at_s, event.number) > self._last]
        if new:
            self._last = (new[-1].at_s, new[-1].number)
            happened = [_event_entry(event) for event in reversed(new)]
            self._happened = [*happened, *self._happened][:KEPT_EVENTS]


def _event_entry(event: MemoryEvent) -> Entry:
    engine = event.key.partition(":")[0] if ":" in event.key else event.key.partition(".")[0]
    return Entry(
        title=event_title(event),
        figure=event_figures(event),
        detail=event_reason(event),
        color=TONES.get(event.change) or GROUP_COLORS[group_of(engine)],
    )
