"""Draw one picture or shape with a painter whose unit is the millimetre."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QTransform

from desktop.document.model import Fit, PictureLayer, ShapeLayer
from desktop.render.colors import brush, color
from desktop.render.flat import keeps_vectors
from desktop.render.outlines import box_rect, mask_path, shape_path
from desktop.render.pictures import Pictures

_MISSING = QColor(128, 128, 128, 96)


def draw_shape(layer: ShapeLayer, painter: QPainter) -> None:
    """Fill and stroke a shape."""
    area = box_rect(layer.box)
    path = shape_path(layer.outline, area, layer.corner_mm)
    if layer.fill is not None and layer.fill.stops:
        painter.fillPath(path, brush(layer.fill, area))
    if layer.stroke and layer.stroke_mm > 0:
        pen = QPen(color(layer.stroke), layer.stroke_mm)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.strokePath(path, pen)


def draw_picture(layer: PictureLayer, painter: QPainter, pictures: Pictures) -> None:
    """Draw a picture in its box, cut to its mask; a grey field where it cannot be read."""
    area = box_rect(layer.box)
    if area.isEmpty():
        return
    whole = pictures.get(layer.asset)
    if whole is None or whole.isNull():
        painter.fillPath(mask_path(layer.mask, area, layer.corner_mm), _MISSING)
        return
    target, source = placement(layer, whole.width(), whole.height())
    scale = math.sqrt(abs(painter.deviceTransform().determinant()))
    seen_px = max(target.width() / source.width(), target.height() / source.height()) * scale
    halvings = max(0, math.floor(-math.log2(seen_px))) if seen_px > 0 else 0
    image = pictures.get(layer.asset, halvings) if halvings else whole
    if image is None:
        return
    factor_x, factor_y = image.width() / whole.width(), image.height() / whole.height()
    source = QRectF(
        source.x() * factor_x,
        source.y() * factor_y,
        source.width() * factor_x,
        source.height() * factor_y,
    )
    path = mask_path(layer.mask, target, layer.corner_mm)
    if keeps_vectors(painter):
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        painter.drawImage(target, image, source)
        painter.restore()
        return
    # A textured brush, unlike a clip, has smooth edges; half a pixel stays
    # outside so that it never repeats into view.
    source = source.adjusted(0.5, 0.5, -0.5, -0.5)
    if source.width() <= 0 or source.height() <= 0:
        painter.drawImage(target, image)
        return
    texture = QBrush(image)
    texture.setTransform(
        QTransform.fromTranslate(target.x(), target.y())
        .scale(target.width() / source.width(), target.height() / source.height())
        .translate(-source.x(), -source.y())
    )
    painter.fillPath(path, texture)


def placement(layer: PictureLayer, width_px: int, height_px: int) -> tuple[QRectF, QRectF]:
    """Return where on the page (mm) which part of the picture (px) goes."""
    area = box_rect(layer.box)
    picture = QRectF(0, 0, width_px, height_px)
    zoom = max(layer.zoom, 0.01)
    if layer.fit is Fit.STRETCH:
        return area, _part(picture, width_px / zoom, height_px / zoom, layer)
    scales = (area.width() / width_px, area.height() / height_px)
    if layer.fit is Fit.COVER:
        scale = max(scales) * max(zoom, 1.0)
        return area, _part(picture, area.width() / scale, area.height() / scale, layer)
    scale = min(scales) * zoom
    target = QRectF(
        0, 0, min(width_px * scale, area.width()), min(height_px * scale, area.height())
    )
    target.moveLeft(area.left() + (area.width() - target.width()) * layer.focus_x)
    target.moveTop(area.top() + (area.height() - target.height()) * layer.focus_y)
    return target, _part(picture, target.width() / scale, target.height() / scale, layer)


def _part(picture: QRectF, width: float, height: float, layer: PictureLayer) -> QRectF:
    width, height = min(width, picture.width()), min(height, picture.height())
    return QRectF(
        (picture.width() - width) * min(1.0, max(0.0, layer.focus_x)),
        (picture.height() - height) * min(1.0, max(0.0, layer.focus_y)),
        width,
        height,
    )
