"""The command palette: type a few letters of what you want to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop.actions import Action, Desk
from desktop.icons import icon
from desktop.panels.layers import Index
from desktop.theme import COLORS, ui_font

WIDTH_PX = 560
HEIGHT_PX = 420
ROW_PX = 36
_ACTION = Qt.ItemDataRole.UserRole


def matches(action: Action, typed: str) -> bool:
    """Say whether every word typed begins some word of the action's text or menu."""
    words = f"{action.text} {action.menu}".lower().split()
    return all(any(word.startswith(part) for word in words) for part in typed.lower().split())


class CommandPalette(QDialog):
    """All actions that can be done now; Enter does one."""

    def __init__(self, desk: Desk, actions: Sequence[Action], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._desk = desk
        self._actions = [x for x in actions if x.can(desk.session) and x.id != "commands"]
        card = QFrame()
        card.setObjectName("card")
        self._line = QLineEdit()
        self._line.setObjectName("brief")
        self._line.setFixedHeight(44)
        self._line.setPlaceholderText("What do you want to do?")
        self._line.textChanged.connect(self._fill)
        self._line.installEventFilter(self)
        self._list = QListWidget()
        self._list.setObjectName("palette")
        self._list.setItemDelegate(_Row(self))
        self._list.itemClicked.connect(self._on_chosen)
        inner = QVBoxLayout(card)
        inner.setContentsMargins(12, 12, 12, 12)
        inner.setSpacing(8)
        inner.addWidget(self._line)
        inner.addWidget(self._list, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(card)
        self.setFixedSize(WIDTH_PX, HEIGHT_PX)
        self._fill("")

    def open_over(self, widget: QWidget) -> None:
        """Show in the upper middle of a widget."""
        corner = widget.mapToGlobal(widget.rect().topLeft())
        self.move(corner.x() + (widget.width() - WIDTH_PX) // 2, corner.y() + 96)
        self.show()
        self._line.setFocus()

    @property
    def shown(self) -> list[str]:
        return [self._list.item(i).data(_ACTION).id for i in range(self._list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows and Enter of the line work on the list."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        rows = max(1, self._list.count())
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._list.setCurrentRow((self._list.currentRow() + step) % rows)
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            item = self._list.currentItem()
            if item is not None:
                self._on_chosen(item)
            return True
        return False

    def _fill(self, typed: str) -> None:
        self._list.clear()
        for action in self._actions:
            if matches(action, typed):
                item = QListWidgetItem()
                item.setData(_ACTION, action)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, action.text)
                self._list.addItem(item)
        self._list.setCurrentRow(0)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        action: Action = item.data(_ACTION)
        desk = self._desk
        self.close()
        desk.session.attempt(lambda: action.does(desk))


class _Row(QStyledItemDelegate):
    """An action's icon, text, menu and keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        action: Action = index.data(_ACTION)
        area: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            ground = QPainterPath()
            ground.addRoundedRect(area.adjusted(0, 1, 0, -1).toRectF(), 6, 6)
            painter.fillPath(ground, QColor(COLORS.hover))
        if action.icon:
            place = QRect(area.left() + 10, area.center().y() - 8, 16, 16)
            icon(action.icon, COLORS.muted).paint(painter, place)
        text = area.adjusted(38, 0, -12, 0)
        painter.setFont(ui_font(13))
        painter.setPen(QColor(COLORS.text))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, action.text)
        painter.setFont(ui_font(12))
        painter.setPen(QColor(COLORS.muted))
        keys = QKeySequence(action.shortcut.split(",")[0])
        hint = keys.toString(QKeySequence.SequenceFormat.NativeText) or action.menu
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(text, flags, hint)
        painter.restore()
