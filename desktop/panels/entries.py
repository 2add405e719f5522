"""A list of entries in two lines: a title with its figure, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.panels.layers import Index
from desktop.theme import COLORS, ui_font

ROW_PX = 44
MARGIN_PX = 16
_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `color` is the dot's before its title."""

    title: str
    figure: str = ""
    detail: str = ""
    color: str = COLORS.muted

    @property
    def words(self) -> str:
        """All of it, for those who cannot see and for the tool tip."""
        return "\n".join(x for x in (f"{self.title}  {self.figure}".strip(), self.detail) if x)


class EntryList(QListWidget):
    """Entries that are shown, and read, but not changed."""

    def __init__(self, name: str, empty: str) -> None:
        """Take the list's name for those who cannot see, and what stands in an empty one."""
        super().__init__()
        self.setObjectName("entries")
        self.setAccessibleName(name)
        self._empty = Entry(title=empty, color="")
        self._shown: tuple[Entry, ...] = (self._empty,)
        self.setItemDelegate(_Row(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self._add(0, self._empty)

    @property
    def shown(self) -> tuple[Entry, ...]:
        return self._shown if self._shown != (self._empty,) else ()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these, the first on top; new ones before the present ones only move them."""
        wanted = tuple(entries) or (self._empty,)
        if wanted == self._shown:
            return
        new = wanted.index(self._shown[0]) if self._shown[0] in wanted else len(wanted)
        if wanted[new:] != self._shown[: len(wanted) - new]:
            new = len(wanted)
        if new == len(wanted):
            self.clear()
        for place, entry in enumerate(wanted[:new]):
            self._add(place, entry)
        while self.count() > len(wanted):
            self.takeItem(self.count() - 1)
        self._shown = wanted

    def height_for(self, rows: int) -> int:
        """Return the height of so many rows."""
        return rows * ROW_PX + 2 * self.frameWidth()

    def _add(self, place: int, entry: Entry) -> None:
        item = QListWidgetItem()
        item.setData(_ENTRY, entry)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, entry.words)
        item.setToolTip(entry.words)
        self.insertItem(place, item)


class _Row(QStyledItemDelegate):
    """A dot, a title with its figure at the right, and a line below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(_ENTRY)
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(COLORS.hover))
        inside = area.adjusted(MARGIN_PX, 4, -MARGIN_PX, -5)
        if not entry.color:
            painter.setFont(ui_font(12))
            painter.setPen(QColor(COLORS.muted))
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, entry.title)
            painter.restore()
            return
        upper = QRect(inside.left(), inside.top(), inside.width(), inside.height() // 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(entry.color))
        painter.drawEllipse(QPointF(upper.left() + 4, upper.center().y() + 0.5), 4, 4)
        words = upper.adjusted(18, 0, 0, 0)
        figure_font, title_font = ui_font(12, 500), ui_font(13, 500)
        figure_px = QFontMetrics(figure_font).horizontalAdvance(entry.figure)
        _write(painter, words, entry.figure, figure_font, COLORS.muted, right=True)
        _write(painter, words.adjusted(0, 0, -figure_px - 12, 0), entry.title, title_font)
        below = QRect(words.left(), upper.bottom() + 1, words.width(), upper.height())
        _write(painter, below, entry.detail, ui_font(12), COLORS.muted)
        painter.restore()


def _write(
    painter: QPainter,
    area: QRect,
    text: str,
    font: QFont,
    color: str = COLORS.text,
    *,
    right: bool = False,
) -> None:
    """Write one line that ends in an ellipsis where the room ends."""
    painter.setFont(font)
    painter.setPen(QColor(color))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)
