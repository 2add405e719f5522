"""Draw a document at a time: the one way, for canvas, thumbnails, exports and command line."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from desktop.document.assets import AssetStore
from desktop.document.model import (
    Blend,
    Box,
    Document,
    DocumentKind,
    GroupLayer,
    Layer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
)
from desktop.render.captions import draw_captions
from desktop.render.colors import color
from desktop.render.flat import draw_flat, keeps_text, keeps_vectors, prepare
from desktop.render.layers import draw_picture, draw_shape
from desktop.render.outlines import box_rect
from desktop.render.pictures import Pictures
from desktop.render.scene import Sight, camera_transform, sight_transform, sights
from desktop.render.text import draw_as_text, fill_text

__all__ = ["Renderer", "camera_transform", "page_transform"]

_NORMAL = QPainter.CompositionMode.CompositionMode_SourceOver
_MODES = {
    Blend.NORMAL: _NORMAL,
    Blend.MULTIPLY: QPainter.CompositionMode.CompositionMode_Multiply,
    Blend.SCREEN: QPainter.CompositionMode.CompositionMode_Screen,
    Blend.OVERLAY: QPainter.CompositionMode.CompositionMode_Overlay,
    Blend.SOFT_LIGHT: QPainter.CompositionMode.CompositionMode_SoftLight,
}


def page_transform(document: Document, size_px: tuple[int, int]) -> QTransform:
    """Return the transform from millimetres of the page to pixels of `size_px`."""
    return QTransform.fromScale(size_px[0] / document.width_mm, size_px[1] / document.height_mm)


class Renderer:
    """Draws with the pictures of one store; may be used from any thread.

    With `proxy_px` pictures are drawn from copies whose longer side is at
    most that: for the canvas, never for an export.
    """

    def __init__(self, assets: AssetStore, *, proxy_px: int = 0) -> None:
        self.pictures = Pictures(assets, proxy_px=proxy_px)

    def render(self, document: Document, time_s: float, painter: QPainter) -> None:
        """Draw the page; the painter's unit is 1 mm (see `page_transform`)."""
        prepare(painter)
        page = QRectF(0, 0, document.width_mm, document.height_mm)
        painter.save()
        painter.setClipRect(page, Qt.ClipOperation.IntersectClip)
        painter.fillRect(page, color(document.background))
        if document.kind is DocumentKind.SCENE:
            self._render_scene(document, time_s, painter)
        else:
            self.render_layers(document.layers, painter)
        painter.restore()

    def render_layers(self, layers: Iterable[Layer], painter: QPainter) -> None:
        """Draw layers, lowest first."""
        for layer in layers:
            self.render_layer(layer, painter)

    def render_layer(self, layer: Layer, painter: QPainter) -> None:
        """Draw one layer where it stands, if it is visible."""
        if not layer.visible or layer.opacity <= 0:
            return
        if isinstance(layer, GroupLayer) or (
            layer.blend is not Blend.NORMAL and keeps_vectors(painter)
        ):
            self._render_apart(layer, painter)
            return
        painter.save()
        painter.setOpacity(painter.opacity() * layer.opacity)
        painter.setCompositionMode(_MODES[layer.blend])
        painter.setTransform(_turned(layer.box), combine=True)
        self._draw(layer, painter)
        painter.restore()

    def image(self, document: Document, time_s: float, size_px: tuple[int, int]) -> QImage:
        """Return the page as an opaque image of `size_px`.

        Raises:
            MemoryError: no image of that size can be had.
        """
        image = QImage(*size_px, QImage.Format.Format_RGB32)
        if image.isNull():
            raise MemoryError(f"no room for {size_px[0]} x {size_px[1]} pixels")
        image.fill(color(document.background))
        painter = QPainter(image)
        painter.setTransform(page_transform(document, size_px))
        self.render(document, time_s, painter)
        painter.end()
        return image

    def _render_scene(self, document: Document, time_s: float, painter: QPainter) -> None:
        page = QRectF(0, 0, document.width_mm, document.height_mm)
        for sight in sights(document, time_s):

            def draw(target: QPainter, sight: Sight = sight) -> None:
                target.setTransform(sight_transform(document, sight), combine=True)
                self.render_layers(sight.shot.layers, target)

            if sight.opacity < 1.0:
                draw_flat(painter, page, draw, opacity=sight.opacity, mode=_NORMAL)
            else:
                painter.save()
                draw(painter)
                painter.restore()
        self.render_layers(document.layers, painter)
        draw_captions(document, time_s, painter)

    def _render_apart(self, layer: Layer, painter: QPainter) -> None:
        plain = layer.opacity >= 1.0 and layer.blend is Blend.NORMAL
        painter.save()
        painter.setTransform(_turned(layer.box), combine=True)
        if plain and isinstance(layer, GroupLayer):
            self.render_layers(layer.layers, painter)
        else:
            draw_flat(
                painter,
                _extent(layer),
                lambda target: self._draw(layer, target),
                opacity=layer.opacity,
                mode=_MODES[layer.blend],
            )
        painter.restore()

    def _draw(self, layer: Layer, painter: QPainter) -> None:
        if isinstance(layer, PictureLayer):
            draw_picture(layer, painter, self.pictures)
        elif isinstance(layer, ShapeLayer):
            draw_shape(layer, painter)
        elif isinstance(layer, GroupLayer):
            self.render_layers(layer.layers, painter)
        else:
            _draw_text(layer, painter)


def _draw_text(layer: TextLayer, painter: QPainter) -> None:
    painter.translate(layer.box.x_mm, layer.box.y_mm)
    if keeps_text(painter):
        draw_as_text(layer, painter)
    else:
        fill_text(layer, painter)


def _turned(box: Box) -> QTransform:
    """Return the rotation of a box about its middle."""
    if not box.rotation_deg:
        return QTransform()
    middle = box_rect(box).center()
    return (
        QTransform.fromTranslate(middle.x(), middle.y())
        .rotate(box.rotation_deg)
        .translate(-middle.x(), -middle.y())
    )


def _extent(layer: Layer) -> QRectF:
    """Return what a layer may cover, generously: words may stand out of their box."""
    if isinstance(layer, GroupLayer):
        area = QRectF()
        for member in layer.layers:
            area = area.united(_turned(member.box).mapRect(_extent(member)))
        return area
    reach = layer.size_mm if isinstance(layer, TextLayer) else 0.0
    reach += layer.stroke_mm if isinstance(layer, ShapeLayer) else 0.0
    return box_rect(layer.box).adjusted(-reach, -reach, reach, reach)
