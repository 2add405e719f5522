"""The bars of a score in the ruler: which lies under a point, which are marked, which locked."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from desktop.canvas import palette
from desktop.canvas.score_grid import KEYS_PX, RULER_PX, Grid
from desktop.document.notes import NoteScore

NUMBER_PX = 22.0
"""A press so near after a bar line is on the bar's number."""

MARK_ALPHA, LOCK_ALPHA = 110, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class BarMarks:
    """Bars to draw: `first` to `last` are marked if there are any, and some are locked."""

    first: int = 0
    last: int = -1
    locked: frozenset[int] = frozenset()


def bar_under(grid: Grid, score: NoteScore, x: float) -> int:
    """Return the bar, from 0, that lies at a place; the last one beyond the end."""
    tick = score.tick(max(0.0, grid.seconds(x)))
    return min(score.bar_at(tick), max(0, score.bar_count - 1))


def is_on_number(grid: Grid, score: NoteScore, point: QPointF) -> bool:
    """Say whether a point of the ruler lies on the number of its bar."""
    if point.y() >= RULER_PX or point.x() < KEYS_PX or not score.bar_ticks:
        return False
    bar = bar_under(grid, score, point.x())
    left = grid.x(score.seconds(score.bar_ticks[bar]))
    return 0 <= point.x() - left <= NUMBER_PX


def paint_marks(painter: QPainter, grid: Grid, score: NoteScore, marks: BarMarks) -> None:
    """Draw what is marked and locked over the ruler, and the marked bars' sides over the notes."""
    painter.save()
    painter.setClipRect(QRectF(KEYS_PX, 0, grid.notes.width(), grid.height_px))
    for bar in sorted(marks.locked):
        span = _span(grid, score, bar, bar)
        if span is not None and span.right() >= KEYS_PX and span.left() <= grid.width_px:
            painter.fillRect(span, palette.faint(palette.ACCENT, LOCK_ALPHA))
            notes = QRectF(span.left(), RULER_PX, span.width(), grid.notes.height())
            painter.fillRect(notes, palette.faint(palette.ACCENT, 14))
    span = _span(grid, score, marks.first, marks.last)
    if span is not None:
        painter.fillRect(span, palette.faint(palette.MUSIC, MARK_ALPHA))
        painter.setPen(QPen(palette.faint(palette.MUSIC, 180), 1.0))
        for x in (span.left(), span.right()):
            painter.drawLine(QPointF(x, 0), QPointF(x, grid.notes.bottom()))
    painter.restore()


def _span(grid: Grid, score: NoteScore, first: int, last: int) -> QRectF | None:
    """Return where bars lie in the ruler; None if there are none such."""
    ticks = score.bar_ticks
    if not 0 <= first <= last or first >= len(ticks):
        return None
    end = ticks[last + 1] if last + 1 < len(ticks) else score.end_tick
    left, right = grid.x(score.seconds(ticks[first])), grid.x(score.seconds(end))
    return QRectF(left, 0, max(2.0, right - left), RULER_PX)
