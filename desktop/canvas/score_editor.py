"""The score editor: notes to choose, draw, move, stretch and weigh; it edits nothing itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from desktop.canvas.score_bars import bar_under, is_on_number
from desktop.canvas.score_gestures import (
    EDGE_PX,
    Choose,
    Desk,
    Draw,
    Gesture,
    Move,
    PaintVelocity,
    Stretch,
)
from desktop.canvas.score_grid import RULER_PX
from desktop.canvas.score_keys import verb_of_key
from desktop.canvas.score_layout import Placed
from desktop.canvas.score_view import ScoreView
from desktop.document.score_edits import Edited, deleted

USUAL_VELOCITY = 84
DRUM_KIT = 128
TOUCH_S = 0.05


class ScoreEditor(ScoreView):
    """A score whose notes can be taken hold of.

    Left: choose, move, take a side to stretch, Ctrl to copy; double-click to
    add or take away; with `drawing` a press writes. Ruler: seek, with Shift mark
    bars; a click on a bar's number, or the right button, asks for its menu.
    Shift lets go of the grid.
    """

    edited = Signal(str, object)  # what the undo step is called, NoteScore
    seeked = Signal(float)
    bars_marked = Signal(int, int)  # the first and the last, from 0
    bar_menu_wanted = Signal(int, QPoint)  # a bar, and where on the screen
    heard = Signal(int, int, int)  # program, 128 the drum kit; pitch; velocity

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gesture: Gesture | None = None
        self._marked_from = -1
        self._number_at: QPointF | None = None
        self._key_pitch = -1
        self._heard_pitch = -1
        self.drawing = False

    def commit(self, text: str, edited: Edited) -> None:
        """Offer an edit; what it chose is chosen when the score comes back."""
        score, choice = edited
        if score == self.score:
            self.choose(choice)
            return
        self._set_choice(choice)
        self.edited.emit(text, score)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._layout is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        if at.y() < RULER_PX:
            self._press_ruler(at, event.modifiers())
            return
        if self._grid.is_on_keys(at):
            self._press_key(at)
            return
        self._heard_pitch = -1
        self._gesture = self._begin(at, event.modifiers())
        if self._gesture is not None:
            self._follow(at, free=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._key_pitch >= 0:
            self._press_key(at)
        elif self._gesture is not None:
            self._follow(at, free=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif self._marked_from >= 0:
            self._mark_to(at)
        elif event.buttons() & Qt.MouseButton.LeftButton and at.y() < RULER_PX:
            self._number_at = None
            self.seeked.emit(max(0.0, self._grid.seconds(at.x())))
        else:
            self._point_at(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._key_pitch = self._marked_from = -1
        number, self._number_at = self._number_at, None
        if number is not None:
            self._want_menu(number)
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return
        edited = gesture.edited()
        self._show_edit(None, None)
        if edited is not None:
            self.commit(gesture.text, edited)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Write a note where none is, take away the one that is."""
        if self._layout is None or not self._grid.is_on_notes(event.position()):
            return
        held = self._note_at(event.position())
        desk = self.desk()
        if held is not None:
            self.commit("Delete note", deleted(desk.score, frozenset({(desk.part, held.note)})))
        elif desk.part >= 0:
            made = Draw(desk, event.position(), velocity=USUAL_VELOCITY).edited()
            if made is not None:
                self.commit(Draw.text, made)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the bar under the pointer, or the one at the playhead."""
        at = QPointF(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = QPointF(self._grid.x(self._time_s), 0.0)
        if at.y() < RULER_PX:
            self._want_menu(at)

    def event(self, event: QEvent) -> bool:
        """Take the keys of the editor before the menus do, while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if verb_of_key(event) is not None:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        verb = verb_of_key(event)
        if verb is None or self._layout is None:
            super().keyPressEvent(event)
        else:
            verb(self)

    def desk(self) -> Desk:
        """Return what there is to work with now."""
        assert self._layout is not None
        return Desk(
            score=self._layout.score,
            choice=self._choice,
            part=self.part,
            grid=self._grid,
            step_ticks=self.step_ticks,
        )

    def _begin(self, at: QPointF, keys: Qt.KeyboardModifier) -> Gesture | None:
        """Return the gesture that a press at a place begins."""
        if self.part < 0:
            return None
        if self._grid.lane.contains(at):
            return PaintVelocity(self.desk(), at)
        if not self._grid.is_on_notes(at):
            return None
        more = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        copy = bool(keys & Qt.KeyboardModifier.ControlModifier)
        held = self._note_at(at)
        if held is None:
            if self.drawing:
                return Draw(self.desk(), at, velocity=USUAL_VELOCITY)
            return Choose(self.desk(), at, more=more or copy)
        mine = (held.part, held.note)
        if more:
            self._set_choice(self._choice ^ {mine})
            return None
        if mine not in self._choice:
            self._set_choice(frozenset({mine}))
        side = self._side(at, held)
        if side:
            return Stretch(self.desk(), held.note, start=side == "start")
        return Move(self.desk(), at, held.note, copy=copy)

    def _follow(self, at: QPointF, *, free: bool) -> None:
        gesture = self._gesture
        assert gesture is not None
        gesture.move(at, free=free)
        self._show_edit(gesture.edited(), gesture.band)

        held = gesture.held
        if held is not None and held.pitch != self._heard_pitch:
            self._heard_pitch = held.pitch
            self._hear(held.pitch, held.velocity)

    def _press_ruler(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """Begin to mark bars with Shift; else go there, and remember a bar's number."""
        score = self.score
        assert score is not None
        if keys & Qt.KeyboardModifier.ShiftModifier:
            self._marked_from = bar_under(self._grid, score, at.x())
            self._mark_to(at)
            return
        self._number_at = at if is_on_number(self._grid, score, at) else None
        self.seeked.emit(max(0.0, self._grid.seconds(at.x())))

    def _mark_to(self, at: QPointF) -> None:
        assert self.score is not None
        first, last = sorted((self._marked_from, bar_under(self._grid, self.score, at.x())))
        self.bars_marked.emit(first, last)

    def _want_menu(self, at: QPointF) -> None:
        if self.score is not None and self.score.bar_ticks:
            bar = bar_under(self._grid, self.score, at.x())
            self.bar_menu_wanted.emit(bar, self.mapToGlobal(at.toPoint()))

    def _press_key(self, at: QPointF) -> None:
        """Let a key of the keyboard at the side be heard, once while the mouse is on it."""
        pitch = self._grid.pitch(at.y())
        if pitch != self._key_pitch:
            self._key_pitch = pitch
            self._hear(pitch, USUAL_VELOCITY)

    def _hear(self, pitch: int, velocity: int) -> None:
        score = self.score
        if score is not None and self.part >= 0:
            part = score.parts[self.part]
            self.heard.emit(DRUM_KIT if part.is_drums else part.program, pitch, velocity)

    def _note_at(self, at: QPointF) -> Placed | None:
        """Return the note of the part under a point, the one drawn last."""
        if self._layout is None:
            return None
        seconds = self._grid.seconds(at.x())
        found = [
            placed
            for placed in self._layout.between(seconds - TOUCH_S, seconds + TOUCH_S)
            if placed.part == self.part
            and self._grid.rect(placed.note, placed.start_s, placed.end_s).contains(at)
        ]
        return found[-1] if found else None

    def _side(self, at: QPointF, held: Placed) -> str:
        """Say which side of a note a point takes; the middle third is never a side."""
        rect = self._grid.rect(held.note, held.start_s, held.end_s)
        reach = min(EDGE_PX, rect.width() / 3)
        if at.x() >= rect.right() - reach:
            return "end"
        return "start" if at.x() <= rect.left() + reach else ""

    def _point_at(self, at: QPointF) -> None:
        """Let the pointer say what a press would do."""
        held = self._note_at(at) if self._grid.is_on_notes(at) else None
        if held is not None:
            shape = (
                Qt.CursorShape.SizeHorCursor
                if self._side(at, held)
                else Qt.CursorShape.SizeAllCursor
            )
        elif self.drawing and self._grid.is_on_notes(at):
            shape = Qt.CursorShape.CrossCursor
        elif at.y() < RULER_PX:
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
