"""Rows with a picture each: the list that shows thousands of models without waiting."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.icons import icon
from desktop.jobs import Lane
from desktop.panels.layers import Index
from desktop.render.pictures import PictureError, decode
from desktop.session import Session
from desktop.theme import COLORS, ui_font
from engines.api import Run

ROW_PX = 64
TILE_PX = 48
PAD_PX = 12
SETTLED_MS = 60
"""Pictures are read once the list has come to rest."""

LARGEST_PREVIEW_BYTES = 32_000_000
KEPT = 400
AT_ONCE = 16
_ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list; `key` is what it stands for, `color` that of its tile and icon."""

    key: str
    title: str
    detail: str = ""
    figure: str = ""
    note: str = ""
    note_color: str = COLORS.muted
    preview: str = ""
    icon: str = "image"
    color: str = COLORS.muted
    words: str = ""


class Thumbnails(QObject):
    """Small copies of pictures on the disk, read on another thread, the newest kept."""

    came = Signal()

    def __init__(self, session: Session, side_px: int) -> None:
        super().__init__()
        self._session = session
        self._side_px = side_px
        self._known: OrderedDict[str, QPixmap] = OrderedDict()
        self._asked: set[str] = set()

    def get(self, path: str) -> QPixmap | None:
        """Return a picture if it was read; an empty one could not be."""
        if path in self._known:
            self._known.move_to_end(path)
        return self._known.get(path)

    def ask(self, paths: Sequence[str]) -> None:
        """Read those that are not known yet."""
        wanted = [p for p in dict.fromkeys(paths) if p and p not in self._known]
        new = tuple(p for p in wanted if p not in self._asked)[:AT_ONCE]
        if not new:
            return
        self._asked.update(new)
        side_px = self._side_px

        def work(run: Run) -> list[tuple[str, QImage]]:
            found = []
            for path in new:
                run.token.check()
                found.append((path, _small(Path(path), side_px)))
            return found

        def then(found: list[tuple[str, QImage]]) -> None:
            self._asked.difference_update(new)
            for path, image in found:
                self._known[path] = QPixmap.fromImage(image)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            self.came.emit()

        self._session.jobs.submit(
            "Reading previews", work, then, Lane.FILE, kind="models", quiet=True
        )


def _small(path: Path, side_px: int) -> QImage:
    """Read a picture that fills a square of that side; an empty one if it cannot be read."""
    try:
        if path.stat().st_size > LARGEST_PREVIEW_BYTES:
            return QImage()
        image = decode(path.read_bytes(), longest_px=4 * side_px)
    except (OSError, PictureError):
        return QImage()
    mode = Qt.TransformationMode.SmoothTransformation
    return image.scaled(
        QSize(side_px, side_px), Qt.AspectRatioMode.KeepAspectRatioByExpanding, mode
    )


class _Rows(QAbstractListModel):
    """The rows that are shown now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show(self, rows: tuple[Row, ...]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(x for x in (row.title, row.detail, row.figure, row.note) if x)
        return None


class RowList(QListView):
    """The list; `looked` tells the key of the row that is looked at."""

    looked = Signal(str)
    rested = Signal()  # other rows may be in sight now

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        self.setObjectName("models")
        self.setAccessibleName(name)
        self.empty_words = ""
        self._rows = _Rows(self)
        self.thumbnails = Thumbnails(session, 2 * TILE_PX)
        self.thumbnails.came.connect(self.viewport().update)
        self.thumbnails.came.connect(self._ask_pictures)
        self.setModel(self._rows)
        self.setItemDelegate(_Painter(self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED_MS)
        self._timer.timeout.connect(self._on_rest)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._timer.start())
        self.selectionModel().currentChanged.connect(self._on_current)

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows.rows

    @property
    def key(self) -> str:
        """What the row that is looked at stands for; empty for none."""
        row = self.currentIndex().data(_ROW)
        return row.key if isinstance(row, Row) else ""

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these; the row that is looked at stays so if it is among them."""
        if rows == self.rows:
            return
        before, at = self.key, self.verticalScrollBar().value()
        self._rows.show(rows)
        keys = [row.key for row in rows]
        if keys:
            place = keys.index(before) if before in keys else 0
            self.setCurrentIndex(self._rows.index(place))
        if before in keys:
            self.verticalScrollBar().setValue(at)
        else:
            self.scrollToTop()
        self._timer.start()
        if self.key != before:
            self.looked.emit(self.key)

    def choose(self, key: str) -> None:
        """Look at a row, if it is there."""
        keys = [row.key for row in self.rows]
        if key in keys:
            self.setCurrentIndex(self._rows.index(keys.index(key)))

    def in_sight(self) -> tuple[Row, ...]:
        """Return the rows that can be seen."""
        first = self.indexAt(self.viewport().rect().topLeft()).row()
        last = self.indexAt(self.viewport().rect().bottomLeft()).row()
        if first < 0:
            return ()
        return self.rows[first : (last if last >= 0 else len(self.rows) - 1) + 1]

    def paintEvent(self, event: Any) -> None:
        super().paintEvent(event)
        if self.rows or not self.empty_words:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QColor(COLORS.muted))
        painter.setFont(ui_font(13))
        inside = self.viewport().rect().adjusted(48, 0, -48, 0)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(inside, int(flags), self.empty_words)
        painter.end()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._timer.start()

    def _on_current(self, current: Index, before: Index) -> None:
        self.looked.emit(self.key)

    def _on_rest(self) -> None:
        self._ask_pictures()
        self.rested.emit()

    def _ask_pictures(self) -> None:
        self.thumbnails.ask([row.preview for row in self.in_sight()])


class _Painter(QStyledItemDelegate):
    """A tile, a title above a line of detail, and at the right a figure above a note."""

    def __init__(self, view: RowList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(320, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(_ROW)
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        self._ground(painter, area, state)
        top = area.top() + (ROW_PX - TILE_PX) // 2
        self._tile(painter, QRectF(area.left() + PAD_PX, top, TILE_PX, TILE_PX), row)
        left = area.left() + 2 * PAD_PX + TILE_PX
        words = QRect(left, top + 3, area.right() - PAD_PX - left, TILE_PX // 2 - 3)
        below = words.translated(0, TILE_PX // 2 - 2)
        _pair(painter, words, (row.title, COLORS.text, 13, 500), (row.figure, COLORS.muted))
        _pair(painter, below, (row.detail, COLORS.muted, 12, 400), (row.note, row.note_color))
        painter.restore()

    def _ground(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            ground = QPainterPath()
            ground.addRoundedRect(QRectF(area.adjusted(0, 1, 0, -1)), 8, 8)
            painter.fillPath(ground, QColor(COLORS.hover if selected else COLORS.raised))

    def _tile(self, painter: QPainter, place: QRectF, row: Row) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, 6, 6)
        picture = self._view.thumbnails.get(row.preview) if row.preview else None
        if picture is not None and not picture.isNull():
            painter.save()
            painter.setClipPath(outline)
            side = min(picture.width(), picture.height())
            # The upper part of an upright picture: there the faces are.
            source = QRectF((picture.width() - side) / 2, 0, side, side)
            painter.drawPixmap(place, picture, source)
            painter.restore()
            return
        ground = QColor(row.color)
        ground.setAlphaF(0.14)
        painter.fillPath(outline, ground)
        middle = place.center()
        drawn = QRect(round(middle.x()) - 10, round(middle.y()) - 10, 20, 20)
        icon(row.icon, row.color).paint(painter, drawn)


def _pair(
    painter: QPainter, area: QRect, left: tuple[str, str, int, int], right: tuple[str, str]
) -> None:
    """Write one line: words that end where the room ends, and others at the right."""
    text, color, size_px, weight = left
    noted, note_color = right
    note_font = ui_font(12, 500)
    note_px = QFontMetrics(note_font).horizontalAdvance(noted)
    flags = Qt.AlignmentFlag.AlignVCenter
    if noted:
        painter.setFont(note_font)
        painter.setPen(QColor(note_color))
        painter.drawText(area, flags | Qt.AlignmentFlag.AlignRight, noted)
        area = area.adjusted(0, 0, -note_px - 16, 0)
    font = ui_font(size_px, weight)
    painter.setFont(font)
    painter.setPen(QColor(color))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, flags | Qt.AlignmentFlag.AlignLeft, shown)
