"""Where a dragged box clicks into place, and the lines that show why; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from desktop.document.model import Box

MARGIN = 0.05
"""The page's margins, as a part of its shorter side."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A line on the page: upright at x = `at_mm`, or level at y = `at_mm`.

    It runs between `start_mm` and `end_mm` on the other axis.
    """

    upright: bool
    at_mm: float
    start_mm: float
    end_mm: float


@dataclass(frozen=True, slots=True)
class Line:
    """Something to click to on one axis, and how far what it belongs to reaches on the other."""

    at_mm: float
    start_mm: float
    end_mm: float


@dataclass(frozen=True, slots=True)
class Targets:
    """All lines a drag can click to: `xs` upright, `ys` level."""

    xs: tuple[Line, ...] = ()
    ys: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Snap:
    """The correction to a box in millimetres and the guides to show."""

    dx_mm: float = 0.0
    dy_mm: float = 0.0
    guides: tuple[Guide, ...] = ()


def targets(width_mm: float, height_mm: float, others: Iterable[Box]) -> Targets:
    """Collect the lines of a page (edges, middle, margins) and of other upright boxes."""
    margin_mm = min(width_mm, height_mm) * MARGIN
    xs = [Line(at, 0.0, height_mm) for at in _page_lines(width_mm, margin_mm)]
    ys = [Line(at, 0.0, width_mm) for at in _page_lines(height_mm, margin_mm)]
    for box in others:
        right_mm, bottom_mm = box.x_mm + box.width_mm, box.y_mm + box.height_mm
        xs += [Line(at, box.y_mm, bottom_mm) for at in _three(box.x_mm, right_mm)]
        ys += [Line(at, box.x_mm, right_mm) for at in _three(box.y_mm, bottom_mm)]
    return Targets(tuple(xs), tuple(ys))


def snap(box: Box, to: Targets, reach_mm: float) -> Snap:
    """Click an upright box to the nearest lines within reach by its edges or its middle."""
    right_mm, bottom_mm = box.x_mm + box.width_mm, box.y_mm + box.height_mm
    dx_mm = _nearest(_three(box.x_mm, right_mm), to.xs, reach_mm)
    dy_mm = _nearest(_three(box.y_mm, bottom_mm), to.ys, reach_mm)
    placed = box.moved(dx_mm or 0.0, dy_mm or 0.0)
    guides: list[Guide] = []
    if dx_mm is not None:
        guides += _guides(True, placed, to.xs)
    if dy_mm is not None:
        guides += _guides(False, placed, to.ys)
    return Snap(dx_mm or 0.0, dy_mm or 0.0, tuple(guides))


def snap_edges(
    xs_mm: tuple[float, ...], ys_mm: tuple[float, ...], span: Box, to: Targets, reach_mm: float
) -> Snap:
    """Click only the given edges of a box: what a resize handle moves."""
    dx_mm = _nearest(xs_mm, to.xs, reach_mm)
    dy_mm = _nearest(ys_mm, to.ys, reach_mm)
    guides: list[Guide] = []
    if dx_mm is not None:
        guides += [_guide(True, x + dx_mm, span, to.xs) for x in xs_mm]
    if dy_mm is not None:
        guides += [_guide(False, y + dy_mm, span, to.ys) for y in ys_mm]
    return Snap(dx_mm or 0.0, dy_mm or 0.0, tuple(guides))


def snap_angle(angle_deg: float, step_deg: float, reach_deg: float) -> float:
    """Click an angle to the nearest multiple of a step, if it is within reach."""
    nearest = round(angle_deg / step_deg) * step_deg
    return nearest if abs(angle_deg - nearest) <= reach_deg else angle_deg


def _page_lines(length_mm: float, margin_mm: float) -> tuple[float, ...]:
    return 0.0, margin_mm, length_mm / 2, length_mm - margin_mm, length_mm


def _three(start_mm: float, end_mm: float) -> tuple[float, float, float]:
    return start_mm, (start_mm + end_mm) / 2, end_mm


def _nearest(edges_mm: tuple[float, ...], lines: tuple[Line, ...], reach: float) -> float | None:
    """Return the smallest move that puts an edge on a line, or None out of reach."""
    best: float | None = None
    for edge in edges_mm:
        for line in lines:
            move = line.at_mm - edge
            if abs(move) <= reach and (best is None or abs(move) < abs(best)):
                best = move
    return best


def _guides(upright: bool, box: Box, lines: tuple[Line, ...]) -> list[Guide]:
    """Return one guide for every edge or middle of a placed box that lies on a line."""
    if upright:
        edges = _three(box.x_mm, box.x_mm + box.width_mm)
    else:
        edges = _three(box.y_mm, box.y_mm + box.height_mm)
    on_line = [at for at in edges if any(abs(line.at_mm - at) < 1e-6 for line in lines)]
    return [_guide(upright, at, box, lines) for at in on_line]


def _guide(upright: bool, at_mm: float, box: Box, lines: tuple[Line, ...]) -> Guide:
    """Draw a guide from the box to everything that shares its line."""
    if upright:
        start_mm, end_mm = box.y_mm, box.y_mm + box.height_mm
    else:
        start_mm, end_mm = box.x_mm, box.x_mm + box.width_mm
    for line in lines:
        if abs(line.at_mm - at_mm) < 1e-6:
            start_mm, end_mm = min(start_mm, line.start_mm), max(end_mm, line.end_mm)
    return Guide(upright, at_mm, start_mm, end_mm)
