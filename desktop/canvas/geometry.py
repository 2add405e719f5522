"""Boxes that are turned, resized and combined; millimetres of the page, no Qt.

A `Box` keeps its upright size and a clockwise rotation about its middle, so
every change of size of a turned box is worked out along the box's own axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from desktop.document.model import Box

Point = tuple[float, float]

SMALLEST_MM = 1.0
"""No handle makes a box smaller than this."""


class Handle(Enum):
    """The eight grips of a selection; the value is its direction from the middle."""

    TOP_LEFT = (-1, -1)
    TOP = (0, -1)
    TOP_RIGHT = (1, -1)
    RIGHT = (1, 0)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM = (0, 1)
    BOTTOM_LEFT = (-1, 1)
    LEFT = (-1, 0)

    @property
    def is_corner(self) -> bool:
        return bool(self.value[0] and self.value[1])


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a handle works: along the diagonal only, and about the middle."""

    keep_ratio: bool = False
    centered: bool = False


def turn(x: float, y: float, angle_deg: float) -> Point:
    """Turn a vector clockwise (y points down)."""
    angle = math.radians(angle_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    return x * cos - y * sin, x * sin + y * cos


def middle(box: Box) -> Point:
    return box.x_mm + box.width_mm / 2, box.y_mm + box.height_mm / 2


def on_box(box: Box, across: float, down: float) -> Point:
    """Return the page's point at -1..1 across and down a box, 0 being its middle."""
    x_mm, y_mm = middle(box)
    dx_mm, dy_mm = turn(across * box.width_mm / 2, down * box.height_mm / 2, box.rotation_deg)
    return x_mm + dx_mm, y_mm + dy_mm


def corners(box: Box) -> tuple[Point, Point, Point, Point]:
    """Return the four corners, clockwise from the upper left."""
    return (on_box(box, -1, -1), on_box(box, 1, -1), on_box(box, 1, 1), on_box(box, -1, 1))


def contains(box: Box, x_mm: float, y_mm: float, margin_mm: float = 0.0) -> bool:
    cx_mm, cy_mm = middle(box)
    dx_mm, dy_mm = turn(x_mm - cx_mm, y_mm - cy_mm, -box.rotation_deg)
    return (
        abs(dx_mm) <= box.width_mm / 2 + margin_mm and abs(dy_mm) <= box.height_mm / 2 + margin_mm
    )


def bounds(box: Box) -> Box:
    """Return the upright box around a turned one."""
    if not box.rotation_deg:
        return box
    return _around(corners(box))


def union(boxes: Iterable[Box]) -> Box:
    """Return the upright box around several.

    Raises:
        ValueError: there is none.
    """
    points = [point for box in boxes for point in corners(box)]
    if not points:
        raise ValueError("no boxes")
    return _around(points)


def _around(points: Iterable[Point]) -> Box:
    xs_mm, ys_mm = zip(*points, strict=True)
    x_mm, y_mm = min(xs_mm), min(ys_mm)
    return Box(x_mm=x_mm, y_mm=y_mm, width_mm=max(xs_mm) - x_mm, height_mm=max(ys_mm) - y_mm)


def overlaps(one: Box, other: Box) -> bool:
    """Say whether two upright boxes share an area."""
    return (
        one.x_mm < other.x_mm + other.width_mm
        and other.x_mm < one.x_mm + one.width_mm
        and one.y_mm < other.y_mm + other.height_mm
        and other.y_mm < one.y_mm + one.height_mm
    )


def resized(box: Box, handle: Handle, dx_mm: float, dy_mm: float, how: Sizing) -> Box:
    """Drag a handle by a vector of the page; the opposite side stays where it is."""
    across, down = handle.value
    along_mm, over_mm = turn(dx_mm, dy_mm, -box.rotation_deg)
    times = 2 if how.centered else 1
    least_w_mm, least_h_mm = min(SMALLEST_MM, box.width_mm), min(SMALLEST_MM, box.height_mm)
    width_mm = max(box.width_mm + across * along_mm * times, least_w_mm)
    height_mm = max(box.height_mm + down * over_mm * times, least_h_mm)
    if how.keep_ratio and box.width_mm > 0 and box.height_mm > 0:
        factor = _one_factor(box, handle, width_mm, height_mm)
        width_mm, height_mm = box.width_mm * factor, box.height_mm * factor
    grown_w_mm, grown_h_mm = width_mm - box.width_mm, height_mm - box.height_mm
    shift = (0.0, 0.0)
    if not how.centered:
        shift = turn(across * grown_w_mm / 2, down * grown_h_mm / 2, box.rotation_deg)
    x_mm, y_mm = middle(box)
    return replace(
        box,
        x_mm=x_mm + shift[0] - width_mm / 2,
        y_mm=y_mm + shift[1] - height_mm / 2,
        width_mm=width_mm,
        height_mm=height_mm,
    )


def _one_factor(box: Box, handle: Handle, width_mm: float, height_mm: float) -> float:
    """Return the scale that comes nearest to a dragged size without changing the shape."""
    least = SMALLEST_MM / min(box.width_mm, box.height_mm)
    across, down = handle.value
    if not down:
        return max(width_mm / box.width_mm, least)
    if not across:
        return max(height_mm / box.height_mm, least)
    diagonal = box.width_mm**2 + box.height_mm**2
    along = (width_mm * box.width_mm + height_mm * box.height_mm) / diagonal
    return max(along, least)


def refitted(box: Box, before: Box, after: Box) -> Box:
    """Carry a box along when the frame around it goes from one upright box to another.

    A turned box grows by the mean of both scales, since it cannot be sheared.
    """
    wide = after.width_mm / before.width_mm if before.width_mm else 1.0
    high = after.height_mm / before.height_mm if before.height_mm else 1.0
    x_mm, y_mm = middle(box)
    x_mm = after.x_mm + (x_mm - before.x_mm) * wide
    y_mm = after.y_mm + (y_mm - before.y_mm) * high
    if box.rotation_deg % 180:
        wide = high = math.sqrt(abs(wide * high))
    width_mm, height_mm = box.width_mm * wide, box.height_mm * high
    return replace(
        box,
        x_mm=x_mm - width_mm / 2,
        y_mm=y_mm - height_mm / 2,
        width_mm=width_mm,
        height_mm=height_mm,
    )


def turned(box: Box, about: Point, angle_deg: float) -> Box:
    """Turn a box clockwise about a point of the page."""
    x_mm, y_mm = middle(box)
    dx_mm, dy_mm = turn(x_mm - about[0], y_mm - about[1], angle_deg)
    rotation_deg = (box.rotation_deg + angle_deg) % 360.0
    return replace(
        box,
        x_mm=about[0] + dx_mm - box.width_mm / 2,
        y_mm=about[1] + dy_mm - box.height_mm / 2,
        rotation_deg=rotation_deg,
    )
