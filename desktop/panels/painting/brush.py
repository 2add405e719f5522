"""A mask painted over a picture: a brush, an eraser, a rectangle, and steps back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.panels.painting.areas import empty_mask, is_empty
from desktop.theme import COLORS

MOST_STEPS = 30
VEIL = 0.55
"""How strongly the mask lies over the picture."""

BRUSH, ERASER, FRAME = "brush", "eraser", "frame"
SMALLEST, LARGEST = 0.01, 0.5


class MaskBrush(QWidget):
    """Shows a picture, or an empty frame of its shape, and the mask that is painted on it.

    The left button paints with the tool, the right one erases; [ and ] change
    the brush's size, Ctrl+Z takes a stroke back, Delete clears.
    """

    changed = Signal()

    def __init__(self, height_px: int) -> None:
        super().__init__()
        self.tool = BRUSH
        self.breadth = 0.12  # of the picture's longer side
        self._height_px = height_px
        self._picture = QPixmap()
        self._mask = empty_mask(64, 64)
        self._steps: list[QImage] = []
        self._from: QPointF | None = None
        self._to = QPointF()
        self._erases = False
        self._hover: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The mask: paint what is meant")

    def sizeHint(self) -> QSize:
        return QSize(240, self._height_px)

    @property
    def image(self) -> QImage:
        return self._mask

    @property
    def empty(self) -> bool:
        return is_empty(self._mask)

    @property
    def can_undo(self) -> bool:
        return bool(self._steps)

    def show_shape(self, width_px: int, height_px: int, picture: QPixmap | None = None) -> None:
        """Begin anew on a picture, or on an empty frame of this shape."""
        self._picture = picture or QPixmap()
        self._mask = empty_mask(width_px, height_px)
        self._steps = []
        self.update()

    def put(self, mask: QImage) -> None:
        """Take another mask as one step."""
        self._remember()
        self._mask = mask
        self._tell()

    def show_mask(self, mask: QImage) -> None:
        """Begin with a mask; no step leads back."""
        self._mask = mask
        self._steps = []
        self.update()

    def clear(self) -> None:
        if not self.empty:
            self.put(empty_mask(self._mask.width(), self._mask.height()))

    def invert(self) -> None:
        turned = self._mask.copy()
        turned.invertPixels()
        self.put(turned)

    def undo(self) -> None:
        if self._steps:
            self._mask = self._steps.pop()
            self._tell()

    def event(self, event: QEvent) -> bool:
        # Else the window's own Ctrl+Z and Delete would take them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo)
            if (undo and self.can_undo) or event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.clear()
        elif event.key() in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            step = 1.25 if event.key() == Qt.Key.Key_BracketRight else 0.8
            self.breadth = min(LARGEST, max(SMALLEST, self.breadth * step))
            self.update()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._erases = event.button() == Qt.MouseButton.RightButton or self.tool == ERASER
        self._remember()
        self._from = self._to = self._on_mask(event.position())
        if self.tool != FRAME:
            self._stroke(self._from, self._from)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        if self._from is not None:
            at = self._on_mask(event.position())
            if self.tool != FRAME:
                self._stroke(self._to, at)
            self._to = at
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is not None and self.tool == FRAME:
            painter = QPainter(self._mask)
            color = QColor("black" if self._erases else "white")
            painter.fillRect(QRectF(self._from, self._to).normalized(), color)
            painter.end()
        self._from = None
        self._tell()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        area = self._area()
        painter.fillRect(area, QColor(COLORS.base))
        if not self._picture.isNull():
            painter.drawPixmap(area, self._picture, QRectF(self._picture.rect()))
        veil = QImage(self._mask.size(), QImage.Format.Format_ARGB32)
        veil.fill(QColor(COLORS.picture))
        veil.setAlphaChannel(self._mask)
        painter.setOpacity(VEIL)
        painter.drawImage(area, veil)
        painter.setOpacity(1.0)
        painter.setPen(QPen(QColor(COLORS.accent if self.hasFocus() else COLORS.line_strong), 1))
        painter.drawRect(area)
        self._paint_tool(painter, area)
        painter.end()

    def _paint_tool(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(QColor(COLORS.text), 1))
        if self.tool == FRAME:
            if self._from is not None:
                scale = area.width() / self._mask.width()
                corner = area.topLeft()
                framed = QRectF(corner + self._from * scale, corner + self._to * scale)
                painter.drawRect(framed.normalized())
        elif self._hover is not None:
            radius = self.breadth * max(area.width(), area.height()) / 2
            painter.drawEllipse(self._hover, radius, radius)

    def _area(self) -> QRectF:
        """Return where the picture is shown: as large as fits, in the middle."""
        size = self._mask.size().scaled(self.size_px(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(0.5, 0.5, max(1, size.width()), max(1, size.height()))
        area.moveCenter(QRectF(self.rect()).center())
        return area

    def size_px(self) -> QSize:
        """Return the room there is for the picture."""
        return QSize(max(1, self.width() - 2), max(1, self.height() - 2))

    def _on_mask(self, at: QPointF) -> QPointF:
        area = self._area()
        return (at - area.topLeft()) * (self._mask.width() / area.width())

    def _stroke(self, start: QPointF, end: QPointF) -> None:
        painter = QPainter(self._mask)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.breadth * max(self._mask.width(), self._mask.height())
        pen = QPen(QColor("black" if self._erases else "white"), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        if start == end:
            painter.drawPoint(start)
        else:
            painter.drawLine(start, end)
        painter.end()
        self.update()

    def _remember(self) -> None:
        self._steps = [*self._steps, self._mask.copy()][-MOST_STEPS:]

    def _tell(self) -> None:
        self.update()
        self.changed.emit()
