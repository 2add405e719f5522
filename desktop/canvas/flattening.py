"""One image instead of many layers while a few others are dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from desktop.canvas.items import LayerItem
from desktop.document.model import Blend

FEWEST = 2
"""Fewer layers than this are drawn as they are."""


class FlatItem(QGraphicsItem):
    """An image of several layers, in the pixels of the view."""

    def __init__(self, rect: QRectF, image: QImage) -> None:
        super().__init__()
        self._rect = rect
        self._image = image

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        painter.drawImage(self._rect, self._image)


class Flattening:
    """Stands in for the layers below and above those that move.

    Those above are left out from the first that blends with what is below it.
    """

    def __init__(self) -> None:
        self._hidden: list[LayerItem] = []
        self._flat: list[FlatItem] = []

    def begin(
        self,
        items: Sequence[LayerItem],
        moving: set[str],
        seen: QRectF,
        scale: float,
        paper: QColor,
    ) -> list[FlatItem]:
        """Hide what does not move, lowest first in `items`, and return what shows instead."""
        self.end()
        places = [at for at, item in enumerate(items) if item.layer.id in moving]
        if not places or seen.isEmpty():
            return []
        below, above = list(items[: places[0]]), list(items[places[-1] + 1 :])
        while above and any(item.shown.blend is not Blend.NORMAL for item in above):
            above.pop(0)
        ground = QColor(paper)
        ground.setAlpha(255)
        clear = QColor(Qt.GlobalColor.transparent)
        for part, z, fill in ((below, -0.5, ground), (above, len(items) + 0.5, clear)):
            if len(part) >= FEWEST:
                flat = _flattened(part, seen, scale, fill)
                flat.setZValue(z)
                self._flat.append(flat)
                self._hidden += part
        for item in self._hidden:
            item.lift(False)
        return list(self._flat)

    def end(self) -> list[FlatItem]:
        """Show the layers again and return what is to be taken away."""
        for item in self._hidden:
            item.lift(True)
        gone, self._flat, self._hidden = self._flat, [], []
        return gone


def _flattened(items: Sequence[LayerItem], seen: QRectF, scale: float, fill: QColor) -> FlatItem:
    """Draw layers into an image whose pixels lie on those of the view."""
    left, top = int(seen.left() * scale // 1), int(seen.top() * scale // 1)
    width = int(seen.right() * scale // 1) + 1 - left
    height = int(seen.bottom() * scale // 1) + 1 - top
    opaque = fill.alpha() == 255
    kind = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    image = QImage(width, height, kind)
    image.fill(fill)
    painter = QPainter(image)
    painter.translate(-left, -top)
    painter.scale(scale, scale)
    option = QStyleOptionGraphicsItem()
    for item in items:
        if item.isVisible():
            painter.save()
            item.paint(painter, option)
            painter.restore()
    painter.end()
    return FlatItem(QRectF(left / scale, top / scale, width / scale, height / scale), image)
