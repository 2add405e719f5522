"""What lies in the canvas's scene: layers as pictures of themselves, and a scene's frame.

Scene coordinates are millimetres of the page. A layer is drawn by the
renderer on a worker thread into an image of its part of the page; moving,
turning or stretching it only carries that image along until a new one comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from desktop.canvas.geometry import bounds
from desktop.document.model import Blend, Box, GroupLayer, Layer, ShapeLayer, TextLayer

MODES = {
    Blend.NORMAL: QPainter.CompositionMode.CompositionMode_SourceOver,
    Blend.MULTIPLY: QPainter.CompositionMode.CompositionMode_Multiply,
    Blend.SCREEN: QPainter.CompositionMode.CompositionMode_Screen,
    Blend.OVERLAY: QPainter.CompositionMode.CompositionMode_Overlay,
    Blend.SOFT_LIGHT: QPainter.CompositionMode.CompositionMode_SoftLight,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image of a layer: the part of the page it covers and its pixels per millimetre."""

    layer: Layer
    rect: QRectF
    scale: float
    image: QImage


def plain(layer: Layer) -> Layer:
    """Return the layer without what only shows against others: opacity and blend."""
    return replace(layer, opacity=1.0, blend=Blend.NORMAL, visible=True)


def reach_rect(layer: Layer) -> QRectF:
    """Return the part of the page a layer may draw on: its box, strokes and overhanging text."""
    box = bounds(layer.box)
    rect = QRectF(box.x_mm, box.y_mm, box.width_mm, box.height_mm)
    for member in layer.layers if isinstance(layer, GroupLayer) else ():
        rect = rect.united(reach_rect(member))
    if isinstance(layer, TextLayer):
        margin_mm = layer.size_mm * 1.2
    elif isinstance(layer, ShapeLayer):
        margin_mm = layer.stroke_mm
    else:
        margin_mm = 0.0
    margin_mm += 0.5
    return rect.adjusted(-margin_mm, -margin_mm, margin_mm, margin_mm)


def frame_of(box: Box) -> QTransform:
    """Return the transform from a box's own millimetres, its middle at 0, to the page."""
    transform = QTransform()
    transform.translate(box.x_mm + box.width_mm / 2, box.y_mm + box.height_mm / 2)
    transform.rotate(box.rotation_deg)
    return transform


def carry(before: Layer, after: Layer) -> QTransform:
    """Return what takes the image of a layer at one place to another place on the page.

    A text keeps its letters' shape and grows with its size; everything else
    is stretched with its box.
    """
    if before.box == after.box:
        return QTransform()
    if isinstance(before, TextLayer) and isinstance(after, TextLayer):
        wide = high = after.size_mm / before.size_mm if before.size_mm else 1.0
    else:
        wide = after.box.width_mm / before.box.width_mm if before.box.width_mm else 1.0
        high = after.box.height_mm / before.box.height_mm if before.box.height_mm else 1.0
    stretch = QTransform.fromScale(wide, high)
    back, _ = frame_of(before.box).inverted()
    return back * stretch * frame_of(after.box)


class LayerItem(QGraphicsItem):
    """One layer of the page; `shown` differs from `layer` during a gesture."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.shown = layer
        self.drawn: Drawn | None = None
        self.lifted = True
        self._clip = QRectF()
        self._reach = reach_rect(layer)

    def boundingRect(self) -> QRectF:
        return self._reach

    def show_layer(self, layer: Layer) -> None:
        """Take the document's newest value of this layer."""
        self.layer = layer
        self.show_as(layer)

    def show_as(self, layer: Layer) -> None:
        """Show the layer in another place or size; the document does not know of it."""
        self.shown = layer
        reach = reach_rect(layer)
        if reach != self._reach:
            self.prepareGeometryChange()
            self._reach = reach
        self.setVisible(layer.visible)
        self.update()

    def take(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self.update()

    def clip_to(self, frame: QRectF) -> None:
        """Draw only inside a part of the page: what a scene's camera sees, or a poster's all."""
        if frame != self._clip:
            self._clip = frame
            self.update()

    def lift(self, lifted: bool) -> None:
        """Draw or leave the drawing to the scene's frame."""
        if self.lifted != lifted:
            self.lifted = lifted
            self.update()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        drawn = self.drawn
        if drawn is None or not self.lifted:
            return
        painter.setClipRect(self._clip)
        painter.setOpacity(painter.opacity() * self.shown.opacity)
        painter.setCompositionMode(MODES[self.shown.blend])
        transform = carry(drawn.layer, self.shown)
        if not transform.isIdentity():
            painter.setTransform(transform, True)
        sharp = abs(painter.deviceTransform().m11() - drawn.scale) < 1e-6
        turned = transform.isRotating() or transform.isScaling()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, turned or not sharp)
        painter.drawImage(drawn.rect, drawn.image)


class FrameItem(QGraphicsItem):
    """The whole frame of a scene at the present time, as the renderer drew it."""

    def __init__(self) -> None:
        super().__init__()
        self._rect = QRectF()
        self._image = QImage()

    def boundingRect(self) -> QRectF:
        return self._rect

    def set_page(self, page: QSizeF) -> None:
        rect = QRectF(0, 0, page.width(), page.height())
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def take(self, image: QImage) -> None:
        self._image = image
        self.update()

    def clear(self) -> None:
        self.take(QImage())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._rect, self._image)
