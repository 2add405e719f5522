"""The page on the canvas: keeps its items in step with the document and has them drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QGraphicsScene

from desktop.canvas.geometry import contains
from desktop.canvas.items import Drawn, FrameItem, LayerItem, plain, reach_rect
from desktop.canvas.worker import Worker
from desktop.document.model import Document, DocumentKind, Layer
from desktop.render.flat import prepare
from desktop.render.renderer import Renderer
from desktop.render.scene import camera_transform
from desktop.session import Session

LARGEST_IMAGE_PX = 6_000_000
"""A layer's image never has more pixels than this; what is out of sight is left out first."""

SETTLE_MS = 60
"""How long a zoom rests before layers are drawn at the new scale."""


class Page(QObject):
    """All that is shown of the document, without the marks of selecting and editing."""

    changed = Signal()

    def __init__(
        self, session: Session, scene: QGraphicsScene, worker: Worker, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._scene = scene
        self._worker = worker
        self._renderer = session.renderer
        self._items: dict[str, LayerItem] = {}
        self._camera = QGraphicsRectItem()
        self._camera.setPen(Qt.PenStyle.NoPen)
        self._frame = FrameItem()
        self._frame.setZValue(-1.0)
        scene.addItem(self._camera)
        scene.addItem(self._frame)
        self._scale = 1.0
        self._sight = QRectF()
        self._lifted = False
        self._previewing = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.draw)
        session.replaced.connect(self._on_replaced)
        session.document_changed.connect(self._on_document)
        session.time_changed.connect(self._on_time)
        self._reset()

    @property
    def items(self) -> Mapping[str, LayerItem]:
        return self._items

    @property
    def size(self) -> QSizeF:
        document = self._session.document
        return QSizeF(document.width_mm, document.height_mm)

    @property
    def is_scene(self) -> bool:
        return self._session.document.kind is DocumentKind.SCENE

    @property
    def camera(self) -> QTransform:
        """Leads from the page to the frame that a scene's camera makes of it."""
        return self._camera.transform()

    def shown(self, layer_id: str) -> Layer | None:
        """Return a layer as it is shown now, or None if it is not on the page."""
        item = self._items.get(layer_id)
        return None if item is None else item.shown

    def layer_at(self, x_mm: float, y_mm: float, slack_mm: float = 0.0) -> Layer | None:
        """Return the uppermost layer at a point of the page that can be taken hold of."""
        for layer in reversed(self._session.layers):
            if layer.visible and not layer.locked and contains(layer.box, x_mm, y_mm, slack_mm):
                return layer
        return None

    def look(self, scale: float, sight: QRectF) -> None:
        """Note the pixels per millimetre and the part of the page in sight; draw soon."""
        self._scale, self._sight = scale, sight
        self._settle.start()

    def open(self, layer_id: str, editor: QGraphicsItem) -> None:
        """Show an editor in a layer's place."""
        self._previewing = True
        self._lift(True)
        editor.setParentItem(self._camera)
        editor.setZValue(len(self._items))
        self._items[layer_id].setVisible(False)

    def shut(self, layer_id: str, editor: QGraphicsItem) -> None:
        """Take the editor away and show the layer again."""
        item = self._items.get(layer_id)
        if item is not None:
            item.setVisible(item.layer.visible)
        self._scene.removeItem(editor)
        self.end_preview()

    def preview(self, layers: Mapping[str, Layer], *, redraw: bool) -> None:
        """Show layers otherwise than the document has them, until `end_preview`."""
        self._previewing = True
        self._lift(True)
        for layer_id, layer in layers.items():
            item = self._items.get(layer_id)
            if item is not None:
                item.show_as(layer)
                if redraw:
                    self._ask(item)

    def end_preview(self) -> None:
        """Show what the document has."""
        self._previewing = False
        for item in self._items.values():
            if item.shown is not item.layer:
                item.show_as(item.layer)
                self._ask(item)
        if self._lifted:
            self._ask_frame()

    def draw(self) -> None:
        """Have everything drawn that is not yet drawn as it should look."""
        self._settle.stop()
        for item in self._items.values():
            self._ask(item)
        self._ask_frame()

    def _lift(self, lifted: bool) -> None:
        """Show a scene's layers themselves instead of its frame."""
        self._lifted = lifted
        shown = lifted or not self.is_scene
        self._frame.setVisible(not shown)
        for item in self._items.values():
            item.lift(shown)

    def _on_replaced(self) -> None:
        self._renderer = self._session.renderer
        for layer_id in list(self._items):
            self._erase(layer_id)
        self._frame.clear()

    def _reset(self) -> None:
        self._frame.set_page(self.size)
        self._sync()
        self._lift(False)

    def _on_document(self, before: Document, after: Document) -> None:
        resized = (before.width_mm, before.height_mm) != (after.width_mm, after.height_mm)
        if resized or before.kind is not after.kind:
            for layer_id in list(self._items):
                self._erase(layer_id)
            self._reset()
        else:
            self._sync()
        self._ask_frame()
        self.changed.emit()

    def _on_time(self, time_s: float) -> None:
        if self.is_scene:
            self._sync()
            self._ask_frame()
            self.changed.emit()

    def _sync(self) -> None:
        """Bring the items in step with the layers of the page: only what is new is drawn."""
        gone = set(self._items)
        for z, layer in enumerate(self._session.layers):
            item = self._items.get(layer.id)
            if item is None:
                item = self._add(layer)
            elif item.layer is not layer:
                item.show_layer(layer)
                self._ask(item)
            gone.discard(layer.id)
            item.setZValue(z)
        for layer_id in gone:
            self._erase(layer_id)
        document, time_s = self._session.document, self._session.time_s
        self._camera.setTransform(camera_transform(document, time_s))

    def _add(self, layer: Layer) -> LayerItem:
        item = LayerItem(layer, self.size)
        item.setParentItem(self._camera)
        item.setVisible(layer.visible)
        item.lift(self._lifted or not self.is_scene)
        self._items[layer.id] = item
        self._ask(item)
        return item

    def _erase(self, layer_id: str) -> None:
        self._worker.forget(layer_id)
        self._scene.removeItem(self._items.pop(layer_id))

    def _ask(self, item: LayerItem) -> None:
        """Have a layer drawn unless its image is good already."""
        layer, scale = item.shown, self._scale * self.camera.m11()
        rect = self._part(layer, scale)
        if not layer.visible or rect.isEmpty() or self._is_good(item.drawn, layer, rect, scale):
            return
        renderer = self._renderer
        work = _drawing(renderer, layer, rect, scale)

        def then(drawn: Drawn) -> None:
            if self._items.get(layer.id) is item and renderer is self._renderer:
                item.take(drawn)

        self._worker.ask(layer.id, work, then)

    def _is_good(self, drawn: Drawn | None, layer: Layer, rect: QRectF, scale: float) -> bool:
        return (
            drawn is not None
            and drawn.layer is layer
            and drawn.scale == scale
            and drawn.rect.contains(rect)
        )

    def _part(self, layer: Layer, scale: float) -> QRectF:
        """Return the part of the page to draw of a layer: all of it unless that is too large."""
        page = QRectF(0, 0, self.size.width(), self.size.height())
        rect = reach_rect(layer)
        if rect.width() * rect.height() * scale * scale > LARGEST_IMAGE_PX:
            rect = rect.intersected(page)
        if rect.width() * rect.height() * scale * scale > LARGEST_IMAGE_PX:
            rect = rect.intersected(self._sight)
        return rect

    def _ask_frame(self) -> None:
        if not self.is_scene:
            return
        session, renderer = self._session, self._renderer
        document, time_s = session.document, session.time_s
        size = QSize(
            round(self.size.width() * self._scale), round(self.size.height() * self._scale)
        )
        most = QSize(document.frame_width_px, document.frame_height_px)
        if size.width() > most.width():
            size = most
        if size.width() < 2 or size.height() < 2:
            return

        def work() -> QImage:
            return renderer.image(document, time_s, (size.width(), size.height()))

        def then(image: QImage) -> None:
            if renderer is self._renderer:
                self._frame.take(image)
                if document is session.document and not self._previewing:
                    self._lift(False)

        self._worker.ask("frame", work, then)


def _drawing(renderer: Renderer, layer: Layer, rect: QRectF, scale: float) -> Callable[[], Drawn]:
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
