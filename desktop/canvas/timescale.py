"""Where times lie on the timeline, and what lies under a point of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF

from desktop.document.model import Document

HEADER_PX = 92.0
RULER_PX = 26.0
SHOTS_PX = 70.0
CAPTIONS_PX = 30.0
LEAST_MUSIC_PX = 52.0
GAP_PX = 4.0
EDGE_PX = 6.0
"""How near to a block's end the pointer takes hold of the end."""

STEPS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Part(Enum):
    """What can be taken hold of."""

    NOTHING = "nothing"
    RULER = "ruler"
    SHOT = "shot"
    SHOT_END = "shot end"
    CAPTION = "caption"
    CAPTION_START = "caption start"
    CAPTION_END = "caption end"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Hit:
    """A part and which one: the index of a shot or caption."""

    part: Part
    index: int = -1


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The zoom and the place of the timeline, and its height in pixels."""

    px_per_s: float
    offset_s: float = 0.0
    height_px: float = 200.0

    def x(self, time_s: float) -> float:
        return HEADER_PX + (time_s - self.offset_s) * self.px_per_s

    def time(self, x: float) -> float:
        return self.offset_s + (x - HEADER_PX) / self.px_per_s

    def span(self, start_s: float, end_s: float, top: float, height: float) -> QRectF:
        return QRectF(self.x(start_s), top, (end_s - start_s) * self.px_per_s, height)

    @property
    def shots_top(self) -> float:
        return RULER_PX + GAP_PX

    @property
    def captions_top(self) -> float:
        return self.shots_top + SHOTS_PX + GAP_PX

    @property
    def music_top(self) -> float:
        return self.captions_top + CAPTIONS_PX + GAP_PX

    @property
    def music_height(self) -> float:
        return max(self.height_px - self.music_top - GAP_PX, LEAST_MUSIC_PX)

    def shot_rect(self, document: Document, index: int) -> QRectF:
        start_s = document.shot_start_s(index)
        end_s = start_s + document.shots[index].duration_s
        return self.span(start_s, end_s, self.shots_top, SHOTS_PX)

    def caption_rect(self, document: Document, index: int) -> QRectF:
        caption = document.captions[index]
        return self.span(caption.start_s, caption.end_s, self.captions_top, CAPTIONS_PX)

    def step_s(self) -> float:
        """Return the time between two figures of the ruler: at least 70 pixels."""
        return next((x for x in STEPS_S if x * self.px_per_s >= 70.0), STEPS_S[-1])

    def hit(self, document: Document, at: QPointF) -> Hit:
        """Return what lies under a point."""
        if at.x() < HEADER_PX:
            return Hit(Part.NOTHING)
        if at.y() < RULER_PX:
            return Hit(Part.RULER)
        if self.shots_top <= at.y() < self.shots_top + SHOTS_PX:
            return self._shot_hit(document, at)
        if self.captions_top <= at.y() < self.captions_top + CAPTIONS_PX:
            return self._caption_hit(document, at)
        return Hit(Part.MUSIC if at.y() >= self.music_top else Part.NOTHING)

    def _shot_hit(self, document: Document, at: QPointF) -> Hit:
        end_s = 0.0
        found = Hit(Part.NOTHING)
        for index, shot in enumerate(document.shots):
            end_s += shot.duration_s
            if abs(self.x(end_s) - at.x()) <= EDGE_PX:
                return Hit(Part.SHOT_END, index)
            if found.index < 0 and self.time(at.x()) < end_s:
                found = Hit(Part.SHOT, index)
        return found

    def _caption_hit(self, document: Document, at: QPointF) -> Hit:
        for index in reversed(range(len(document.captions))):
            rect = self.caption_rect(document, index)
            edge = min(EDGE_PX, rect.width() / 4)
            if abs(at.x() - rect.right()) <= edge:
                return Hit(Part.CAPTION_END, index)
            if abs(at.x() - rect.left()) <= edge:
                return Hit(Part.CAPTION_START, index)
            if rect.left() <= at.x() < rect.right():
                return Hit(Part.CAPTION, index)
        return Hit(Part.NOTHING)


def clock_text(time_s: float, *, fine: bool = True) -> str:
    """Return a time as 1:02.5, or 1:02 without tenths."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    if fine:
        return f"{minutes}:{rest // 10:02d}.{rest % 10}"
    return f"{minutes}:{rest // 10:02d}"
