"""Has layers drawn by the renderer, each on its own and on a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from desktop.canvas.items import Drawn, LayerItem, plain, reach_rect
from desktop.canvas.worker import Worker
from desktop.document.model import Document, Layer, PictureLayer
from desktop.render.flat import prepare
from desktop.render.renderer import Renderer
from desktop.session import Session

LARGEST_IMAGE_PX = 6_000_000
"""A layer's image never has more pixels than this; what is out of sight is left out first."""


class Drawing:
    """Gives items their images; `seen` is the part of the page in sight, in millimetres."""

    def __init__(self, session: Session, worker: Worker) -> None:
        self._session = session
        self._worker = worker
        self.scale = 1.0
        self.seen = QRectF()
        self._warmed: set[str] = set()

    def look(self, scale: float, seen: QRectF) -> None:
        """Note the pixels per millimetre of the page, and what is in sight of it."""
        self.scale, self.seen = scale, seen

    def ask(self, item: LayerItem) -> None:
        """Have a layer drawn unless its image is good already."""
        layer, renderer = item.shown, self._session.renderer
        rect = self._part(layer)
        if not layer.visible or rect.isEmpty() or self._is_good(item.drawn, layer, rect):
            return

        def then(drawn: Drawn) -> None:
            if renderer is self._session.renderer:
                item.take(drawn)

        self._worker.ask(layer.id, _work(renderer, layer, rect, self.scale), then)

    def forget(self, layer_id: str) -> None:
        """Drop what was asked of a layer that is gone."""
        self._worker.forget(layer_id)

    def warm(self, document: Document) -> None:
        """Have a scene's pictures decoded before a cut needs them."""
        pictures = self._session.renderer.pictures
        for layer in document.all_layers():
            if isinstance(layer, PictureLayer) and layer.asset not in self._warmed:
                self._warmed.add(layer.asset)
                self._worker.ask(("warm", layer.asset), partial(pictures.get, layer.asset), _drop)

    def begin_anew(self) -> None:
        """Forget what was decoded for another project."""
        self._warmed.clear()

    def _is_good(self, drawn: Drawn | None, layer: Layer, rect: QRectF) -> bool:
        return (
            drawn is not None
            and drawn.layer is layer
            and drawn.scale == self.scale
            and drawn.rect.contains(rect)
        )

    def _part(self, layer: Layer) -> QRectF:
        """Return the part of the page to draw of a layer: all of it unless that is too large."""
        rect = reach_rect(layer)
        if rect.width() * rect.height() * self.scale**2 > LARGEST_IMAGE_PX:
            return rect.intersected(self.seen)
        return rect


def _work(renderer: Renderer, layer: Layer, rect: QRectF, scale: float) -> Callable[[], Drawn]:
    """Return the work that draws a part of the page with one layer on it."""

    def work() -> Drawn:
        left, top = int(rect.left() * scale // 1), int(rect.top() * scale // 1)
        width = int(rect.right() * scale // 1) + 1 - left
        height = int(rect.bottom() * scale // 1) + 1 - top
        image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        prepare(painter)
        painter.translate(-left, -top)
        painter.scale(scale, scale)
        renderer.render_layer(plain(layer), painter)
        painter.end()
        part = QRectF(left / scale, top / scale, width / scale, height / scale)
        return Drawn(layer, part, scale, image)

    return work


def _drop(result: object) -> None:
    """Take no notice: what was made is kept where it was made."""
