"""How music looks in a lane: its notes, or the outline of its sound."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from desktop.canvas import palette
from desktop.canvas.score import Score
from desktop.player import PEAKS_PER_S, Sound


def paint_notes(
    painter: QPainter, rect: QRectF, score: Score, start_s: float, px_per_s: float
) -> None:
    """Draw notes in the colours of their tracks; `start_s` lies at the rectangle's left side."""
    low, high = score.shown_pitches()
    row = rect.height() / (high - low + 1)
    painter.setPen(Qt.PenStyle.NoPen)
    for note in score.notes:
        left = rect.left() + (note.start_s - start_s) * px_per_s
        width = max((note.end_s - note.start_s) * px_per_s - 1.0, 1.5)
        if left > rect.right() or left + width < rect.left():
            continue
        top = rect.bottom() - (note.pitch - low + 1) * row
        painter.setBrush(track_color(note.track, 120 + note.velocity))
        painter.drawRect(QRectF(left, top, width, max(row - 0.5, 1.6)))


def paint_wave(
    painter: QPainter, rect: QRectF, sound: Sound, start_s: float, px_per_s: float, color: QColor
) -> None:
    """Draw the outline of a sound, mirrored about the middle."""
    middle, half = rect.center().y(), rect.height() / 2
    upper: list[QPointF] = []
    lower: list[QPointF] = []
    peaks = sound.peaks
    for x in range(int(rect.left()), int(rect.right()) + 1):
        first = int((start_s + (x - rect.left()) / px_per_s) * PEAKS_PER_S)
        last = max(first + 1, int((start_s + (x + 1 - rect.left()) / px_per_s) * PEAKS_PER_S))
        if first >= len(peaks) or last <= 0:
            continue
        loud = max(float(peaks[max(first, 0) : last].max()) * half, 0.5)
        upper.append(QPointF(x, middle - loud))
        lower.append(QPointF(x, middle + loud))
    if upper:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))


def track_color(track: int, alpha: int = 255) -> QColor:
    """Return the colour of a track of a score."""
    return palette.faint(palette.TRACKS[track % len(palette.TRACKS)], min(alpha, 255))
