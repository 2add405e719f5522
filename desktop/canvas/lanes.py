"""The pointer's and the keys' work on the lanes of the timeline."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from desktop.canvas.lane_view import LaneView
from desktop.canvas.shot_menu import build_shot_menu, remove_picked
from desktop.canvas.timeline_gestures import Pull, TimeGesture, gesture_for
from desktop.canvas.timescale import Hit, Part
from desktop.canvas.worker import Worker
from desktop.document.model import Document
from desktop.session import Session

DRAG_PX = 4
SNAP_PX = 7.0

CURSORS = {
    Part.SHOT_END: Qt.CursorShape.SplitHCursor,
    Part.CAPTION_START: Qt.CursorShape.SizeHorCursor,
    Part.CAPTION_END: Qt.CursorShape.SizeHorCursor,
}


class Lanes(LaneView):
    """Shows a session's scene in time; a drag is shown at once and edited at its end."""

    sought = Signal(float)

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(session, worker, parent)
        self._gesture: TimeGesture | None = None
        self._pressed: QPointF | None = None
        self._seeking = False
        self._dragging = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        session.document_changed.connect(self._on_document)

    @property
    def picked(self) -> Hit:
        return self._picked

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        hit = self._scale.hit(self._shown, at)
        self._pressed, self._dragging = at, False
        self._picked = hit
        self._gesture = gesture_for(hit, self._shown, self._lines)
        self._seeking = hit.part in (Part.RULER, Part.MUSIC)
        if self._seeking:
            self._seek(at.x())
        self.redraw()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            part = self._scale.hit(self._shown, at).part
            self.setCursor(CURSORS.get(part, Qt.CursorShape.ArrowCursor))
            return
        self._dragging = self._dragging or abs(at.x() - self._pressed.x()) >= DRAG_PX
        if self._seeking:
            self._seek(at.x())
        elif self._gesture is not None and self._dragging:
            self.show_document(self._gesture.move(self._pull(event)), passing=True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        pressed, self._pressed = self._pressed, None
        if gesture is None or pressed is None or self._seeking:
            return
        if self._dragging:
            picked = self._picked_id()
            self._session.edit(gesture.text, self._shown)
            self._pick(picked)
        else:
            self._seek(pressed.x())
        self.show_document(self._session.document)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frame_s = 1.0 / self._shown.fps
        step_s = 1.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else frame_s
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            remove_picked(self._session, self._picked)
            self._picked = Hit(Part.NOTHING)
        elif key == Qt.Key.Key_Left:
            self.sought.emit(max(self._session.time_s - step_s, 0.0))
        elif key == Qt.Key.Key_Right:
            self.sought.emit(min(self._session.time_s + step_s, self._shown.duration_s))
        elif key == Qt.Key.Key_Home:
            self.sought.emit(0.0)
        elif key == Qt.Key.Key_End:
            self.sought.emit(self._shown.duration_s)
        elif key == Qt.Key.Key_Escape and self._gesture is not None:
            self._gesture = self._pressed = None
            self.show_document(self._session.document)
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        hit = self._scale.hit(self._shown, QPointF(event.pos()))
        self._picked = hit
        self.redraw()
        menu = build_shot_menu(self, self._session, hit)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def _pull(self, event: QMouseEvent) -> Pull:
        x, held = event.position().x(), event.modifiers()
        start_x = self._pressed.x() if self._pressed is not None else x
        return Pull(
            by_s=(x - start_x) / self._scale.px_per_s,
            reach_s=SNAP_PX / self._scale.px_per_s,
            roll=bool(held & Qt.KeyboardModifier.ShiftModifier),
            free=bool(held & Qt.KeyboardModifier.ControlModifier),
        )

    def _lines(self) -> tuple[float, ...]:
        """Return the times a drag clicks to: playhead, cuts, caption ends and bar lines."""
        document = self._shown
        cuts = [document.shot_start_s(index) for index in range(len(document.shots) + 1)]
        ends = [t for x in document.captions for t in (x.start_s, x.end_s)]
        own = set()
        if self._picked.part is Part.SHOT_END:
            own = {document.shot_start_s(self._picked.index + 1)}
        elif self._picked.part is not Part.SHOT:
            caption = document.captions[self._picked.index]
            own = {caption.start_s, caption.end_s}
        lines = {self._session.time_s, *cuts, *ends, *self._score.bars_s}
        return tuple(sorted(lines - own))

    def _picked_id(self) -> str:
        """Return the id of what is picked, which a drag may give another index."""
        hit, document = self._picked, self._session.document
        if hit.part is Part.SHOT:
            return document.shots[hit.index].id
        return document.captions[hit.index].id if hit.part.value.startswith("caption") else ""

    def _pick(self, picked: str) -> None:
        document = self._session.document
        ids = [
            x.id for x in (document.shots if self._picked.part is Part.SHOT else document.captions)
        ]
        if picked in ids:
            self._picked = Hit(self._picked.part, ids.index(picked))

    def _seek(self, x: float) -> None:
        self.sought.emit(min(max(self._scale.time(x), 0.0), self._shown.duration_s))

    def _on_document(self, before: Document, after: Document) -> None:
        self._gesture = None
        if len(before.shots) != len(after.shots) or len(before.captions) != len(after.captions):
            self._picked = Hit(Part.NOTHING)
        self.show_document(after)
