"""Zooming and moving the view over the page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsView

STEPS = (
    0.05,
    0.1,
    0.15,
    0.25,
    0.33,
    0.5,
    0.67,
    0.75,
    1.0,
    1.25,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    8.0,
    16.0,
)
"""The zooms that the keys stop at; 1 shows the page in its real size."""

MARGIN_PX = 48
MM_PER_INCH = 25.4


class Navigator:
    """Moves a view; `changed` is called after each change of the zoom.

    The zoom is 1 when a millimetre of the page is one on the screen, as far
    as the screen tells the truth about itself.
    """

    def __init__(self, view: QGraphicsView, changed: Callable[[], None]) -> None:
        self._view = view
        self._changed = changed
        self._fitted = True
        self._dragged_from: QPoint | None = None

    @property
    def fitted(self) -> bool:
        """Whether the page is kept as large as the view allows."""
        return self._fitted

    @property
    def scale(self) -> float:
        """Pixels of the view per millimetre of the page."""
        return self._view.transform().m11()

    @property
    def zoom(self) -> float:
        return self.scale / self._real_scale()

    @property
    def panning(self) -> bool:
        return self._dragged_from is not None

    def fit(self, page: QRectF) -> None:
        """Show the whole page, and keep it so when the view changes its size."""
        self._fitted = True
        room = self._view.viewport().size()
        if page.isEmpty():
            return
        wide = max(room.width() - 2 * MARGIN_PX, 32) / page.width()
        high = max(room.height() - 2 * MARGIN_PX, 32) / page.height()
        self._set_scale(min(wide, high))
        self._view.centerOn(page.center())

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom, keeping the point `at` (of the view; else its middle) where it is."""
        self._fitted = False
        zoom = min(max(zoom, STEPS[0]), STEPS[-1])
        viewport = self._view.viewport().rect()
        at = at or QPointF(viewport.center())
        before = self._view.viewportTransform().inverted()[0].map(at)
        self._set_scale(zoom * self._real_scale())
        moved = self._view.viewportTransform().map(before) - at
        self.pan(QPoint(round(-moved.x()), round(-moved.y())))

    def step(self, up: bool, at: QPointF | None = None) -> None:
        """Go to the next zoom of `STEPS`."""
        zoom = self.zoom
        if up:
            goal = next((x for x in STEPS if x > zoom * 1.01), STEPS[-1])
        else:
            goal = next((x for x in reversed(STEPS) if x < zoom / 1.01), STEPS[0])
        self.zoom_to(goal, at)

    def begin_pan(self, at: QPoint) -> None:
        self._dragged_from = at

    def pan_to(self, at: QPoint) -> None:
        """Follow the pointer since `begin_pan`."""
        if self._dragged_from is not None:
            self.pan(at - self._dragged_from)
            self._dragged_from = at

    def end_pan(self) -> None:
        self._dragged_from = None

    def pan(self, by: QPoint) -> None:
        """Move what is shown by so many pixels."""
        self._fitted = False
        across, down = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() - by.x())
        down.setValue(down.value() - by.y())

    def _set_scale(self, scale: float) -> None:
        factor = scale / self.scale
        self._view.scale(factor, factor)
        self._changed()

    def _real_scale(self) -> float:
        return max(self._view.logicalDpiX(), 24) / MM_PER_INCH
