"""The canvas: what the pointer and the keys do to the page of a session."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from desktop.canvas.drops import Drop, DropTarget
from desktop.canvas.geometry import Point
from desktop.canvas.gestures import Gesture, Keys, Stage
from desktop.canvas.keys import press_key, tool_of
from desktop.canvas.menu import build_menu
from desktop.canvas.overlay import Marks, Overlay
from desktop.canvas.page import Page
from desktop.canvas.pasteboard import Pasteboard
from desktop.canvas.tools import DrawTool, HandTool, SelectTool, Tool, ToolName, frame_around
from desktop.canvas.verbs import Verbs
from desktop.canvas.worker import Worker
from desktop.canvas.writing import Writing
from desktop.document.model import Box, Outline, TextLayer
from desktop.session import Session

DRAG_PX = 4
"""The pointer must go so far before a press is a drag."""


class CanvasView(Pasteboard):
    """Shows the page of a session and lets the user work on it."""

    tool_changed = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.worker = Worker("canvas")
        # A parentless worker outlives the view just long enough to end its thread.
        self.destroyed.connect(self.worker.close)
        self.page = Page(session, self.scene(), self.worker, self)
        self.verbs = Verbs(session)
        self.writing = Writing(session, self.page)
        self._overlay = Overlay()
        self._stage = Stage(session, self.page, self._overlay, self._scale_on_page)
        self._tools = self._make_tools()
        self._tool = ToolName.SELECT
        self._gesture: Gesture | None = None
        self._pressed_at: QPointF | None = None
        self._pressed_on: Point = (0.0, 0.0)
        self._dragging = False
        self._painted = QRectF()
        self._drops = DropTarget(self.viewport(), self._on_drop_over, self._on_drop)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.page.changed.connect(self._on_page)
        session.selection_changed.connect(self.show_marks)
        self.looked.connect(self._on_looked)
        self._on_page()

    @property
    def marks(self) -> Marks:
        return self._overlay.marks

    @property
    def tool(self) -> ToolName:
        return self._tool

    def set_tool(self, name: ToolName | str) -> None:
        """Take up a tool."""
        name = ToolName(name)
        if name is not self._tool:
            self.writing.finish()
            self._tool = name
            self.viewport().setCursor(self._tools[name].hover(QPointF(), (0.0, 0.0)))
            self.tool_changed.emit(name.value)

    def show_marks(self) -> None:
        """Put the marks where the selection is and paint what changed of them."""
        marks, chosen = self.marks, self._session.selection
        shown = [x for i in chosen if (x := self.page.shown(i)) is not None]
        inner = [x for x in self._session.selected_layers() if self.page.shown(x.id) is None]
        marks.selected = tuple(x.box for x in [*shown, *inner])
        marks.frame = None if self.writing.editor else frame_around([*shown, *inner])
        marks.handles = bool(shown) and not inner
        marks.locked = bool(shown) and all(x.locked for x in shown)
        if not self._dragging:
            marks.badge = ""
            marks.guides = ()
        self._overlay.to_view = self.page.camera * self.viewportTransform()
        region = self._overlay.region()
        self.viewport().update(region.united(self._painted).toAlignedRect())
        self._painted = region

    def to_page(self, at: QPointF) -> Point:
        """Return the page's point under one of the view, through a scene's camera."""
        self._overlay.to_view = self.page.camera * self.viewportTransform()
        back, _ = self._overlay.to_view.inverted()
        point = back.map(at)
        return point.x(), point.y()

    def write(self, layer_id: str) -> None:
        """Edit a text in its place."""
        self._session.select((layer_id,))
        self.writing.begin(layer_id)
        self.show_marks()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._in_editor(event):
            super().mousePressEvent(event)
            return
        self.writing.finish()
        if self.begins_pan(event) or event.button() != Qt.MouseButton.LeftButton:
            return
        if self._tool is ToolName.HAND:
            self.start_pan(event)
            return
        at = event.position()
        self._pressed_at, self._pressed_on, self._dragging = at, self.to_page(at), False
        self.marks.hovered = None
        self._gesture = self._tools[self._tool].press(at, self._pressed_on, _keys(event))
        self.show_marks()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.navigator.panning:
            self.navigator.pan_to(at.toPoint())
        elif self._in_editor(event):
            super().mouseMoveEvent(event)
        elif self._gesture is not None and self._pressed_at is not None:
            away = at - self._pressed_at
            self._dragging = self._dragging or abs(away.x()) + abs(away.y()) >= DRAG_PX
            if self._dragging:
                self._gesture.move(self.to_page(at), _keys(event))
                self.show_marks()
        elif not event.buttons():
            self.viewport().setCursor(self._tools[self._tool].hover(at, self.to_page(at)))
            self.show_marks()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.ends_pan():
            return
        if self._gesture is None or event.button() != Qt.MouseButton.LeftButton:
            if self.writing.editor is not None:
                super().mouseReleaseEvent(event)
            event.accept()
            return
        gesture, self._gesture = self._gesture, None
        gesture.finish()
        self._dragging = False
        self.show_marks()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._in_editor(event):
            super().mouseDoubleClickEvent(event)
            return
        hit = self.page.layer_at(*self.to_page(event.position()))
        if self._tool is ToolName.SELECT and isinstance(hit, TextLayer):
            self._leave_gesture()
            self.write(hit.id)
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.writing.editor is not None:
            # Qt's own view would also scroll; the scene gives the key to the editor.
            self.scene().event(event)
            self.show_marks()
        elif event.key() == Qt.Key.Key_Escape:
            if not self._leave_gesture():
                self._session.deselect()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for layer in self._session.selected_layers()[:1]:
                self.write(layer.id)
        elif (name := tool_of(event)) is not None:
            self.set_tool(name)
        elif not press_key(event, self._session, self.verbs):
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.writing.editor is None:
            hit = self.page.layer_at(*self.to_page(QPointF(event.pos())))
            if hit is not None and hit.id not in self._session.selection:
                self._session.select((hit.id,))
            menu = build_menu(self, self._session, self.verbs, self.write)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())
        event.accept()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        self._overlay.paint(painter)
        painter.restore()

    def _make_tools(self) -> dict[ToolName, Tool]:
        tools: dict[ToolName, Tool] = {
            ToolName.SELECT: SelectTool(self._stage),
            ToolName.HAND: HandTool(),
            ToolName.TEXT: DrawTool(self._stage, self._on_text_drawn),
        }
        for name, outline in (
            (ToolName.RECTANGLE, Outline.RECTANGLE),
            (ToolName.ELLIPSE, Outline.ELLIPSE),
            (ToolName.LINE, Outline.LINE),
        ):
            tools[name] = DrawTool(self._stage, partial(self._on_shape_drawn, outline))
        return tools

    def _on_shape_drawn(self, outline: Outline, box: Box) -> None:
        self.set_tool(ToolName.SELECT)
        self.verbs.add_shape(outline, box)

    def _on_text_drawn(self, box: Box) -> None:
        self.set_tool(ToolName.SELECT)
        self.write(self.verbs.add_text(box))

    def _leave_gesture(self) -> bool:
        """Stop a drag without an edit; True if there was one."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self._dragging = False
        self.show_marks()
        return True

    def _in_editor(self, event: QMouseEvent) -> bool:
        editor = self.writing.editor
        if editor is None or event.button() == Qt.MouseButton.MiddleButton:
            return False
        return editor.contains(editor.mapFromScene(self.mapToScene(event.position().toPoint())))

    def _on_drop_over(self, over: bool) -> None:
        self.marks.drop = over
        page = self.page_rect()
        self.marks.page = Box(x_mm=0, y_mm=0, width_mm=page.width(), height_mm=page.height())
        self.show_marks()

    def _on_drop(self, drop: Drop, at: QPointF) -> None:
        self.verbs.take_drop(drop, self.to_page(at))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_page(self) -> None:
        self.set_page(self.page.size, self._session.document.background)
        self.show_marks()

    def _on_looked(self) -> None:
        scale = self.navigator.scale * self.devicePixelRatioF()
        self.page.look(scale, self.sight())
        self.show_marks()

    def _scale_on_page(self) -> float:
        return self.navigator.scale * self.page.camera.m11()


def _keys(event: QMouseEvent) -> Keys:
    held = event.modifiers()
    return Keys(
        shift=bool(held & Qt.KeyboardModifier.ShiftModifier),
        ctrl=bool(held & Qt.KeyboardModifier.ControlModifier),
        alt=bool(held & Qt.KeyboardModifier.AltModifier),
    )
