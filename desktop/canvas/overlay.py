"""The marks over the page: selection, handles, guides, the rubber band, a badge with figures.

All is drawn in the view's pixels, so lines stay crisp at every zoom. The
overlay remembers where it drew last, so that only that part is painted anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QTransform

from desktop.canvas import palette
from desktop.canvas.geometry import Handle, corners, on_box
from desktop.canvas.snapping import Guide
from desktop.document.model import Box

HANDLE_PX = 9.0
REACH_PX = 9.0
"""How near the pointer must be to a handle to take hold of it."""

KNOB_PX = 26.0
"""How far the knob for turning stands above the selection."""

SMALL_PX = 34.0
"""Selections smaller than this on the screen have no handles on their sides."""

TOUCHED_MARGIN_PX = 12.0


@dataclass(slots=True)
class Marks:
    """What is to be seen now; all places in millimetres of the page."""

    selected: tuple[Box, ...] = ()
    frame: Box | None = None
    hovered: Box | None = None
    handles: bool = True
    guides: tuple[Guide, ...] = ()
    band: Box | None = None
    drawing: Box | None = None
    badge: str = ""
    drop: bool = False
    page: Box | None = None
    locked: bool = False


@dataclass(slots=True)
class Overlay:
    """Draws the marks and finds the handle under the pointer.

    `to_view` leads from the page to the view's pixels.
    """

    marks: Marks = field(default_factory=Marks)
    to_view: QTransform = field(default_factory=QTransform)

    def handle_at(self, point: QPointF) -> Handle | None:
        """Return the handle at a point of the view, corners first."""
        frame = self.marks.frame
        if frame is None or not self.marks.handles or self.marks.locked:
            return None
        for handle in sorted(self._shown(frame), key=lambda x: not x.is_corner):
            away = self.at(frame, *handle.value) - point
            if max(abs(away.x()), abs(away.y())) <= REACH_PX:
                return handle
        return None

    def knob_at(self, point: QPointF) -> bool:
        """Say whether the knob for turning is at a point of the view."""
        frame = self.marks.frame
        if frame is None or not self.marks.handles or self.marks.locked:
            return False
        away = self._knob(frame) - point
        return max(abs(away.x()), abs(away.y())) <= REACH_PX + 2

    def at(self, box: Box, across: float, down: float) -> QPointF:
        point: QPointF = self.to_view.map(QPointF(*on_box(box, across, down)))
        return point

    def region(self) -> QRectF:
        """Return the part of the view the marks cover now."""
        marks, region = self.marks, QRectF()
        boxes = [*marks.selected, marks.frame, marks.hovered, marks.band, marks.drawing]
        for box in boxes:
            if box is not None:
                region = region.united(self._polygon(box).boundingRect())
        if marks.frame is not None:
            region |= QRectF(self._knob(marks.frame), self._knob(marks.frame)).adjusted(
                -2, -2, 2, 2
            )
            low = self._lowest(marks.frame)
            region |= QRectF(low.x() - 110, low.y(), 220, 40)
        for guide in marks.guides:
            line = self._line(guide)
            region |= QRectF(*line).normalized().adjusted(-1, -1, 1, 1)
        if marks.drop and marks.page is not None:
            region |= self._polygon(marks.page).boundingRect()
        margin = TOUCHED_MARGIN_PX
        return region.adjusted(-margin, -margin, margin, margin)

    def paint(self, painter: QPainter) -> None:
        """Draw in the view's pixels."""
        marks = self.marks
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if marks.drop and marks.page is not None:
            self._paint_drop(painter, marks.page)
        if marks.hovered is not None:
            self._outline(painter, marks.hovered, QPen(palette.ACCENT, 1.5))
        for box in marks.selected if len(marks.selected) > 1 else ():
            self._outline(painter, box, QPen(palette.faint(palette.ACCENT, 150), 1.0))
        self._paint_guides(painter)
        if marks.frame is not None:
            self._paint_frame(painter, marks.frame)
        if marks.drawing is not None:
            self._outline(painter, marks.drawing, QPen(palette.ACCENT, 1.5))
        if marks.band is not None:
            rect = self._polygon(marks.band).boundingRect()
            painter.setPen(QPen(palette.ACCENT, 1.0))
            painter.setBrush(palette.faint(palette.ACCENT, 36))
            painter.drawRect(_crisp(rect))
        if marks.badge:
            anchor = marks.frame or marks.drawing
            if anchor is not None:
                self._paint_badge(painter, self._lowest(anchor), marks.badge)

    def _shown(self, frame: Box) -> list[Handle]:
        """Return the handles there is room for."""
        size = QPointF(self.at(frame, 1, 0) - self.at(frame, -1, 0))
        tall = QPointF(self.at(frame, 0, 1) - self.at(frame, 0, -1))
        wide_px = abs(size.x()) + abs(size.y())
        tall_px = abs(tall.x()) + abs(tall.y())
        shown = []
        for handle in Handle:
            across, down = handle.value
            no_room = (not across and wide_px < SMALL_PX) or (not down and tall_px < SMALL_PX)
            if not no_room:
                shown.append(handle)
        return shown

    def _knob(self, frame: Box) -> QPointF:
        top, middle = self.at(frame, 0, -1), self.at(frame, 0, 0)
        away = top - middle
        length = max((away.x() ** 2 + away.y() ** 2) ** 0.5, 1e-6)
        knob: QPointF = top + away * (KNOB_PX / length)
        return knob

    def _lowest(self, box: Box) -> QPointF:
        rect = self._polygon(box).boundingRect()
        return QPointF(rect.center().x(), rect.bottom())

    def _polygon(self, box: Box) -> QPolygonF:
        return self.to_view.map(QPolygonF([QPointF(*point) for point in corners(box)]))

    def _outline(self, painter: QPainter, box: Box, pen: QPen) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        polygon = self._polygon(box)
        if not box.rotation_deg:
            polygon = QPolygonF(_crisp(polygon.boundingRect()))
        for line in (QPen(palette.HALO, pen.widthF() + 2.0), pen):
            painter.setPen(line)
            painter.drawPolygon(polygon)

    def _paint_frame(self, painter: QPainter, frame: Box) -> None:
        color = palette.TEXT_DIM if self.marks.locked else palette.ACCENT
        pen = QPen(color, 1.5)
        if self.marks.locked:
            pen.setStyle(Qt.PenStyle.DashLine)
        self._outline(painter, frame, pen)
        if not self.marks.handles or self.marks.locked:
            return
        knob, top = self._knob(frame), self.at(frame, 0, -1)
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(top, knob)
        painter.setBrush(palette.HANDLE)
        painter.drawEllipse(knob, HANDLE_PX / 2, HANDLE_PX / 2)
        for handle in self._shown(frame):
            self._paint_handle(painter, frame, handle)

    def _paint_handle(self, painter: QPainter, frame: Box, handle: Handle) -> None:
        painter.save()
        painter.translate(self.at(frame, *handle.value))
        painter.rotate(frame.rotation_deg)
        half = HANDLE_PX / 2
        if handle.is_corner:
            rect = QRectF(-half, -half, HANDLE_PX, HANDLE_PX)
        elif handle.value[1]:
            rect = QRectF(-half * 1.6, -half * 0.62, HANDLE_PX * 1.6, HANDLE_PX * 0.62)
        else:
            rect = QRectF(-half * 0.62, -half * 1.6, HANDLE_PX * 0.62, HANDLE_PX * 1.6)
        painter.drawRoundedRect(rect, 2.0, 2.0)
        painter.restore()

    def _line(self, guide: Guide) -> tuple[QPointF, QPointF]:
        if guide.upright:
            ends = QPointF(guide.at_mm, guide.start_mm), QPointF(guide.at_mm, guide.end_mm)
        else:
            ends = QPointF(guide.start_mm, guide.at_mm), QPointF(guide.end_mm, guide.at_mm)
        return self.to_view.map(ends[0]), self.to_view.map(ends[1])

    def _paint_guides(self, painter: QPainter) -> None:
        painter.setPen(QPen(palette.GUIDE, 1.0))
        for guide in self.marks.guides:
            start, end = self._line(guide)
            if guide.upright:
                start.setX(round(start.x()) + 0.5)
                end.setX(start.x())
            else:
                start.setY(round(start.y()) + 0.5)
                end.setY(start.y())
            painter.drawLine(start, end)
            for point in (start, end):
                painter.drawLine(point + QPointF(-3, -3), point + QPointF(3, 3))
                painter.drawLine(point + QPointF(-3, 3), point + QPointF(3, -3))

    def _paint_drop(self, painter: QPainter, page: Box) -> None:
        rect = self._polygon(page).boundingRect()
        painter.setPen(QPen(palette.ACCENT, 2.0))
        painter.setBrush(palette.faint(palette.ACCENT, 30))
        painter.drawRect(_crisp(rect))

    def _paint_badge(self, painter: QPainter, below: QPointF, text: str) -> None:
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(text) + 14
        rect = QRectF(below.x() - width / 2, below.y() + 12, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.ACCENT)
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(palette.ON_ACCENT)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _crisp(rect: QRectF) -> QRectF:
    """Put a rectangle's sides on the middle of pixels."""
    left, top = round(rect.left()) + 0.5, round(rect.top()) + 0.5
    return QRectF(left, top, round(rect.right()) + 0.5 - left, round(rect.bottom()) + 0.5 - top)
