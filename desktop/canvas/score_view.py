"""A view of a score in time and pitch: tiles, scales, scrolling, what is chosen, the playhead."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.canvas import palette
from desktop.canvas.score_bars import BarMarks, paint_marks
from desktop.canvas.score_grid import (
    KEYS_PX,
    LEAST_PX_PER_S,
    LEAST_ROW_PX,
    MOST_PX_PER_S,
    MOST_ROW_PX,
    PITCHES,
    RULER_PX,
    Grid,
)
from desktop.canvas.score_layout import Placed, ScoreLayout
from desktop.canvas.score_painter import (
    paint_band,
    paint_chosen,
    paint_keys,
    paint_playhead,
    paint_ruler,
    paint_velocities,
)
from desktop.canvas.score_tiles import Look, ScoreTiles
from desktop.document.notes import HIGHEST_PITCH, NoteScore
from desktop.document.score_edits import Choice, Edited, grid_ticks

BEYOND_S = 4.0
"""How far the view may go beyond the end, so that there is room to write on."""


class ScoreView(QWidget):
    """One score, of which one part is worked on.

    The wheel moves, with Ctrl it zooms time, with Alt the rows.
    """

    choice_changed = Signal()
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: ScoreLayout | None = None
        self._tiles = ScoreTiles(self.devicePixelRatioF)
        self._grid = Grid()
        self._look = Look()
        self._choice: Choice = frozenset()
        self._shown: Edited | None = None
        self._band: QRectF | None = None
        self._marks = BarMarks()
        self._time_s = 0.0
        self.division = 16
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Notes of the score")

    @property
    def score(self) -> NoteScore | None:
        return self._layout.score if self._layout is not None else None

    @property
    def choice(self) -> Choice:
        return self._choice

    @property
    def part(self) -> int:
        return self._look.part

    @property
    def key(self) -> tuple[int, str] | None:
        """The tonic and mode whose scale is shaded."""
        return self._look.key

    @property
    def time_s(self) -> float:
        """Where the playhead stands."""
        return self._time_s

    @property
    def grid(self) -> Grid:
        return self._grid

    @property
    def step_ticks(self) -> int:
        """The length of one line of the grid."""
        return grid_ticks(self._layout.score, self.division) if self._layout is not None else 1

    def show_score(self, layout: ScoreLayout | None, choice: Choice | None = None) -> None:
        """Show a score; `choice` is what is chosen in it, by default what still is there."""
        first = self._layout is None
        self._layout, self._shown, self._band = layout, None, None
        if choice is None:
            parts = layout.score.parts if layout is not None else ()
            there = {
                (p, x)
                for p in {p for p, _ in self._choice if p < len(parts)}
                for x in parts[p].notes
            }
            choice = self._choice & there
        self._set_choice(choice)
        if first and layout is not None:
            self.reveal_notes()
        self._refresh()

    def look(self, look: Look) -> None:
        """Show other parts, another key; the zoom stays the editor's own."""
        if look.part != self._look.part:
            self._set_choice(frozenset())
        self._look = replace(look, px_per_s=self._grid.px_per_s, row_px=self._grid.row_px)
        self._refresh()

    def show_marks(self, marks: BarMarks) -> None:
        """Show which bars are marked and which are locked."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def choose(self, choice: Choice) -> None:
        self._set_choice(choice)
        self.update()

    def set_time(self, time_s: float) -> None:
        """Move the playhead, and the view with it when it leaves."""
        before, self._time_s = self._grid.x(self._time_s), time_s
        if time_s > self._grid.right_s or time_s < self._grid.left_s:
            self.show_place(left_s=time_s - 0.1 * (self._grid.right_s - self._grid.left_s))
        for x in (before, self._grid.x(time_s)):
            self.update(round(x) - 7, 0, 14, self.height())

    def show_place(self, *, left_s: float | None = None, top_px: float | None = None) -> None:
        """Show another place, within the score."""
        grid = self._grid
        room_s = grid.notes.width() / grid.px_per_s
        most_s = max(0.0, self.length_s + BEYOND_S - room_s)
        most_px = max(0.0, PITCHES * grid.row_px - grid.notes.height())
        left = grid.left_s if left_s is None else left_s
        top = grid.top_px if top_px is None else top_px
        self._grid = replace(
            grid, left_s=min(max(left, 0.0), most_s), top_px=min(max(top, 0.0), most_px)
        )
        self.view_changed.emit()
        self.update()

    @property
    def length_s(self) -> float:
        score = self.score
        return score.seconds(score.end_tick) if score is not None else 0.0

    def zoom(self, *, time: float = 1.0, rows: float = 1.0, at: QPointF | None = None) -> None:
        """Multiply the scales; what is under `at` (else the middle) stays there."""
        point = at or self._grid.notes.center()
        seconds, pitch_px = self._grid.seconds(point.x()), point.y() - RULER_PX
        row_at = (pitch_px + self._grid.top_px) / self._grid.row_px
        grid = replace(
            self._grid,
            px_per_s=min(max(self._grid.px_per_s * time, LEAST_PX_PER_S), MOST_PX_PER_S),
            row_px=min(max(self._grid.row_px * rows, LEAST_ROW_PX), MOST_ROW_PX),
        )
        self._grid = grid
        self._look = replace(self._look, px_per_s=grid.px_per_s, row_px=grid.row_px)
        self._refresh()
        self.show_place(
            left_s=seconds - (point.x() - KEYS_PX) / grid.px_per_s,
            top_px=row_at * grid.row_px - pitch_px,
        )

    def reveal_notes(self) -> None:
        """Put the notes' pitches into the middle of the view."""
        score = self.score
        pitches = [x.pitch for part in score.parts for x in part.notes] if score else []
        middle = (min(pitches) + max(pitches)) / 2 if pitches else 60
        above = (HIGHEST_PITCH - middle) * self._grid.row_px
        self.show_place(top_px=above - self._grid.notes.height() / 2)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = self._grid.notes.height()
        self._grid = replace(self._grid, width_px=self.width(), height_px=self.height())
        if before <= 0:
            self.reveal_notes()
        self.show_place()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), palette.LANE)
        if self._layout is None:
            painter.setPen(palette.TEXT_DIM)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No score yet.")
            return
        score, choice = self._shown or (self._layout.score, self._choice)
        self._tiles.paint(painter, self._grid)
        paint_chosen(painter, self._grid, score, self._placed(score, choice))
        notes = list(self._layout.between(self._grid.left_s - 0.2, self._grid.right_s))
        if self._shown is not None:
            hidden = self._choice
            notes = [x for x in notes if (x.part, x.note) not in hidden]
            notes += self._placed(score, choice)
        paint_velocities(painter, self._grid, notes, self.part, choice)
        paint_keys(painter, self._grid)
        paint_ruler(painter, self._grid, score)
        paint_marks(painter, self._grid, score, self._marks)
        if self._band is not None:
            paint_band(painter, self._band)
        paint_playhead(painter, self._grid, self._time_s)

    def wheelEvent(self, event: QWheelEvent) -> None:
        x, y = event.angleDelta().x() / 120.0, event.angleDelta().y() / 120.0
        keys = event.modifiers()
        if keys & Qt.KeyboardModifier.ControlModifier:
            self.zoom(time=1.25**y, at=event.position())
        elif keys & Qt.KeyboardModifier.AltModifier:
            self.zoom(rows=1.15 ** (y or x), at=event.position())
        elif keys & Qt.KeyboardModifier.ShiftModifier or abs(x) > abs(y):
            by = x if abs(x) > abs(y) else y
            self.show_place(left_s=self._grid.left_s - by * 80 / self._grid.px_per_s)
        else:
            self.show_place(top_px=self._grid.top_px - y * 48)
        event.accept()

    def _show_edit(self, edited: Edited | None, band: QRectF | None) -> None:
        """Show how the score would be, without the notes it comes from."""
        self._shown, self._band = edited, band
        self._refresh()

    def _set_choice(self, choice: Choice) -> None:
        if choice != self._choice:
            self._choice = choice
            self.choice_changed.emit()

    def _placed(self, score: NoteScore, choice: Choice) -> list[Placed]:
        """Return the chosen notes that are in view."""
        left, right = self._grid.left_s, self._grid.right_s
        placed = (
            Placed(p, x, score.seconds(x.start_tick), score.seconds(x.end_tick)) for p, x in choice
        )
        return [x for x in placed if x.start_s <= right and x.end_s >= left]

    def _refresh(self) -> None:
        lifted = self._choice if self._shown is not None else frozenset()
        self._tiles.show(self._layout, self._look, lifted)
        self.update()
