"""The history as tiles: as many side by side as fit, stars on those that have some."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.icons import pixmap
from desktop.panels.history_model import HistoryModel
from desktop.theme import COLORS

SMALLEST_TILE_PX = 64
GAP_PX = 4
CORNER_PX = 6.0
STAR_PX = 9
RATING_KEYS = {getattr(Qt.Key, f"Key_{stars}"): stars for stars in range(6)}

Index = QModelIndex | QPersistentModelIndex


class _Tile(QStyledItemDelegate):
    """Paints one picture: cut to a square, framed when chosen."""

    def __init__(self, view: HistoryView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = self._view.history
        inset = GAP_PX / 2
        area = QRectF(option.rect).adjusted(inset, inset, -inset, -inset)  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        outline = QPainterPath()
        outline.addRoundedRect(area, CORNER_PX, CORNER_PX)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.setClipPath(outline)
        painter.fillRect(area, QColor(COLORS.base))
        picture = model.thumbnail(index.row())
        if not picture.isNull():
            painter.drawPixmap(area, picture, _middle(picture))
        kept = model.kept(index.row())
        if kept is not None and kept.rating:
            _paint_stars(painter, area, kept.rating)
        painter.setClipping(False)
        if state & QStyle.StateFlag.State_Selected:
            frame = area.adjusted(1, 1, -1, -1)
            painter.setPen(QPen(QColor(COLORS.picture), 2))
            painter.drawRoundedRect(frame, CORNER_PX - 1, CORNER_PX - 1)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(COLORS.line_strong), 1))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), CORNER_PX, CORNER_PX)
        painter.restore()


class HistoryView(QListView):
    """Tiles of the history; keys 0 to 5 rate, Delete takes away, Enter uses."""

    rated = Signal(int)
    removal_wanted = Signal()
    use_wanted = Signal()

    def __init__(self, model: HistoryModel) -> None:
        super().__init__()
        self.history = model
        self.setModel(model)
        self.setItemDelegate(_Tile(self))
        self.setObjectName("history")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.setUniformItemSizes(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Pictures made so far")
        self.setMinimumHeight(SMALLEST_TILE_PX + GAP_PX)
        self.doubleClicked.connect(lambda index: self.use_wanted.emit())
        self._fit_tiles()

    @property
    def rows(self) -> list[int]:
        """The chosen pictures, in the order they stand."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and key in RATING_KEYS and self.rows:
            self.rated.emit(RATING_KEYS[key])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.rows:
            self.removal_wanted.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.rows:
            self.use_wanted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_tiles()
        super().resizeEvent(event)

    def _fit_tiles(self) -> None:
        """Make the tiles as large as fills the width."""
        # The scroll bar's place stays free, so that tiles do not jump when it comes.
        extent_px = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        bar_px = max(extent_px, self.verticalScrollBar().sizeHint().width())
        room_px = max(SMALLEST_TILE_PX, self.width() - bar_px - 1)
        side_px = room_px // max(1, room_px // (SMALLEST_TILE_PX + GAP_PX))
        if self.gridSize().width() != side_px:
            self.setGridSize(QSize(side_px, side_px))


def _middle(picture: QPixmap) -> QRectF:
    """Return the largest square in the middle of a picture."""
    side = float(min(picture.width(), picture.height()))
    return QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)


def _paint_stars(painter: QPainter, area: QRectF, rating: int) -> None:
    ratio = painter.device().devicePixelRatioF()
    star = pixmap("star-full", COLORS.accent, STAR_PX, ratio)
    width = rating * (STAR_PX + 1) + 5
    back = QRectF(area.left() + 4, area.bottom() - STAR_PX - 8, width, STAR_PX + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(18, 19, 22, 190))
    painter.drawRoundedRect(back, 4, 4)
    for number in range(rating):
        painter.drawPixmap(
            round(back.left() + 3 + number * (STAR_PX + 1)), round(back.top() + 2), star
        )
