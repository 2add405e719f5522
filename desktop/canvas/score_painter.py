"""Draws what lies around and above the notes of the score editor."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen

from desktop.canvas import palette
from desktop.canvas.music_lane import track_color
from desktop.canvas.score_grid import KEYS_PX, PITCHES, RULER_PX, Grid
from desktop.canvas.score_layout import Placed
from desktop.canvas.score_tiles import BLACK_KEYS
from desktop.document.notes import NoteScore, ScoreNote

LEAST_NUMBER_PX = 34.0


def paint_keys(painter: QPainter, grid: Grid) -> None:
    """Draw the keyboard at the left side."""
    area = QRectF(0, RULER_PX, KEYS_PX, grid.notes.height())
    painter.save()
    painter.setClipRect(area)
    painter.fillRect(area, palette.RAISED)
    painter.setFont(_small(painter, 9))
    for pitch in range(PITCHES):
        top = grid.y(pitch)
        if top > area.bottom() or top + grid.row_px < area.top():
            continue
        row = QRectF(0, top, KEYS_PX - 1, grid.row_px)
        if pitch % 12 in BLACK_KEYS:
            painter.fillRect(row.adjusted(0, 0, -14, 0), palette.LANE)
        if pitch % 12 == 0:
            painter.setPen(palette.LINE_STRONG)
            painter.drawLine(QPointF(0, row.bottom()), QPointF(KEYS_PX, row.bottom()))
            painter.setPen(palette.TEXT_DIM)
            words = QRectF(0, row.bottom() - 13, KEYS_PX - 5, 13)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight, f"C{pitch // 12 - 1}")
    painter.restore()


def paint_ruler(painter: QPainter, grid: Grid, score: NoteScore) -> None:
    """Draw the numbers of the bars, as many as there is room for."""
    painter.fillRect(QRectF(0, 0, grid.width_px, RULER_PX), palette.PANEL)
    painter.save()
    painter.setClipRect(QRectF(KEYS_PX, 0, grid.notes.width(), RULER_PX))
    painter.setFont(_small(painter, 10))
    last_x = -LEAST_NUMBER_PX
    for number, tick in enumerate(score.bar_ticks, start=1):
        x = grid.x(score.seconds(tick))
        if x > grid.width_px:
            break
        if x < KEYS_PX - LEAST_NUMBER_PX or x - last_x < LEAST_NUMBER_PX:
            continue
        last_x = x
        painter.setPen(palette.LINE_STRONG)
        painter.drawLine(QPointF(x, RULER_PX - 6), QPointF(x, RULER_PX))
        painter.setPen(palette.TEXT_DIM)
        painter.drawText(QPointF(x + 4, RULER_PX - 7), str(number))
    painter.restore()


def paint_chosen(painter: QPainter, grid: Grid, score: NoteScore, notes: Iterable[Placed]) -> None:
    """Draw chosen notes over the others."""
    painter.save()
    painter.setClipRect(grid.notes)
    painter.setPen(QPen(palette.HANDLE, 1.4))
    for placed in notes:
        painter.setBrush(track_color(placed.part))
        painter.drawRect(grid.rect(placed.note, placed.start_s, placed.end_s))
    painter.restore()


def paint_velocities(
    painter: QPainter,
    grid: Grid,
    notes: Iterable[Placed],
    part: int,
    chosen: frozenset[tuple[int, ScoreNote]],
) -> None:
    """Draw the velocities of one part as stems, the chosen ones bright."""
    lane = grid.lane
    painter.fillRect(QRectF(0, lane.top(), grid.width_px, lane.height()), palette.PANEL)
    painter.setPen(palette.LINE_STRONG)
    painter.drawLine(QPointF(0, lane.top()), QPointF(grid.width_px, lane.top()))
    painter.setPen(palette.TEXT_DIM)
    painter.setFont(_small(painter, 9))
    words = QRectF(0, lane.top() + 4, KEYS_PX - 5, 14)
    painter.drawText(words, Qt.AlignmentFlag.AlignRight, "loud")
    painter.save()
    painter.setClipRect(lane)
    for placed in notes:
        if placed.part != part:
            continue
        bright = not chosen or (part, placed.note) in chosen
        color = track_color(part, 230 if bright else 80)
        x, y = grid.x(placed.start_s), grid.velocity_y(placed.note.velocity)
        painter.setPen(QPen(color, 2.0))
        painter.drawLine(QPointF(x + 1, lane.bottom() - 2), QPointF(x + 1, y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x + 1, y), 3.0, 3.0)
    painter.restore()


def paint_playhead(painter: QPainter, grid: Grid, time_s: float) -> None:
    x = grid.x(time_s)
    if KEYS_PX <= x <= grid.width_px:
        painter.setPen(QPen(palette.PLAYHEAD, 1.5))
        painter.drawLine(QPointF(x, RULER_PX), QPointF(x, grid.height_px))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.PLAYHEAD)
        tip = [(x - 5, RULER_PX - 6), (x + 5, RULER_PX - 6), (x, RULER_PX)]
        painter.drawPolygon([QPointF(*corner) for corner in tip])


def paint_band(painter: QPainter, band: QRectF) -> None:
    """Draw the rectangle that chooses."""
    painter.setPen(QPen(palette.ACCENT, 1.0))
    painter.setBrush(palette.faint(palette.ACCENT, 36))
    painter.drawRect(band)


def _small(painter: QPainter, size_px: int) -> QFont:
    font = QFont(painter.font())
    font.setPixelSize(size_px)
    return font
