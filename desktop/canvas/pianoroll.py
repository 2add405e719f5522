"""The piano roll: a score as notes in time, with a playhead."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
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
from desktop.canvas.music_lane import paint_notes, track_color
from desktop.canvas.score import Score, ScoreError, read_score
from desktop.canvas.worker import Worker
from desktop.player import Player

LEGEND_PX = 22
KEYS_PX = 30
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
        before, self._time_s = self._x(self._time_s), time_s
        if self._zoom > 1.0 and not self._roll().contains(QPointF(self._x(time_s), KEYS_PX + 1.0)):
            self._scroll_to(time_s)
        for x in (before, self._x(time_s)):
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
        x = self._x(self._time_s)
        roll = self._roll()
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
            under_s = self._time(event.position().x())
            self._zoom = min(max(self._zoom * 1.25 ** steps.y(), 1.0), MOST_ZOOM)
            away_s = (event.position().x() - self._roll().left()) / self._px_per_s()
            self._scroll_to(under_s - away_s, exact=True)
        else:
            by = steps.x() or steps.y()
            self._scroll_to(self._offset_s - by * 60 / self._px_per_s(), exact=True)
        event.accept()

    def _take(self, score: Score, sentence: str) -> None:
        self._score, self._sentence = score, sentence
        self._hidden, self._zoom, self._offset_s, self._time_s = frozenset(), 1.0, 0.0, 0.0
        self._redraw()
        self.score_changed.emit(score)

    def _seek(self, x: float) -> None:
        time_s = min(max(self._time(x), 0.0), self._score.length_s)
        self.set_time(time_s)
        if self._player is not None:
            self._player.seek(time_s)
        self.seeked.emit(time_s)

    def _scroll_to(self, start_s: float, *, exact: bool = False) -> None:
        room_s = self._roll().width() / self._px_per_s()
        if not exact:
            start_s -= room_s * 0.1
        self._offset_s = min(max(start_s, 0.0), max(self._score.length_s - room_s, 0.0))
        self._redraw()

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def _roll(self) -> QRectF:
        """Return where the notes lie."""
        return QRectF(KEYS_PX, LEGEND_PX, self.width() - KEYS_PX, self.height() - LEGEND_PX)

    def _px_per_s(self) -> float:
        length_s = max(self._score.length_s, 0.1)
        return max(self._roll().width() - 8.0, 1.0) / length_s * self._zoom

    def _x(self, time_s: float) -> float:
        return KEYS_PX + (time_s - self._offset_s) * self._px_per_s()

    def _time(self, x: float) -> float:
        return self._offset_s + (x - KEYS_PX) / self._px_per_s()

    def _draw(self) -> QPixmap:
        """Draw all but the playhead once."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(palette.LANE)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._sentence:
            painter.setPen(palette.TEXT_DIM)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._sentence)
            self._legend = []
        else:
            self._draw_grid(painter)
            painter.save()
            painter.setClipRect(self._roll())
            roll = self._roll().adjusted(0, 4, 0, -4)
            paint_notes(painter, roll, self._visible(), self._offset_s, self._px_per_s())
            painter.restore()
            self._draw_legend(painter)
        painter.end()
        return picture

    def _visible(self) -> Score:
        from dataclasses import replace

        shown = tuple(x for x in self._score.notes if x.track not in self._hidden)
        return replace(self._score, notes=shown) if self._hidden else self._score

    def _draw_grid(self, painter: QPainter) -> None:
        roll, low_high = self._roll(), self._visible().pitches()
        low, high = low_high[0] - 1, max(low_high[1] + 1, low_high[0] - 1 + 18)
        row = (roll.height() - 8) / (high - low + 1)
        font = QFont(self.font())
        font.setPixelSize(9)
        painter.setFont(font)
        for pitch in range(low, high + 1):
            top = roll.bottom() - 4 - (pitch - low + 1) * row
            if pitch % 12 in (1, 3, 6, 8, 10):
                painter.fillRect(QRectF(roll.left(), top, roll.width(), row), palette.BLACK_KEY)
            if pitch % 12 == 0:
                painter.setPen(palette.LINE_STRONG)
                painter.drawLine(QPointF(roll.left(), top + row), QPointF(roll.right(), top + row))
                painter.setPen(palette.TEXT_DIM)
                place = QRectF(0, top + row - 12, KEYS_PX - 5, 12)
                painter.drawText(place, Qt.AlignmentFlag.AlignRight, f"C{pitch // 12 - 1}")
        self._draw_bars(painter, roll)

    def _draw_bars(self, painter: QPainter, roll: QRectF) -> None:
        px_per_s = self._px_per_s()
        lines: tuple[tuple[tuple[float, ...], Callable[[], QPen]], ...] = (
            (self._score.beats_s, lambda: QPen(palette.LINE, 1.0)),
            (self._score.bars_s, lambda: QPen(palette.LINE_STRONG, 1.0)),
        )
        for times_s, pen in lines:
            if len(times_s) < 2 or (times_s[1] - times_s[0]) * px_per_s < 7:
                continue
            painter.setPen(pen())
            for time_s in times_s:
                x = round(self._x(time_s)) + 0.5
                if roll.left() <= x <= roll.right():
                    painter.drawLine(QPointF(x, roll.top()), QPointF(x, roll.bottom()))

    def _draw_legend(self, painter: QPainter) -> None:
        painter.fillRect(QRect(QPoint(0, 0), QSize(self.width(), LEGEND_PX)), palette.PANEL)
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        x, self._legend = 8.0, []
        for index, track in enumerate(self._score.tracks):
            text = painter.fontMetrics().elidedText(track.name, Qt.TextElideMode.ElideRight, 110)
            width = painter.fontMetrics().horizontalAdvance(text) + 22.0
            if x + width > self.width():
                break
            hidden = index in self._hidden
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(track_color(index, 70 if hidden else 255))
            painter.drawEllipse(QPointF(x + 5, LEGEND_PX / 2), 4, 4)
            painter.setPen(palette.FAINT if hidden else palette.TEXT_DIM)
            rect = QRectF(x, 0, width, LEGEND_PX)
            place = rect.adjusted(14, 0, 0, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            self._legend.append(rect)
            x += width + 4
