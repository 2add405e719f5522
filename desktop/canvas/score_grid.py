"""The geometry of the score editor: seconds and pitches to pixels, and back."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from desktop.document.notes import HIGHEST_PITCH, ScoreNote

RULER_PX = 22
KEYS_PX = 44
PITCHES = HIGHEST_PITCH + 1

MOST_PX_PER_S, LEAST_PX_PER_S = 1200.0, 4.0
MOST_ROW_PX, LEAST_ROW_PX = 28.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What part of a score is in view, and how large.

    `left_s` is the time at the left side of the notes, `top_px` how far the
    highest pitch's row lies above their upper side. `lane_px` is the height
    of the velocities below.
    """

    px_per_s: float = 60.0
    row_px: float = 9.0
    left_s: float = 0.0
    top_px: float = 0.0
    width_px: int = 0
    height_px: int = 0
    lane_px: int = 64

    @property
    def notes(self) -> QRectF:
        """Where notes are drawn."""
        height = max(0, self.height_px - RULER_PX - self.lane_px)
        return QRectF(KEYS_PX, RULER_PX, max(0, self.width_px - KEYS_PX), height)

    @property
    def lane(self) -> QRectF:
        """Where velocities are drawn."""
        top = self.height_px - self.lane_px
        return QRectF(KEYS_PX, top, max(0, self.width_px - KEYS_PX), self.lane_px)

    @property
    def right_s(self) -> float:
        return self.left_s + self.notes.width() / self.px_per_s

    def x(self, seconds: float) -> float:
        return KEYS_PX + (seconds - self.left_s) * self.px_per_s

    def seconds(self, x: float) -> float:
        return self.left_s + (x - KEYS_PX) / self.px_per_s

    def y(self, pitch: float) -> float:
        """Return the upper side of a pitch's row."""
        return RULER_PX + (HIGHEST_PITCH - pitch) * self.row_px - self.top_px

    def pitch(self, y: float) -> int:
        row = int((y - RULER_PX + self.top_px) // self.row_px)
        return min(HIGHEST_PITCH, max(0, HIGHEST_PITCH - row))

    def velocity_y(self, velocity: int) -> float:
        """Return the height in the lane of a velocity."""
        lane = self.lane
        return lane.bottom() - 3 - velocity / 127 * (lane.height() - 8)

    def velocity(self, y: float) -> int:
        lane = self.lane
        return min(127, max(1, round((lane.bottom() - 3 - y) / (lane.height() - 8) * 127)))

    def rect(self, note: ScoreNote, start_s: float, end_s: float) -> QRectF:
        """Return where a note lies."""
        left = self.x(start_s)
        width = max((end_s - start_s) * self.px_per_s - 1.0, 2.0)
        return QRectF(left, self.y(note.pitch) + 0.5, width, max(self.row_px - 1.0, 2.0))

    def is_on_keys(self, point: QPointF) -> bool:
        """Whether a point is on the keyboard at the left."""
        return 0 <= point.x() < KEYS_PX and RULER_PX <= point.y() < self.notes.bottom()

    def is_on_notes(self, point: QPointF) -> bool:
        return self.notes.contains(point)
