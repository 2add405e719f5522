"""What the mouse does in the score editor, one class for each gesture.

A gesture is begun by a press, shows a score that is not yet the real one with
every move, and becomes one edit when the button is let go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF

from desktop.canvas.score_grid import Grid
from desktop.document import score_edits as edits
from desktop.document.notes import NoteScore, ScoreNote
from desktop.document.score_edits import Choice, Edited

EDGE_PX = 6.0
"""A press this near to a note's side takes the side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a gesture works with, as it was when it began."""

    score: NoteScore
    choice: Choice
    part: int
    grid: Grid
    step_ticks: int
    """The grid notes are set to."""

    def tick(self, x: float) -> float:
        return self.score.tick(max(0.0, self.grid.seconds(x)))

    def snapped(self, tick: float) -> int:
        """Return the line of the grid that is nearest."""
        return max(0, round(tick / self.step_ticks) * self.step_ticks)

    def cell(self, tick: float) -> int:
        """Return the line of the grid at or before a tick."""
        return max(0, int(tick // self.step_ticks) * self.step_ticks)


class Gesture(Protocol):
    """One press, its moves, and what they come to."""

    text: str
    """What the undo step is called."""

    def move(self, point: QPointF, *, free: bool) -> None:
        """Follow the mouse; `free` leaves the grid aside."""
        ...

    def edited(self) -> Edited | None:
        """Return score and choice as they are now, None if nothing is changed."""
        ...

    @property
    def band(self) -> QRectF | None:
        """The rectangle to draw, if it is one that chooses."""
        ...

    @property
    def held(self) -> ScoreNote | None:
        """The note under the mouse as it is now, if the gesture is about one."""
        ...


class Move:
    """Take the chosen notes along; with `copy` they stay and copies go."""

    def __init__(self, desk: Desk, at: QPointF, held: ScoreNote, *, copy: bool = False) -> None:
        self.text = "Copy notes" if copy else "Move notes"
        self._desk, self._from, self._held, self._copy = desk, at, held, copy
        self._ticks, self._semitones = 0, 0
        self.band: QRectF | None = None

    def move(self, point: QPointF, *, free: bool) -> None:
        desk = self._desk
        shift = desk.tick(point.x()) - desk.tick(self._from.x())
        start = self._held.start_tick
        # The note under the mouse lands on the grid; the others keep their distance to it.
        goal = start + shift if free else desk.snapped(start + shift)
        self._ticks = 0 if abs(point.x() - self._from.x()) < 3 else round(goal - start)
        self._semitones = desk.grid.pitch(point.y()) - desk.grid.pitch(self._from.y())

    @property
    def held(self) -> ScoreNote | None:
        pitch = min(127, max(0, self._held.pitch + self._semitones))
        return replace(self._held, pitch=pitch)

    def edited(self) -> Edited | None:
        if not self._ticks and not self._semitones:
            return None
        desk = self._desk
        score, became = edits.moved(
            desk.score, desk.choice, ticks=self._ticks, semitones=self._semitones
        )
        return edits.added(desk.score, became) if self._copy else (score, became)


class Stretch:
    """Take the end, or with `start` the beginning, of the chosen notes along."""

    def __init__(self, desk: Desk, held: ScoreNote, *, start: bool = False) -> None:
        self.text = "Stretch notes"
        self._desk, self._held, self._start = desk, held, start
        self._ticks = 0
        self.band: QRectF | None = None

    def move(self, point: QPointF, *, free: bool) -> None:
        desk = self._desk
        side = self._held.start_tick if self._start else self._held.end_tick
        tick = desk.tick(point.x())
        self._ticks = round(tick - side) if free else desk.snapped(tick) - side

    @property
    def held(self) -> ScoreNote | None:
        return self._held

    def edited(self) -> Edited | None:
        if not self._ticks:
            return None
        change = edits.begun_later if self._start else edits.stretched
        least = min(self._desk.step_ticks, self._held.length_ticks)
        return change(self._desk.score, self._desk.choice, ticks=self._ticks, least_ticks=least)


class Draw:
    """Put a new note in and set its length."""

    text = "Draw note"

    def __init__(self, desk: Desk, at: QPointF, *, velocity: int) -> None:
        self._desk = desk
        start = desk.cell(desk.tick(at.x()))
        self._note = ScoreNote(start, desk.grid.pitch(at.y()), desk.step_ticks, velocity)
        self.band: QRectF | None = None

    def move(self, point: QPointF, *, free: bool) -> None:
        desk, note = self._desk, self._note
        tick = desk.tick(point.x())
        end = round(tick) if free else desk.cell(tick) + desk.step_ticks
        least = 1 if free else desk.step_ticks
        self._note = replace(note, length_ticks=max(least, end - note.start_tick))

    @property
    def held(self) -> ScoreNote | None:
        return self._note

    def edited(self) -> Edited | None:
        return edits.added(self._desk.score, [(self._desk.part, self._note)])


class Choose:
    """Choose what touches a rectangle, besides what is chosen already with `more`."""

    text = ""

    def __init__(self, desk: Desk, at: QPointF, *, more: bool = False) -> None:
        self._desk, self._from = desk, at
        self._kept: Choice = desk.choice if more else frozenset()
        self._choice = self._kept
        self.band: QRectF | None = QRectF(at, at)
        self.held: ScoreNote | None = None

    def move(self, point: QPointF, *, free: bool) -> None:
        self.band = QRectF(self._from, point).normalized()
        desk, box = self._desk, self.band
        self._choice = self._kept | edits.chosen_between(
            desk.score,
            first_tick=desk.tick(box.left()),
            last_tick=desk.tick(box.right()),
            lowest=desk.grid.pitch(box.bottom()),
            highest=desk.grid.pitch(box.top()),
            parts=(desk.part,),
        )

    def edited(self) -> Edited | None:
        return self._desk.score, self._choice


class PaintVelocity:
    """Set the velocities of the notes that the mouse passes in the lane.

    Of the chosen notes only, if any is chosen; else of all of the part.
    """

    text = "Paint velocities"
    REACH_PX = 5.0

    def __init__(self, desk: Desk, at: QPointF) -> None:
        self._desk, self._last = desk, at
        self._new: dict[ScoreNote, int] = {}
        self.band: QRectF | None = None
        self.held: ScoreNote | None = None
        self.move(at, free=False)

    def move(self, point: QPointF, *, free: bool) -> None:
        """Set all notes between the last place and this one, along a straight line."""
        desk, last = self._desk, self._last
        left, right = sorted((last.x(), point.x()))
        first = desk.tick(left - self.REACH_PX)
        final = desk.tick(right + self.REACH_PX)
        for note in desk.score.parts[desk.part].notes:
            chosen = not desk.choice or (desk.part, note) in desk.choice
            if chosen and first <= note.start_tick <= final:
                x = desk.grid.x(desk.score.seconds(note.start_tick))
                share = (x - last.x()) / (point.x() - last.x()) if point.x() != last.x() else 1.0
                y = last.y() + min(1.0, max(0.0, share)) * (point.y() - last.y())
                self._new[note] = desk.grid.velocity(y)
        self._last = point

    def edited(self) -> Edited | None:
        if not self._new:
            return None
        part = self._desk.part
        touched = frozenset((part, note) for note in self._new)
        score, became = self._desk.score.map_notes(
            touched, lambda x: replace(x, velocity=self._new[x])
        )
        return score, became if self._desk.choice else frozenset()
