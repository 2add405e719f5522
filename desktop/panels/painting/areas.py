"""Masks: white where something holds, black elsewhere; also from the areas of layers."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPainterPathStroker, QTransform

from desktop.document.model import Box, Layer, Outline, PictureLayer, ShapeLayer
from desktop.render.outlines import box_rect, mask_path, rectangle, shape_path
from desktop.render.pictures import decode
from desktop.render.png import png_bytes

MASK_PX = 768
"""The longer side of a mask while it is worked on."""

THINNEST_MM = 2.0


def empty_mask(width_px: int, height_px: int) -> QImage:
    """Return a black mask of this shape, its longer side at most `MASK_PX`."""
    size = QSize(max(1, width_px), max(1, height_px))
    if max(width_px, height_px) > MASK_PX:
        size = size.scaled(MASK_PX, MASK_PX, Qt.AspectRatioMode.KeepAspectRatio)
    mask = QImage(size.expandedTo(QSize(1, 1)), QImage.Format.Format_Grayscale8)
    mask.fill(0)
    return mask


def mask_of_png(png: bytes, like: QImage) -> QImage:
    """Read a mask of any size; where it is transparent it is black.

    Raises:
        PictureError: it is no picture.
    """
    read = decode(png, longest_px=2 * MASK_PX)
    ground = QImage(read.size(), QImage.Format.Format_RGB32)
    ground.fill(QColor("black"))
    painter = QPainter(ground)
    painter.drawImage(0, 0, read)
    painter.end()
    scaled = ground.scaled(
        like.size(),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return scaled.convertToFormat(QImage.Format.Format_Grayscale8)


def png_of_mask(mask: QImage, width_px: int, height_px: int) -> bytes:
    """Return a mask as PNG of a size."""
    scaled = mask.scaled(
        QSize(width_px, height_px),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return png_bytes(scaled)


def is_empty(mask: QImage) -> bool:
    """Say whether a mask is black all over."""
    return not any(bytes(mask.constBits()[: mask.sizeInBytes()]))


def draw_areas(mask: QImage, layers: Iterable[Layer], frame: Box) -> None:
    """Whiten the areas of layers; `frame` is the part of the page that the mask shows."""
    painter = QPainter(mask)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(mask.width() / frame.width_mm, mask.height() / frame.height_mm)
    painter.translate(frame.width_mm / 2, frame.height_mm / 2)
    painter.rotate(-frame.rotation_deg)
    painter.translate(-frame.x_mm - frame.width_mm / 2, -frame.y_mm - frame.height_mm / 2)
    for layer in layers:
        painter.fillPath(_outline(layer), QColor("white"))
    painter.end()


def _outline(layer: Layer) -> QPainterPath:
    """Return a layer's outline on the page, in millimetres."""
    area = box_rect(layer.box)
    if isinstance(layer, ShapeLayer):
        path = shape_path(layer.outline, area, layer.corner_mm)
        if layer.outline is Outline.LINE:
            stroker = QPainterPathStroker()
            stroker.setWidth(max(THINNEST_MM, layer.stroke_mm))
            path = stroker.createStroke(path)
    elif isinstance(layer, PictureLayer):
        path = mask_path(layer.mask, area, layer.corner_mm)
    else:
        path = rectangle(area)
    middle = area.center()
    turn = QTransform().translate(middle.x(), middle.y()).rotate(layer.box.rotation_deg)
    return turn.translate(-middle.x(), -middle.y()).map(path)
