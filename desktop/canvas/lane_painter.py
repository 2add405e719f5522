"""Draws the lanes of the timeline: ruler, shots, captions and music; all but the playhead."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from desktop.canvas import palette
from desktop.canvas.music_lane import paint_notes, paint_wave
from desktop.canvas.score import Score
from desktop.canvas.thumbnails import Thumbnails
from desktop.canvas.timescale import (
    CAPTIONS_PX,
    GAP_PX,
    HEADER_PX,
    RULER_PX,
    SHOTS_PX,
    Hit,
    Part,
    TimeScale,
    clock_text,
)
from desktop.document.model import Document
from desktop.player import Sound

NAME_PX = 18.0
"""The height of the strip with a shot's name below its pictures."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """What is shown now."""

    document: Document
    scale: TimeScale
    width_px: float
    picked: Hit
    shot: int
    score: Score
    sound: Sound | None


class LanePainter:
    """Draws a state."""

    def __init__(self, painter: QPainter, state: LaneState, thumbnails: Thumbnails) -> None:
        self._painter = painter
        self._state = state
        self._thumbnails = thumbnails
        self._font = QFont(painter.font())

    def paint(self) -> None:
        """Draw everything."""
        painter, state = self._painter, self._state
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0, 0, state.width_px, state.scale.height_px)
        painter.fillRect(whole, palette.PANEL)
        self._paint_grounds()
        painter.save()
        painter.setClipRect(whole.adjusted(HEADER_PX, 0, 0, 0))
        self._paint_ruler()
        for index in range(len(state.document.shots)):
            self._paint_shot(index)
        for index in range(len(state.document.captions)):
            self._paint_caption(index)
        self._paint_music()
        painter.restore()
        self._paint_headers()

    def _lanes(self) -> tuple[tuple[str, float, float], ...]:
        scale = self._state.scale
        return (
            ("Shots", scale.shots_top, SHOTS_PX),
            ("Captions", scale.captions_top, CAPTIONS_PX),
            ("Music", scale.music_top, scale.music_height),
        )

    def _paint_grounds(self) -> None:
        for _, top, height in self._lanes():
            rect = QRectF(HEADER_PX, top, self._state.width_px - HEADER_PX, height)
            self._painter.fillRect(rect, palette.LANE)

    def _paint_headers(self) -> None:
        painter = self._painter
        self._set_font(12, QFont.Weight.Medium)
        painter.setPen(palette.TEXT_DIM)
        for name, top, height in self._lanes():
            rect = QRectF(16, top, HEADER_PX - 20, min(height, SHOTS_PX))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QPen(palette.LINE, 1.0))
        x = HEADER_PX - 0.5
        painter.drawLine(QPointF(x, 0), QPointF(x, self._state.scale.height_px))

    def _paint_ruler(self) -> None:
        painter, scale = self._painter, self._state.scale
        step_s = scale.step_s()
        self._set_font(11, QFont.Weight.Normal)
        number = int(scale.offset_s / step_s)
        while (x := scale.x(number * step_s)) < self._state.width_px:
            if x >= HEADER_PX - 1:
                painter.setPen(palette.TEXT_DIM)
                text = clock_text(number * step_s, fine=step_s < 1.0)
                place = QRectF(x + 5, 0, 80, RULER_PX - 4)
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
                painter.setPen(QPen(palette.LINE_STRONG, 1.0))
                painter.drawLine(QPointF(x, 6), QPointF(x, RULER_PX))
            painter.setPen(QPen(palette.LINE, 1.0))
            for part in range(1, 5):
                small = scale.x((number + part / 5) * step_s)
                painter.drawLine(QPointF(small, RULER_PX - 5), QPointF(small, RULER_PX))
            number += 1
        end_x = scale.x(self._state.document.duration_s)
        painter.fillRect(QRectF(HEADER_PX, RULER_PX - 2, end_x - HEADER_PX, 2), palette.LINE_STRONG)

    def _paint_shot(self, index: int) -> None:
        painter, state = self._painter, self._state
        shot = state.document.shots[index]
        rect = state.scale.shot_rect(state.document, index).adjusted(1, 0, -1, 0)
        if rect.right() < HEADER_PX or rect.left() > state.width_px:
            return
        painter.save()
        painter.setClipPath(_rounded(rect, 6), Qt.ClipOperation.IntersectClip)
        painter.fillRect(rect, palette.RAISED)
        self._paint_film(rect.adjusted(0, 0, 0, -NAME_PX), index)
        self._paint_dissolve(rect, shot.dissolve_s)
        name = QRectF(rect.left(), rect.bottom() - NAME_PX, rect.width(), NAME_PX)
        painter.fillRect(name, palette.RAISED)
        self._text(name.adjusted(8, 0, -6, 0), shot.name, palette.TEXT, QFont.Weight.Medium)
        width = painter.fontMetrics().horizontalAdvance(shot.name) + 22
        if rect.width() > width + 44:
            self._text(
                name.adjusted(width, 0, -8, 0),
                f"{shot.duration_s:.1f} s",
                palette.TEXT_DIM,
                right=True,
            )
        painter.restore()
        picked = state.picked.part in (Part.SHOT, Part.SHOT_END) and state.picked.index == index
        if picked or index == state.shot:
            color = palette.ACCENT if picked else palette.LINE_STRONG
            self._frame(rect, 6, color, 2.0 if picked else 1.0)

    def _paint_film(self, rect: QRectF, index: int) -> None:
        """Lay a shot's pictures side by side, each the one nearest to its time."""
        images = self._thumbnails.get(self._state.document.shots[index])
        if not images or rect.width() < 1:
            return
        wide = rect.height() * images[0].width() / max(images[0].height(), 1)
        painter, x = self._painter, rect.left()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        while x < rect.right():
            part = (x + wide / 2 - rect.left()) / rect.width()
            image = images[min(int(part * len(images)), len(images) - 1)]
            painter.drawImage(QRectF(x, rect.top(), wide, rect.height()), image)
            x += wide
            painter.fillRect(QRectF(x - 0.5, rect.top(), 1, rect.height()), palette.HALO)

    def _paint_dissolve(self, rect: QRectF, dissolve_s: float) -> None:
        """Show a dissolve as a wedge that grows from its start."""
        if dissolve_s <= 0:
            return
        width = min(dissolve_s * self._state.scale.px_per_s, rect.width())
        wedge = QPainterPath(rect.topLeft())
        wedge.lineTo(rect.left() + width, rect.top())
        wedge.lineTo(rect.left(), rect.bottom() - NAME_PX)
        wedge.closeSubpath()
        self._painter.fillPath(wedge, palette.faint(palette.SHADOW, 130))
        self._painter.setPen(QPen(palette.faint(palette.TEXT, 150), 1.0))
        self._painter.drawLine(
            QPointF(rect.left() + width, rect.top()), QPointF(rect.left(), rect.bottom() - NAME_PX)
        )

    def _paint_caption(self, index: int) -> None:
        state = self._state
        rect = state.scale.caption_rect(state.document, index).adjusted(1, 2, -1, -2)
        if rect.right() < HEADER_PX or rect.left() > state.width_px:
            return
        picked = state.picked.part.value.startswith("caption") and state.picked.index == index
        painter = self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.faint(palette.CAPTION, 60 if picked else 36))
        painter.drawRoundedRect(rect, 5, 5)
        painter.setBrush(palette.CAPTION)
        painter.drawRoundedRect(QRectF(rect.left(), rect.top(), 3, rect.height()), 1.5, 1.5)
        text = state.document.captions[index].text.replace("\n", " ")
        self._text(rect.adjusted(10, 0, -6, 0), text, palette.TEXT)
        if picked:
            self._frame(rect, 5, palette.ACCENT, 2.0)

    def _paint_music(self) -> None:
        state, scale, painter = self._state, self._state.scale, self._painter
        music = state.document.music
        top, height = scale.music_top, scale.music_height
        if music is None:
            rect = QRectF(HEADER_PX + 14, top, state.width_px - HEADER_PX - 28, height)
            text = "No music yet: write a score in the music panel."
            self._text(rect, text, palette.FAINT)
            return
        length_s = max(state.score.length_s, state.sound.length_s if state.sound else 0.0)
        shown_s = min(length_s, state.document.duration_s) if length_s else 0.0
        rect = scale.span(0.0, shown_s or state.document.duration_s, top + 2, height - 4)
        painter.save()
        painter.setClipPath(_rounded(rect, 6), Qt.ClipOperation.IntersectClip)
        painter.fillRect(rect, palette.faint(palette.MUSIC, 26))
        for time_s in state.score.bars_s:
            x = round(scale.x(time_s)) + 0.5
            painter.setPen(QPen(palette.faint(palette.MUSIC, 40), 1.0))
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        inner = rect.adjusted(0, NAME_PX, 0, -5)
        seen = inner.intersected(QRectF(HEADER_PX, 0, state.width_px, scale.height_px))
        start_s = scale.time(seen.left())
        if state.sound is not None:
            color = palette.faint(palette.MUSIC, 70)
            paint_wave(painter, seen, state.sound, start_s, scale.px_per_s, color)
        paint_notes(painter, seen, state.score, start_s, scale.px_per_s)
        label = QRectF(max(rect.left(), HEADER_PX) + 8, rect.top(), rect.width(), NAME_PX)
        self._text(label, music.name, palette.MUSIC, QFont.Weight.Medium)
        painter.restore()

    def _text(
        self,
        rect: QRectF,
        text: str,
        color: QColor,
        weight: QFont.Weight = QFont.Weight.Normal,
        *,
        right: bool = False,
    ) -> None:
        self._set_font(11, weight)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        metrics = self._painter.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()))
        self._painter.setPen(color)
        self._painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | side, text)

    def _frame(self, rect: QRectF, radius: float, color: QColor, width: float) -> None:
        self._painter.setPen(QPen(color, width))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
        self._painter.drawRoundedRect(inner, radius, radius)

    def _set_font(self, size_px: int, weight: QFont.Weight) -> None:
        self._font.setPixelSize(size_px)
        self._font.setWeight(weight)
        self._painter.setFont(self._font)


def lanes_height_px() -> float:
    """Return the height that all lanes need."""
    return TimeScale(1.0).music_top + 64.0 + GAP_PX


def _rounded(rect: QRectF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path
