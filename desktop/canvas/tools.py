"""The canvas's tools: what a press of the pointer begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from desktop.canvas.geometry import Handle, Point, bounds, contains, union
from desktop.canvas.gestures import (
    BandGesture,
    DrawGesture,
    Gesture,
    Keys,
    MoveGesture,
    ResizeGesture,
    Stage,
    TurnGesture,
    covers,
)
from desktop.document.model import Box, Fill, Layer, Outline, ShapeLayer

CLICK_MM = 2.0
"""A box drawn smaller than this was a click."""

SHAPE_COLOR = "#7c8cff"

SIZE_CURSORS = (
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)
"""By direction in steps of 45 degrees, from the right, clockwise."""


class ToolName(StrEnum):
    """The tools; the window shows one button for each."""

    SELECT = "select"
    HAND = "hand"
    TEXT = "text"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LINE = "line"


class Tool(Protocol):
    """What the view asks of a tool; `at` is in the view's pixels, `point` on the page."""

    def press(self, at: QPointF, point: Point, keys: Keys) -> Gesture | None: ...

    def hover(self, at: QPointF, point: Point) -> Qt.CursorShape: ...


class SelectTool:
    """Selects, moves, resizes and turns."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def press(self, at: QPointF, point: Point, keys: Keys) -> Gesture | None:
        overlay, session = self._stage.overlay, self._stage.session
        if overlay.knob_at(at):
            return TurnGesture(self._stage, point)
        handle = overlay.handle_at(at)
        if handle is not None:
            return ResizeGesture(self._stage, point, handle)
        hit = self._stage.page.layer_at(*point, self._slack_mm())
        if hit is None:
            inside = not keys.shift and self._on_selection(point)
            if not inside:
                session.select(session.selection if keys.shift else ())
                return BandGesture(self._stage, point, add=keys.shift)
        elif keys.shift:
            session.select(session.selection ^ {hit.id})
        elif hit.id not in session.selection:
            if self._is_ground(hit):
                return _GroundGesture(self._stage, point, hit)
            session.select((hit.id,))
        return MoveGesture(self._stage, point) if self._stage.movable() else None

    def hover(self, at: QPointF, point: Point) -> Qt.CursorShape:
        overlay = self._stage.overlay
        marks = overlay.marks
        marks.hovered = None
        if overlay.knob_at(at):
            return Qt.CursorShape.PointingHandCursor
        handle = overlay.handle_at(at)
        if handle is not None and marks.frame is not None:
            return size_cursor(handle, marks.frame.rotation_deg)
        hit = self._stage.page.layer_at(*point, self._slack_mm())
        if hit is not None and hit.id not in self._stage.session.selection:
            marks.hovered = None if self._is_ground(hit) else hit.box
        return Qt.CursorShape.ArrowCursor

    def _slack_mm(self) -> float:
        return self._stage.reach_mm(3.0)

    def _on_selection(self, point: Point) -> bool:
        movable = self._stage.movable()
        return any(contains(layer.box, *point) for layer in movable.values())

    def _is_ground(self, layer: Layer) -> bool:
        """Say whether a layer covers the page, so that a drag over it means a rubber band."""
        page = self._stage.session.document
        whole = Box(x_mm=0, y_mm=0, width_mm=page.width_mm, height_mm=page.height_mm)
        return covers(bounds(layer.box), whole)


class _GroundGesture(BandGesture):
    """A press on the background: a click selects it, a drag draws a rubber band over it."""

    def __init__(self, stage: Stage, start: Point, ground: Layer) -> None:
        super().__init__(stage, start, add=False)
        stage.session.select((ground.id,))


class DrawTool:
    """Draws the box of a new layer and then goes back to selecting."""

    def __init__(self, stage: Stage, made: Callable[[Box], None]) -> None:
        self._stage = stage
        self._made = made

    def press(self, at: QPointF, point: Point, keys: Keys) -> Gesture | None:
        self._stage.session.select(())
        return DrawGesture(self._stage, point, self._made)

    def hover(self, at: QPointF, point: Point) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor


class HandTool:
    """Moves the view; the view itself does that, as for a held space bar."""

    def press(self, at: QPointF, point: Point, keys: Keys) -> Gesture | None:
        return None

    def hover(self, at: QPointF, point: Point) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor


def size_cursor(handle: Handle, rotation_deg: float) -> Qt.CursorShape:
    """Return the double arrow that points along a handle of a turned box."""
    across, down = handle.value
    step = {(1, 0): 0, (1, 1): 1, (0, 1): 2, (-1, 1): 3, (-1, 0): 4, (-1, -1): 5, (0, -1): 6}
    eighth = step.get((across, down), 7)
    return SIZE_CURSORS[round(eighth + rotation_deg / 45.0) % 4]


def new_shape(outline: Outline, box: Box, page_width_mm: float) -> ShapeLayer:
    """Return a shape for a drawn box, or one of a good size for a click."""
    if box.width_mm < CLICK_MM and box.height_mm < CLICK_MM:
        side_mm = page_width_mm * 0.2
        box = replace(
            box,
            x_mm=box.x_mm - side_mm / 2,
            y_mm=box.y_mm - (0.0 if outline is Outline.LINE else side_mm / 2),
            width_mm=side_mm,
            height_mm=0.0 if outline is Outline.LINE else side_mm,
        )
    name = outline.value.capitalize()
    if outline is Outline.LINE:
        stroke_mm = max(0.5, page_width_mm * 0.003)
        return ShapeLayer(
            name=name, box=box, outline=outline, stroke=SHAPE_COLOR, stroke_mm=stroke_mm
        )
    return ShapeLayer(name=name, box=box, outline=outline, fill=Fill.solid(SHAPE_COLOR))


def frame_around(layers: list[Layer]) -> Box | None:
    """Return the frame that handles are drawn on: a single layer's own box, else one around all."""
    if not layers:
        return None
    return layers[0].box if len(layers) == 1 else union(x.box for x in layers)
