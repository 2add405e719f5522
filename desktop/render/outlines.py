"""The outlines that shapes have and pictures are cut to."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath

from desktop.document.model import Box, Mask, Outline


def box_rect(box: Box) -> QRectF:
    return QRectF(box.x_mm, box.y_mm, box.width_mm, box.height_mm)


def rectangle(area: QRectF, corner_mm: float = 0.0) -> QPainterPath:
    path = QPainterPath()
    corner_mm = min(corner_mm, area.width() / 2, area.height() / 2)
    if corner_mm > 0:
        path.addRoundedRect(area, corner_mm, corner_mm)
    else:
        path.addRect(area)
    return path


def ellipse(area: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(area)
    return path


def arch(area: QRectF) -> QPainterPath:
    """Return a doorway: upright sides under half a circle, or half an ellipse if it is low."""
    rise = min(area.width() / 2, area.height())
    path = QPainterPath()
    path.moveTo(area.bottomLeft())
    path.lineTo(area.left(), area.top() + rise)
    path.arcTo(QRectF(area.left(), area.top(), area.width(), 2 * rise), 180.0, -180.0)
    path.lineTo(area.bottomRight())
    path.closeSubpath()
    return path


def mask_path(mask: Mask, area: QRectF, corner_mm: float = 0.0) -> QPainterPath:
    """Return the outline a picture is cut to."""
    if mask is Mask.ELLIPSE:
        return ellipse(area)
    return arch(area) if mask is Mask.ARCH else rectangle(area, corner_mm)


def shape_path(outline: Outline, area: QRectF, corner_mm: float = 0.0) -> QPainterPath:
    """Return a shape's outline; a line runs from the upper left to the lower right corner."""
    if outline is Outline.ELLIPSE:
        return ellipse(area)
    if outline is Outline.RECTANGLE:
        return rectangle(area, corner_mm)
    path = QPainterPath(area.topLeft())
    path.lineTo(area.bottomRight())
    return path
