"""The page on the canvas: keeps its items in step with the document and has them drawn."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QGraphicsScene

from desktop.canvas.drawing import Drawing
from desktop.canvas.flattening import Flattening
from desktop.canvas.geometry import contains
from desktop.canvas.items import FrameItem, LayerItem
from desktop.canvas.worker import Worker
from desktop.document.model import Document, DocumentKind, Layer
from desktop.render.colors import color
from desktop.render.scene import camera_transform
from desktop.session import Session

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
        self.items: dict[str, LayerItem] = {}
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
        self._flattening = Flattening()
        self._drawing = Drawing(session, worker)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.draw)
        session.replaced.connect(self._on_replaced)
        session.document_changed.connect(self._on_document)
        session.time_changed.connect(self._on_time)
        self._reset()

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
        item = self.items.get(layer_id)
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
        self._look_through_camera()
        self._unfold()
        self._settle.start()

    def open(self, layer_id: str, editor: QGraphicsItem) -> None:
        """Show an editor in a layer's place."""
        self._previewing = True
        self._lift(True)
        editor.setParentItem(self._camera)
        editor.setZValue(len(self.items))
        self.items[layer_id].setVisible(False)

    def shut(self, layer_id: str, editor: QGraphicsItem) -> None:
        """Take the editor away and show the layer again."""
        item = self.items.get(layer_id)
        if item is not None:
            item.setVisible(item.layer.visible)
        self._scene.removeItem(editor)
        self.end_preview()

    def preview(self, layers: Mapping[str, Layer], *, redraw: bool) -> None:
        """Show layers otherwise than the document has them, until `end_preview`."""
        if not self._previewing:
            self._previewing = True
            self._lift(True)
            self._flatten(set(layers))
        for layer_id, layer in layers.items():
            item = self.items.get(layer_id)
            if item is not None:
                item.show_as(layer)
                if redraw:
                    self._drawing.ask(item)

    def end_preview(self) -> None:
        """Show what the document has."""
        self._previewing = False
        self._unfold()
        for item in self.items.values():
            if item.shown is not item.layer:
                item.show_as(item.layer)
                self._drawing.ask(item)
        if self._lifted:
            self._ask_frame()

    def draw(self) -> None:
        """Have everything drawn that is not yet drawn as it should look."""
        self._settle.stop()
        for item in self.items.values():
            self._drawing.ask(item)
        self._ask_frame()

    def _lift(self, lifted: bool) -> None:
        """Show a scene's layers themselves instead of its frame."""
        self._lifted = lifted
        shown = lifted or not self.is_scene
        self._frame.setVisible(not shown)
        for item in self.items.values():
            item.lift(shown)

    def _flatten(self, moving: set[str]) -> None:
        """Draw what does not move once, and not at every step of a drag."""
        items = [self.items[layer.id] for layer in self._session.layers]
        seen, scale = self._drawing.seen, self._drawing.scale
        paper = color(self._session.document.background)
        for flat in self._flattening.begin(items, moving, seen, scale, paper):
            flat.setParentItem(self._camera)

    def _look_through_camera(self) -> None:
        """Tell which part of the page is in sight, and how large."""
        back, _ = self.camera.inverted()
        frame = back.mapRect(QRectF(0, 0, self.size.width(), self.size.height()))
        seen = back.mapRect(self._sight).intersected(frame)
        self._drawing.look(self._scale * self.camera.m11(), seen)
        for item in self.items.values():
            item.clip_to(frame)

    def _unfold(self) -> None:
        for flat in self._flattening.end():
            self._scene.removeItem(flat)

    def _on_replaced(self) -> None:
        self._unfold()
        self._renderer = self._session.renderer
        self._drawing.begin_anew()
        for layer_id in list(self.items):
            self._erase(layer_id)
        self._frame.clear()

    def _reset(self) -> None:
        self._frame.set_page(self.size)
        self._sync()
        self._lift(False)

    def _on_document(self, before: Document, after: Document) -> None:
        resized = (before.width_mm, before.height_mm) != (after.width_mm, after.height_mm)
        if resized or before.kind is not after.kind:
            for layer_id in list(self.items):
                self._erase(layer_id)
            self._reset()
        else:
            self._sync()
        self._ask_frame()
        if self.is_scene:
            self._drawing.warm(after)
        self.changed.emit()

    def _on_time(self, time_s: float) -> None:
        if self.is_scene:
            self._sync()
            self._ask_frame()
            self.changed.emit()

    def _sync(self) -> None:
        """Bring the items in step with the layers of the page: only what is new is drawn."""
        gone = set(self.items)
        for z, layer in enumerate(self._session.layers):
            item = self.items.get(layer.id)
            if item is None:
                item = self._add(layer)
            elif item.layer is not layer:
                item.show_layer(layer)
                self._drawing.ask(item)
            gone.discard(layer.id)
            item.setZValue(z)
        for layer_id in gone:
            self._erase(layer_id)
        document, time_s = self._session.document, self._session.time_s
        self._camera.setTransform(camera_transform(document, time_s))
        self._look_through_camera()

    def _add(self, layer: Layer) -> LayerItem:
        item = LayerItem(layer)
        item.setParentItem(self._camera)
        item.setVisible(layer.visible)
        item.lift(self._lifted or not self.is_scene)
        self.items[layer.id] = item
        self._drawing.ask(item)
        return item

    def _erase(self, layer_id: str) -> None:
        self._drawing.forget(layer_id)
        self._scene.removeItem(self.items.pop(layer_id))

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

        self._worker.ask("frame", work, then, urgent=True)
