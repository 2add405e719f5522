"""Draw something apart, on transparent pixels of its own, before it meets what is below."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPaintEngine, QPainter, QTransform

_HINTS = (
    QPainter.RenderHint.Antialiasing
    | QPainter.RenderHint.TextAntialiasing
    | QPainter.RenderHint.SmoothPixmapTransform
)


def prepare(painter: QPainter) -> None:
    """Set the hints that every drawing has."""
    painter.setRenderHints(_HINTS)


def keeps_vectors(painter: QPainter) -> bool:
    """Say whether the device keeps text and outlines (a PDF) and cannot blend pixels."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() in (
        QPaintEngine.Type.Pdf,
        QPaintEngine.Type.SVG,
        QPaintEngine.Type.Picture,
    )


def keeps_text(painter: QPainter) -> bool:
    """Say whether the device keeps fonts: a PDF; an SVG's viewer may not have them."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() == QPaintEngine.Type.Pdf


def draw_flat(
    painter: QPainter,
    area: QRectF,
    draw: Callable[[QPainter], None],
    *,
    opacity: float,
    mode: QPainter.CompositionMode,
) -> None:
    """Draw `area` of the page apart and lay the result over what is there.

    Args:
        area: in the painter's own units.
        draw: draws with a painter that has the same units.
    """
    transform = painter.deviceTransform()
    # A QPaintDevice speaks in logical pixels; deviceTransform in physical ones.
    seen = transform.mapRect(area).adjusted(-1, -1, 1, 1)
    if not keeps_vectors(painter):
        device = painter.device()
        ratio = device.devicePixelRatio()
        seen = seen.intersected(QRectF(0, 0, device.width() * ratio, device.height() * ratio))
    frame = seen.toAlignedRect()
    if frame.isEmpty():
        return
    shift = QPointF(frame.topLeft())
    image = QImage(frame.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    inner = QPainter(image)
    prepare(inner)
    inner.setTransform(transform * QTransform.fromTranslate(-shift.x(), -shift.y()))
    draw(inner)
    inner.end()
    painter.save()
    back, _ = painter.deviceTransform().inverted()
    painter.setTransform(back * painter.transform())
    painter.setOpacity(painter.opacity() * opacity)
    painter.setCompositionMode(mode)
    painter.drawImage(shift, image)
    painter.restore()
