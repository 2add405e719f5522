"""Colours and gradients of the document as Qt's."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QColor, QLinearGradient

from desktop.document.model import Fill


def color(text: str) -> QColor:
    """Return "#rrggbb" or "#rrggbbaa" as a colour."""
    alpha = int(text[7:9], 16) if len(text) == 9 else 255
    return QColor(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16), alpha)


def brush(fill: Fill, area: QRectF) -> QBrush:
    """Return the brush that fills `area`; a gradient spans it along its angle."""
    if len(fill.stops) == 1:
        return QBrush(color(fill.stops[0].color))
    angle = math.radians(fill.angle_deg)
    along = QPointF(-math.sin(angle), math.cos(angle))  # 0 is downwards, clockwise
    half = (abs(along.x()) * area.width() + abs(along.y()) * area.height()) / 2
    middle = area.center()
    gradient = QLinearGradient(middle - along * half, middle + along * half)
    for stop in fill.stops:
        gradient.setColorAt(min(1.0, max(0.0, stop.at)), color(stop.color))
    return QBrush(gradient)


def is_translucent(fill: Fill) -> bool:
    """Say whether anything below shows through."""
    return any(len(stop.color) == 9 and stop.color[7:].lower() != "ff" for stop in fill.stops)
