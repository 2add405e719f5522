"""The piano roll: a score as notes in time, with a playhead."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.canvas import palette
from desktop.canvas.roll_painter import KEYS_PX, LEGEND_PX, RollView, paint_roll
from desktop.canvas.score import Score, ScoreError, read_score
from desktop.canvas.worker import Worker
from desktop.player import Player

EMPTY = "No score yet. Write one in the music panel."
MOST_ZOOM = 64.0


class PianoRollStrip(QWidget):
    """Shows a MIDI file; a click seeks. Ctrl and wheel zoom, wheel moves.

    With a `player` the playhead follows it and a click moves it; else
    `seeked` only tells the time.
    """

    seeked = Signal(float)
    score_changed = Signal(object)  # Score

    def __init__(self, parent: QWidget | None = None, *, player: Player | None = None) -> None:
        super().__init__(parent)
        self.worker = Worker("piano roll")
        self.destroyed.connect(self.worker.close)
        self._score = Score()
        self._sentence = EMPTY
        self._hidden: frozenset[int] = frozenset()
        self._time_s = 0.0
        self._zoom = 1.0
        self._offset_s = 0.0
        self._picture: QPixmap | None = None
        self._legend: list[QRectF] = []
        self._player: Player | None = None
        self.setMinimumHeight(96)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if player is not None:
            self.set_player(player)

    @property
    def score(self) -> Score:
        return self._score

    @property
    def sentence(self) -> str:
        """What is said instead of a score; empty if one is shown."""
        return self._sentence

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def hidden_tracks(self) -> frozenset[int]:
        return self._hidden

    def set_player(self, player: Player) -> None:
        """Follow a player and seek it on a click."""
        self._player = player
        player.time_changed.connect(self.set_time)

    def set_midi(self, data: bytes) -> None:
        """Show a score; empty bytes show none. It is read on a thread."""
        if not data:
            self.worker.forget("score")
            self._take(Score(), EMPTY)
            return

        def work() -> tuple[Score, str]:
            try:
                score = read_score(data)
            except ScoreError as problem:
                return Score(), f"This score cannot be shown: {problem}."
            return score, "" if score.notes else "This score has no notes."

        self.worker.ask("score", work, lambda read: self._take(*read))

    def set_time(self, time_s: float) -> None:
        """Move the playhead, and the view with it when it leaves."""
        before, self._time_s = self._view().x(self._time_s), time_s
        if self._zoom > 1.0 and not self._view().roll.contains(
            QPointF(self._view().x(time_s), KEYS_PX + 1.0)
        ):
            self._scroll_to(time_s)
        for x in (before, self._view().x(time_s)):
            self.update(QRect(round(x) - 6, 0, 12, self.height()))

    def sizeHint(self) -> QSize:
        return QSize(480, 150)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        if self._sentence:
            return
        x = self._view().x(self._time_s)
        roll = self._view().roll
        if roll.left() <= x <= roll.right() + 1:
            painter.setPen(QPen(palette.PLAYHEAD, 1.5))
            painter.drawLine(QPointF(x, LEGEND_PX), QPointF(x, self.height()))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.PLAYHEAD)
            tip = [QPointF(x - 5, LEGEND_PX), QPointF(x + 5, LEGEND_PX), QPointF(x, LEGEND_PX + 6)]
            painter.drawPolygon(tip)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._sentence:
            return
        for track, rect in enumerate(self._legend):
            if rect.contains(event.position()):
                self._hidden ^= {track}
                self._redraw()
                return
        self._seek(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        on_chip = any(rect.contains(event.position()) for rect in self._legend)
        shape = Qt.CursorShape.PointingHandCursor if on_chip else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        pressed = event.buttons() & Qt.MouseButton.LeftButton
        if pressed and not on_chip and event.position().y() > LEGEND_PX and not self._sentence:
            self._seek(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            under_s = self._view().time(event.position().x())
            self._zoom = min(max(self._zoom * 1.25 ** steps.y(), 1.0), MOST_ZOOM)
            away_s = (event.position().x() - self._view().roll.left()) / self._view().px_per_s
            self._scroll_to(under_s - away_s, exact=True)
        else:
            by = steps.x() or steps.y()
            self._scroll_to(self._offset_s - by * 60 / self._view().px_per_s, exact=True)
        event.accept()

    def _take(self, score: Score, sentence: str) -> None:
        self._score, self._sentence = score, sentence
        self._hidden, self._zoom, self._offset_s, self._time_s = frozenset(), 1.0, 0.0, 0.0
        self._redraw()
        self.score_changed.emit(score)

    def _seek(self, x: float) -> None:
        time_s = min(max(self._view().time(x), 0.0), self._score.length_s)
        self.set_time(time_s)
        if self._player is not None:
            self._player.seek(time_s)
        self.seeked.emit(time_s)

    def _scroll_to(self, start_s: float, *, exact: bool = False) -> None:
        room_s = self._view().roll.width() / self._view().px_per_s
        if not exact:
            start_s -= room_s * 0.1
        self._offset_s = min(max(start_s, 0.0), max(self._score.length_s - room_s, 0.0))
        self._redraw()

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def _view(self) -> RollView:
        return RollView(
            score=self._score,
            hidden=self._hidden,
            zoom=self._zoom,
            offset_s=self._offset_s,
            width_px=self.width(),
            height_px=self.height(),
        )

    def _draw(self) -> QPixmap:
        """Draw all but the playhead once."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(palette.LANE)
        painter = QPainter(picture)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._legend = []
        if self._sentence:
            painter.setPen(palette.TEXT_DIM)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._sentence)
        else:
            self._legend = paint_roll(painter, self._view())
        painter.end()
        return picture
