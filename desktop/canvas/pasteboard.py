"""The pasteboard: a view with the page on it that can be zoomed and moved about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from desktop.canvas import palette
from desktop.canvas.navigation import Navigator
from desktop.render.colors import color

AROUND_PAGES = 3.0
"""How many pages' lengths of pasteboard lie around the page."""

SHADOW_PX = 30
WHEEL_STEP = 120.0
ZOOM_PER_STEP = 1.18


class Pasteboard(QGraphicsView):
    """Ctrl and wheel or a pinch zoom; wheel, space or middle button and drag move."""

    zoom_changed = Signal(float)
    space_tapped = Signal()  # pressed and let go without moving the view
    looked = Signal()  # another part of the page, or another zoom

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page_mm = QSizeF()
        self._paper = "#ffffff"
        self._space = False
        self._space_used = False
        self.setScene(QGraphicsScene(self))
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.navigator = Navigator(self, self._on_zoom)

    def set_page(self, size_mm: QSizeF, paper: str) -> None:
        """Lay another page on the pasteboard and show all of it; `paper` is its colour."""
        if (size_mm, paper) == (self._page_mm, self._paper):
            return
        resized = size_mm != self._page_mm
        self._page_mm, self._paper = size_mm, paper
        if resized:
            around = max(size_mm.width(), size_mm.height()) * AROUND_PAGES
            self.setSceneRect(self.page_rect().adjusted(-around, -around, around, around))
            self.fit()
        self.viewport().update()

    def page_rect(self) -> QRectF:
        """Return the page, in millimetres."""
        return QRectF(QPointF(0, 0), self._page_mm)

    def sight(self) -> QRectF:
        """Return what is in view, in millimetres."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def fit(self) -> None:
        """Show the whole page, now and whenever the view changes its size."""
        self.navigator.fit(self.page_rect())

    def zoom_in(self) -> None:
        self.navigator.step(up=True)

    def zoom_out(self) -> None:
        self.navigator.step(up=False)

    def zoom_to(self, zoom: float) -> None:
        """Show the page at a part of its real size; 1 is real size."""
        self.navigator.zoom_to(zoom)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.pixelDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            steps = event.angleDelta().y() / WHEEL_STEP
            zoom = self.navigator.zoom * ZOOM_PER_STEP**steps
            self.navigator.zoom_to(zoom, event.position())
        else:
            by = delta if not delta.isNull() else event.angleDelta() / 2
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not by.x():
                by = QPoint(by.y(), 0)
            self.navigator.pan(by)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                zoom = self.navigator.zoom * (1.0 + event.value())
                self.navigator.zoom_to(zoom, event.position())
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_used = False
            self._hold(True)
        elif ctrl and event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif ctrl and event.key() == Qt.Key.Key_Minus:
            self.zoom_out()
        elif ctrl and event.key() == Qt.Key.Key_0:
            self.fit()
        elif ctrl and event.key() == Qt.Key.Key_1:
            self.zoom_to(1.0)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold(False)
            if not self._space_used:
                self.space_tapped.emit()
        else:
            super().keyReleaseEvent(event)

    def begins_pan(self, event: QMouseEvent) -> bool:
        """Take a press that moves the view; True if it was one."""
        middle = event.button() == Qt.MouseButton.MiddleButton
        if not (middle or (self._space and event.button() == Qt.MouseButton.LeftButton)):
            return False
        self.start_pan(event)
        return True

    def start_pan(self, event: QMouseEvent) -> None:
        """Move the view with the pointer until `ends_pan`."""
        self._space_used = True
        self.navigator.begin_pan(event.position().toPoint())
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def ends_pan(self) -> bool:
        """Let go of the view; True if it was held."""
        if not self.navigator.panning:
            return False
        self.navigator.end_pan()
        self._hold(self._space)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.navigator.fitted:
            self.fit()
        self.looked.emit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        # The marks are drawn in the view's pixels and must not be scrolled along.
        self.viewport().update()
        self.looked.emit()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, palette.PASTEBOARD)
        page = self.viewportTransform().mapRect(self.page_rect())
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for grown in range(SHADOW_PX, 0, -3):
            # Rings add up towards the page.
            painter.setBrush(palette.faint(palette.SHADOW, 5 + (SHADOW_PX - grown) // 3))
            soft = page.adjusted(-grown, -grown + 8, grown, grown + 8)
            painter.drawRoundedRect(soft, grown, grown)
        painter.setBrush(palette.LINE_STRONG)
        painter.drawRect(page.adjusted(-1, -1, 1, 1))
        painter.restore()
        painter.fillRect(self.page_rect(), color(self._paper))

    def _hold(self, held: bool) -> None:
        self._space = held
        shape = Qt.CursorShape.OpenHandCursor if held else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _on_zoom(self) -> None:
        self.viewport().update()
        self.zoom_changed.emit(self.navigator.zoom)
        self.looked.emit()
