"""Draws a piano roll: grid, keys, notes and the legend of its tracks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from desktop.canvas import palette
from desktop.canvas.music_lane import paint_notes, track_color
from desktop.canvas.score import Score

LEGEND_PX = 22
KEYS_PX = 30
NAME_PX = 110
MARGIN_PX = 4.0
LEAST_BEAT_PX = 7.0

BLACK_KEYS = (1, 3, 6, 8, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollView:
    """A score and the part of it in view; `zoom` 1 shows all of it."""

    score: Score
    hidden: frozenset[int]
    zoom: float
    offset_s: float
    width_px: int
    height_px: int

    @property
    def roll(self) -> QRectF:
        """Where the notes lie."""
        return QRectF(KEYS_PX, LEGEND_PX, self.width_px - KEYS_PX, self.height_px - LEGEND_PX)

    @property
    def px_per_s(self) -> float:
        length_s = max(self.score.length_s, 0.1)
        return max(self.roll.width() - 8.0, 1.0) / length_s * self.zoom

    def x(self, time_s: float) -> float:
        return KEYS_PX + (time_s - self.offset_s) * self.px_per_s

    def time(self, x: float) -> float:
        return self.offset_s + (x - KEYS_PX) / self.px_per_s

    def visible(self) -> Score:
        """Return the score without the tracks that are hidden."""
        shown = tuple(x for x in self.score.notes if x.track not in self.hidden)
        return replace(self.score, notes=shown) if self.hidden else self.score


def paint_roll(painter: QPainter, view: RollView) -> list[QRectF]:
    """Draw all but the playhead; return where the names of the tracks lie."""
    score = view.visible()
    _paint_keys(painter, view, score)
    _paint_bars(painter, view)
    painter.save()
    painter.setClipRect(view.roll)
    inner = view.roll.adjusted(0, MARGIN_PX, 0, -MARGIN_PX)
    paint_notes(painter, inner, score, view.offset_s, view.px_per_s)
    painter.restore()
    return _paint_legend(painter, view)


def _paint_keys(painter: QPainter, view: RollView, score: Score) -> None:
    roll = view.roll
    low, high = score.shown_pitches()
    row = (roll.height() - 2 * MARGIN_PX) / (high - low + 1)
    painter.setFont(_small(painter, 9))
    for pitch in range(low, high + 1):
        top = roll.bottom() - MARGIN_PX - (pitch - low + 1) * row
        if pitch % 12 in BLACK_KEYS:
            painter.fillRect(QRectF(roll.left(), top, roll.width(), row), palette.BLACK_KEY)
        if pitch % 12 == 0:
            bottom = top + row
            painter.setPen(palette.LINE_STRONG)
            painter.drawLine(QPointF(roll.left(), bottom), QPointF(roll.right(), bottom))
            painter.setPen(palette.TEXT_DIM)
            place = QRectF(0, max(bottom - 12, LEGEND_PX), KEYS_PX - 5, 12)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, f"C{pitch // 12 - 1}")


def _paint_bars(painter: QPainter, view: RollView) -> None:
    roll = view.roll
    for times_s, color in (
        (view.score.beats_s, palette.LINE),
        (view.score.bars_s, palette.LINE_STRONG),
    ):
        if len(times_s) < 2 or (times_s[1] - times_s[0]) * view.px_per_s < LEAST_BEAT_PX:
            continue
        painter.setPen(QPen(color, 1.0))
        for time_s in times_s:
            x = round(view.x(time_s)) + 0.5
            if roll.left() <= x <= roll.right():
                painter.drawLine(QPointF(x, roll.top()), QPointF(x, roll.bottom()))


def _paint_legend(painter: QPainter, view: RollView) -> list[QRectF]:
    painter.fillRect(QRectF(0, 0, view.width_px, LEGEND_PX), palette.PANEL)
    painter.setFont(_small(painter, 11))
    metrics = painter.fontMetrics()
    x, places = 8.0, []
    for index, track in enumerate(view.score.tracks):
        text = metrics.elidedText(track.name, Qt.TextElideMode.ElideRight, NAME_PX)
        rect = QRectF(x, 0, metrics.horizontalAdvance(text) + 22.0, LEGEND_PX)
        if rect.right() > view.width_px:
            break
        hidden = index in view.hidden
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track_color(index, 70 if hidden else 255))
        painter.drawEllipse(QPointF(x + 5, LEGEND_PX / 2), 4, 4)
        painter.setPen(palette.FAINT if hidden else palette.TEXT_DIM)
        painter.drawText(rect.adjusted(14, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        places.append(rect)
        x = rect.right() + 4
    return places


def _small(painter: QPainter, size_px: int) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(size_px)
    return font
