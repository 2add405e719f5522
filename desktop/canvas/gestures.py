"""What the pointer does between press and release; each ends in one undo step or in nothing.

A gesture shows its result on the page only; the document is edited once, at
the end. So a drag costs no more than carrying images along, and leaving it
(Escape) has nothing to take back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from desktop.canvas.geometry import (
    Handle,
    Point,
    Sizing,
    bounds,
    middle,
    on_box,
    overlaps,
    refitted,
    resized,
    turned,
    union,
)
from desktop.canvas.overlay import Overlay
from desktop.canvas.page import Page
from desktop.canvas.placement import fitted, with_layers
from desktop.canvas.snapping import Targets, snap, snap_angle, snap_edges, targets
from desktop.document.arrangement import copied, with_new_layer
from desktop.document.model import Box, Layer, PictureLayer, TextLayer
from desktop.session import Session

SNAP_PX = 6.0
TURN_STEP_DEG = 15.0
TURN_REACH_DEG = 2.5


@dataclass(frozen=True, slots=True)
class Keys:
    """The modifier keys of a moment."""

    shift: bool = False
    ctrl: bool = False
    alt: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What gestures and tools work on."""

    session: Session
    page: Page
    overlay: Overlay
    scale: Callable[[], float]

    def reach_mm(self, pixels: float) -> float:
        """Return how many millimetres so many pixels of the view are."""
        return pixels / max(self.scale(), 1e-6)

    def movable(self) -> dict[str, Layer]:
        """Return the selected layers of the page that are not locked."""
        chosen = self.session.selection
        return {x.id: x for x in self.session.layers if x.id in chosen and not x.locked}

    def targets(self, without: Mapping[str, Layer]) -> Targets:
        """Return what a drag of these layers can click to."""
        page = self.session.document
        others = [bounds(x.box) for x in self.session.layers if x.visible and x.id not in without]
        return targets(page.width_mm, page.height_mm, others)


class Gesture(Protocol):
    """A drag on its way; points are millimetres of the page."""

    def move(self, point: Point, keys: Keys) -> None: ...

    def finish(self) -> None: ...

    def cancel(self) -> None: ...


class MoveGesture:
    """Drags the selection; with Alt a copy of it; with Shift along one axis; Ctrl: no snapping."""

    def __init__(self, stage: Stage, start: Point) -> None:
        self._stage = stage
        self._start = start
        self._layers = stage.movable()
        self._span = union(x.box for x in self._layers.values())
        self._targets = stage.targets(self._layers)
        self._by: Point = (0.0, 0.0)
        self._copy = False

    def move(self, point: Point, keys: Keys) -> None:
        dx_mm, dy_mm = point[0] - self._start[0], point[1] - self._start[1]
        if keys.shift:
            dx_mm, dy_mm = (dx_mm, 0.0) if abs(dx_mm) >= abs(dy_mm) else (0.0, dy_mm)
        marks = self._stage.overlay.marks
        marks.guides = ()
        if not keys.ctrl:
            reach_mm = self._stage.reach_mm(SNAP_PX)
            found = snap(self._span.moved(dx_mm, dy_mm), self._targets, reach_mm)
            dx_mm, dy_mm = dx_mm + found.dx_mm, dy_mm + found.dy_mm
            marks.guides = found.guides
        self._by, self._copy = (dx_mm, dy_mm), keys.alt
        self._stage.page.preview(self._moved(), redraw=False)
        where = self._span.moved(dx_mm, dy_mm)
        marks.badge = f"{where.x_mm:.1f}, {where.y_mm:.1f} mm"

    def finish(self) -> None:
        session = self._stage.session
        if self._by == (0.0, 0.0):
            self._stage.page.end_preview()
            return
        if self._copy:
            self._finish_copy()
        else:
            text = "Move layer" if len(self._layers) == 1 else f"Move {len(self._layers)} layers"
            session.edit(text, with_layers(session.document, self._moved().values()))
            self._stage.page.end_preview()

    def cancel(self) -> None:
        self._stage.page.end_preview()

    def _moved(self) -> dict[str, Layer]:
        by = self._by
        return {x.id: fitted(x, x.box.moved(by[0], by[1])) for x in self._layers.values()}

    def _finish_copy(self) -> None:
        session = self._stage.session
        document, ids = session.document, []
        for layer in self._layers.values():
            copy = copied(layer, *self._by)
            document = with_new_layer(document, copy, time_s=session.time_s)
            ids.append(copy.id)
        self._stage.page.end_preview()
        session.edit("Duplicate layer" if len(ids) == 1 else "Duplicate layers", document)
        session.select(ids)


class ResizeGesture:
    """Drags a handle. Corners keep the shape of pictures and texts; Shift reverses that.

    Alt resizes about the middle; Ctrl does not snap. A text's letters grow
    when its corners are dragged and wrap anew when its sides are.
    """

    def __init__(self, stage: Stage, start: Point, handle: Handle) -> None:
        self._stage = stage
        self._start = start
        self._handle = handle
        self._layers = stage.movable()
        boxes = [x.box for x in self._layers.values()]
        self._frame = boxes[0] if len(boxes) == 1 else union(boxes)
        self._targets = stage.targets(self._layers)
        self._result: dict[str, Layer] = {}

    def move(self, point: Point, keys: Keys) -> None:
        dx_mm, dy_mm = point[0] - self._start[0], point[1] - self._start[1]
        how = Sizing(keep_ratio=self._keeps_ratio(keys.shift), centered=keys.alt)
        marks = self._stage.overlay.marks
        marks.guides = ()
        upright = self._frame.rotation_deg == 0.0
        if upright and not keys.ctrl and not how.keep_ratio:
            across, down = self._handle.value
            x_mm, y_mm = on_box(self._frame, across, down)
            found = snap_edges(
                (x_mm + dx_mm,) if across else (),
                (y_mm + dy_mm,) if down else (),
                self._frame,
                self._targets,
                self._stage.reach_mm(SNAP_PX),
            )
            dx_mm, dy_mm = dx_mm + found.dx_mm, dy_mm + found.dy_mm
            marks.guides = found.guides
        frame = resized(self._frame, self._handle, dx_mm, dy_mm, how)
        self._result = self._fit(frame)
        self._stage.page.preview(self._result, redraw=True)
        marks.badge = f"{frame.width_mm:.1f} × {frame.height_mm:.1f} mm"

    def finish(self) -> None:
        session = self._stage.session
        if self._result:
            session.edit("Resize", with_layers(session.document, self._result.values()))
        self._stage.page.end_preview()

    def cancel(self) -> None:
        self._stage.page.end_preview()

    def _keeps_ratio(self, reverse: bool) -> bool:
        many = len(self._layers) > 1
        only = next(iter(self._layers.values()))
        keeps = self._handle.is_corner and (many or isinstance(only, PictureLayer | TextLayer))
        return keeps != reverse

    def _fit(self, frame: Box) -> dict[str, Layer]:
        before = self._frame
        scale = frame.height_mm / before.height_mm if before.height_mm else 1.0
        letters = scale if self._handle.is_corner else 1.0
        if len(self._layers) == 1:
            only = next(iter(self._layers.values()))
            return {only.id: fitted(only, frame, text_scale=letters)}
        return {
            x.id: fitted(x, refitted(x.box, before, frame), text_scale=letters)
            for x in self._layers.values()
        }


class TurnGesture:
    """Drags the knob: turns the selection about its middle; Shift in steps of 15 degrees."""

    def __init__(self, stage: Stage, start: Point) -> None:
        self._stage = stage
        self._layers = stage.movable()
        boxes = [x.box for x in self._layers.values()]
        self._frame = boxes[0] if len(boxes) == 1 else union(boxes)
        self._about = middle(self._frame)
        self._from_deg = self._angle(start)
        self._result: dict[str, Layer] = {}

    def move(self, point: Point, keys: Keys) -> None:
        by_deg = self._angle(point) - self._from_deg
        wanted = self._frame.rotation_deg + by_deg
        if keys.shift:
            wanted = round(wanted / TURN_STEP_DEG) * TURN_STEP_DEG
        elif not keys.ctrl:
            wanted = snap_angle(wanted, 45.0, TURN_REACH_DEG)
        by_deg = wanted - self._frame.rotation_deg
        self._result = {}
        for layer in self._layers.values():
            box = turned(layer.box, self._about, by_deg)
            box = replace(box, rotation_deg=round(box.rotation_deg, 3) % 360.0)
            self._result[layer.id] = fitted(layer, box)
        self._stage.page.preview(self._result, redraw=False)
        self._stage.overlay.marks.badge = f"{(wanted + 180.0) % 360.0 - 180.0:.0f}°"

    def finish(self) -> None:
        session = self._stage.session
        if self._result:
            session.edit("Turn", with_layers(session.document, self._result.values()))
        self._stage.page.end_preview()

    def cancel(self) -> None:
        self._stage.page.end_preview()

    def _angle(self, point: Point) -> float:
        away = point[0] - self._about[0], point[1] - self._about[1]
        return math.degrees(math.atan2(away[1], away[0]))


class BandGesture:
    """Draws a rubber band; all it touches is selected. Shift adds to the selection."""

    def __init__(self, stage: Stage, start: Point, *, add: bool) -> None:
        self._stage = stage
        self._start = start
        self._kept = stage.session.selection if add else frozenset()
        self._before = stage.session.selection

    def move(self, point: Point, keys: Keys) -> None:
        band = spanned(self._start, point)
        self._stage.overlay.marks.band = band
        page = self._stage.session.document
        whole = Box(x_mm=0, y_mm=0, width_mm=page.width_mm, height_mm=page.height_mm)
        touched = {
            layer.id
            for layer in self._stage.session.layers
            if layer.visible
            and not layer.locked
            and overlaps(bounds(layer.box), band)
            and not covers(bounds(layer.box), whole)
        }
        self._stage.session.select(touched | self._kept)

    def finish(self) -> None:
        self._stage.overlay.marks.band = None

    def cancel(self) -> None:
        self._stage.session.select(self._before)
        self._stage.overlay.marks.band = None


class DrawGesture:
    """Draws the box of a new layer; `made` gets the box, whose sides are 0 after a click."""

    def __init__(self, stage: Stage, start: Point, made: Callable[[Box], None]) -> None:
        self._stage = stage
        self._start = start
        self._made = made
        self._box = spanned(start, start)

    def move(self, point: Point, keys: Keys) -> None:
        x_mm, y_mm = point
        if keys.shift:
            side = max(abs(x_mm - self._start[0]), abs(y_mm - self._start[1]))
            x_mm = self._start[0] + math.copysign(side, x_mm - self._start[0])
            y_mm = self._start[1] + math.copysign(side, y_mm - self._start[1])
        self._box = spanned(self._start, (x_mm, y_mm))
        self._stage.overlay.marks.drawing = self._box
        self._stage.overlay.marks.badge = f"{self._box.width_mm:.1f} × {self._box.height_mm:.1f} mm"

    def finish(self) -> None:
        self._stage.overlay.marks.drawing = None
        self._made(self._box)

    def cancel(self) -> None:
        self._stage.overlay.marks.drawing = None


def spanned(one: Point, other: Point) -> Box:
    """Return the upright box with two points as opposite corners."""
    return Box(
        x_mm=min(one[0], other[0]),
        y_mm=min(one[1], other[1]),
        width_mm=abs(one[0] - other[0]),
        height_mm=abs(one[1] - other[1]),
    )


def covers(box: Box, whole: Box) -> bool:
    """Say whether an upright box covers another; half a millimetre may lack."""
    slack_mm = 0.5
    return (
        box.x_mm <= whole.x_mm + slack_mm
        and box.y_mm <= whole.y_mm + slack_mm
        and box.x_mm + box.width_mm >= whole.x_mm + whole.width_mm - slack_mm
        and box.y_mm + box.height_mm >= whole.y_mm + whole.height_mm - slack_mm
    )
