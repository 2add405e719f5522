"""The lanes of the timeline as they are seen: zoom, place, pictures, playhead."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from desktop.canvas import palette
from desktop.canvas.lane_painter import NAME_PX, LanePainter, LaneState, lanes_height_px
from desktop.canvas.score import Score
from desktop.canvas.thumbnails import Thumbnails
from desktop.canvas.timescale import HEADER_PX, RULER_PX, SHOTS_PX, Hit, Part, TimeScale
from desktop.canvas.worker import Worker
from desktop.document.model import Document
from desktop.player import Sound
from desktop.session import Session

LEAST_PX_PER_S = 2.0
MOST_PX_PER_S = 800.0
ROOM_RIGHT_PX = 60.0


class LaneView(QWidget):
    """Shows a scene in time. All but the playhead is drawn once into a picture."""

    scrolled = Signal()

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = Thumbnails(session, worker, self.redraw)
        self._shown: Document = session.document
        self._scale = TimeScale(60.0)
        self._fitted = True
        self._picked = Hit(Part.NOTHING)
        self._score = Score()
        self._sound: Sound | None = None
        self._picture: QPixmap | None = None
        self._painted_shot = -1
        self._x = self._scale.x(session.time_s)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumHeight(round(lanes_height_px()))
        session.time_changed.connect(self._on_time)
        self.show_document(session.document)

    @property
    def scale(self) -> TimeScale:
        return self._scale

    @property
    def shown(self) -> Document:
        """The document as it would be if the drag ended now."""
        return self._shown

    def sizeHint(self) -> QSize:
        return QSize(800, round(lanes_height_px()))

    def set_music(self, score: Score | None = None, sound: Sound | None = None) -> None:
        """Show a score and a sound in the music lane."""
        self._score, self._sound = score or Score(), sound
        self.redraw()

    def show_document(self, document: Document, *, passing: bool = False) -> None:
        """Show a document; `passing` is one that a drag would make if it ended now."""
        self._shown = document
        if not passing:
            ratio = self.devicePixelRatioF()
            self._thumbnails.update(document, round((SHOTS_PX - NAME_PX) * ratio))
            if self._fitted:
                self.fit()
        self.redraw()

    def fit(self) -> None:
        """Show the whole scene, and keep it so."""
        self._fitted = True
        room = max(self.width() - HEADER_PX - ROOM_RIGHT_PX, 50.0)
        self._set_scale(room / max(self._shown.duration_s, 1.0), 0.0)

    def zoom(self, factor: float, at_x: float | None = None) -> None:
        """Zoom about a point, else about the playhead."""
        self._fitted = False
        at_x = self._scale.x(self._session.time_s) if at_x is None else at_x
        at_x = min(max(at_x, HEADER_PX), float(self.width()))
        time_s = self._scale.time(at_x)
        px_per_s = min(max(self._scale.px_per_s * factor, LEAST_PX_PER_S), MOST_PX_PER_S)
        self._set_scale(px_per_s, time_s - (at_x - HEADER_PX) / px_per_s)

    def scroll_to(self, offset_s: float) -> None:
        """Put a time at the left side."""
        self._set_scale(self._scale.px_per_s, offset_s)

    def room_s(self) -> float:
        """Return how many seconds there is room for."""
        return max(self.width() - HEADER_PX, 1.0) / self._scale.px_per_s

    def redraw(self) -> None:
        self._picture = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self._x < HEADER_PX - 1 or not self._shown.shots:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(palette.PLAYHEAD, 1.5))
        painter.drawLine(QPointF(self._x, RULER_PX - 8), QPointF(self._x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.PLAYHEAD)
        x, top = self._x, RULER_PX - 14
        head = [(x - 6, top), (x + 6, top), (x + 6, top + 7), (x, top + 13), (x - 6, top + 7)]
        painter.drawPolygon([QPointF(*point) for point in head])

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()
        else:
            self._set_scale(self._scale.px_per_s, self._scale.offset_s)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.2 ** steps.y(), event.position().x())
        else:
            self._fitted = False
            by = steps.x() or steps.y()
            self.scroll_to(self._scale.offset_s - by * 60 / self._scale.px_per_s)
        event.accept()

    def _on_time(self, time_s: float) -> None:
        before, self._x = self._x, self._scale.x(time_s)
        if not HEADER_PX <= self._x <= self.width() and not self._fitted:
            self.scroll_to(time_s - self.room_s() * 0.1)
        elif self._shown.shot_at(time_s) != self._painted_shot:
            self.redraw()
        for x in (before, self._x):
            self.update(QRect(round(x) - 8, 0, 16, self.height()))

    def _set_scale(self, px_per_s: float, offset_s: float) -> None:
        most_s = max(self._shown.duration_s - (self.width() - HEADER_PX - 100) / px_per_s, 0.0)
        offset_s = min(max(offset_s, 0.0), most_s)
        self._scale = TimeScale(px_per_s, offset_s, float(self.height()))
        self._x = self._scale.x(self._session.time_s)
        self.redraw()
        self.scrolled.emit()

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        self._painted_shot = self._shown.shot_at(self._session.time_s)
        state = LaneState(
            document=self._shown,
            scale=self._scale,
            width_px=float(self.width()),
            picked=self._picked,
            shot=self._painted_shot,
            score=self._score,
            sound=self._sound,
        )
        painter = QPainter(picture)
        painter.setFont(self.font())
        LanePainter(painter, state, self._thumbnails).paint()
        painter.end()
        return picture
