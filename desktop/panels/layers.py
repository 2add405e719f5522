"""The layers list: what lies on the page, the highest first."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QDropEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.document.arrangement import kind_name
from desktop.document.model import Document, Layer
from desktop.icons import icon
from desktop.session import Session
from desktop.theme import COLORS, ui_font

EMPTY_WORDS = "Nothing lies on the page yet. Words, pictures and shapes are listed here."

ROW_PX = 36
BUTTON_PX = 24
_LAYER = Qt.ItemDataRole.UserRole

ICONS = {"picture": "image", "text": "type", "shape": "shapes", "group": "group"}
TINTS = {"picture": COLORS.picture, "text": COLORS.words}

Index = QModelIndex | QPersistentModelIndex


class LayersList(QListWidget):
    """Select, drag to reorder, hide and lock."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._filling = False
        self.setObjectName("layers")
        self.setAccessibleName("Layers")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self._row = _Row(self)
        self._row.pressed.connect(self._on_button)
        self.setItemDelegate(self._row)
        self.itemSelectionChanged.connect(self._on_selected)
        session.document_changed.connect(self._on_document)
        session.selection_changed.connect(self._on_selection)
        session.time_changed.connect(self._on_time)
        self.fill()

    def fill(self) -> None:
        """Show the layers of the page, or of the shot at the present time."""
        self._filling = True
        layers = tuple(reversed(self._session.layers))
        while self.count() > len(layers):
            self.takeItem(self.count() - 1)
        while self.count() < len(layers):
            self.addItem(QListWidgetItem())
        for index, layer in enumerate(layers):
            item = self.item(index)
            item.setData(_LAYER, layer)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{layer.name}, {kind_name(layer)}")
            item.setSelected(layer.id in self._session.selection)
        self._filling = False
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setFont(ui_font(12))
            painter.setPen(QColor(COLORS.muted))
            area = self.viewport().rect().adjusted(8, 4, -8, -4)
            flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(area, int(flags), EMPTY_WORDS)
            painter.end()

    def shown(self) -> tuple[Layer, ...]:
        """Return the layers in the order of the list, the highest first."""
        return tuple(self.item(i).data(_LAYER) for i in range(self.count()))

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        # The list has moved its rows; the document follows once the drop is over.
        QTimer.singleShot(0, self, self._on_reordered)

    def _on_reordered(self) -> None:
        self._session.order_layers(tuple(layer.id for layer in reversed(self.shown())))
        self.fill()

    def _on_selected(self) -> None:
        if not self._filling:
            self._session.select(item.data(_LAYER).id for item in self.selectedItems())

    def _on_document(self, before: Document, after: Document) -> None:
        self.fill()

    def _on_time(self, time_s: float) -> None:
        if self.shown() != tuple(reversed(self._session.layers)):
            self.fill()

    def _on_selection(self, ids: frozenset[str]) -> None:
        self._filling = True
        for i in range(self.count()):
            self.item(i).setSelected(self.item(i).data(_LAYER).id in ids)
        self._filling = False
        selected = self.selectedItems()
        if selected:
            self.scrollToItem(selected[0])

    def _on_button(self, layer_id: str, name: str) -> None:
        if name == "eye":
            self._session.toggle_visible(layer_id)
        else:
            self._session.toggle_locked(layer_id)


class _Row(QStyledItemDelegate):
    """Draws a layer's line and hears the presses on its two buttons."""

    pressed = Signal(str, str)  # layer id, "eye" or "lock"

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        layer: Layer | None = index.data(_LAYER)
        if layer is None:
            return
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or hovered:
            ground = QPainterPath()
            ground.addRoundedRect(area.adjusted(0, 1, 0, -1).toRectF(), 6, 6)
            painter.fillPath(ground, QColor(COLORS.hover if selected else COLORS.raised))
        self._draw(painter, area, layer, lit=selected or hovered)
        painter.restore()

    def _draw(self, painter: QPainter, area: QRect, layer: Layer, *, lit: bool) -> None:
        kind = kind_name(layer)
        tint = TINTS.get(kind, COLORS.muted) if layer.visible else COLORS.faint
        middle = area.center().y()
        icon(ICONS[kind], tint).paint(painter, QRect(area.left() + 8, middle - 8, 16, 16))
        room = 2 * BUTTON_PX + 8 if lit or not layer.visible or layer.locked else 8
        words = area.adjusted(32, 0, -room, 0)
        painter.setFont(ui_font(13))
        painter.setPen(QColor(COLORS.text if layer.visible else COLORS.faint))
        text = painter.fontMetrics().elidedText(
            " ".join(layer.name.split()), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        for name, place in _buttons(area).items():
            on = (not layer.visible) if name == "eye" else layer.locked
            if lit or on:
                drawing = {"eye": ("eye", "eye-off"), "lock": ("lock-open", "lock")}[name][on]
                color = COLORS.text if on else COLORS.muted
                icon(drawing, color).paint(painter, place.adjusted(5, 5, -5, -5))

    def editorEvent(
        self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            layer: Layer = index.data(_LAYER)
            area: QRect = option.rect  # type: ignore[attr-defined]
            for name, place in _buttons(area).items():
                if place.contains(event.position().toPoint()):
                    if event.type() == QEvent.Type.MouseButtonRelease:
                        self.pressed.emit(layer.id, name)
                    return True
        return False


def _buttons(area: QRect) -> dict[str, QRect]:
    """Return where the eye and the lock are in a line."""
    top = area.center().y() - BUTTON_PX // 2
    right = area.right() - 4
    return {
        "lock": QRect(right - BUTTON_PX, top, BUTTON_PX, BUTTON_PX),
        "eye": QRect(right - 2 * BUTTON_PX, top, BUTTON_PX, BUTTON_PX),
    }
