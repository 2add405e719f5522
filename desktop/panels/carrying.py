"""What is carried out of a panel by the pointer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget


class Carried(QObject):
    """Lets a widget be dragged: `mime` says what a drag of it carries.

    A drag's release may come or not, as the platform likes; it is kept from the widget.
    """

    def __init__(self, widget: QWidget, mime: Callable[[], QMimeData]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._mime = mime
        self._pressed: QPointF | None = None
        self._was_carried = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress:
                is_left = event.button() == Qt.MouseButton.LeftButton
                self._pressed = event.position() if is_left else None
                self._was_carried = False
            elif event.type() == QEvent.Type.MouseButtonRelease:
                self._pressed = None
                return self._was_carried  # it ended the drag, and is no press of the widget
            elif event.type() == QEvent.Type.MouseMove and self._is_far(event.position()):
                self._pressed, self._was_carried = None, True
                self.carry()
                if isinstance(self._widget, QAbstractButton):
                    self._widget.setDown(False)
                return True
        return super().eventFilter(watched, event)

    def carry(self) -> None:
        """Drag until the button is let go."""
        drag = QDrag(self._widget)
        drag.setMimeData(self._mime())
        drag.setPixmap(self._widget.grab())
        drag.exec(Qt.DropAction.CopyAction)

    def _is_far(self, at: QPointF) -> bool:
        far = QApplication.startDragDistance()
        return self._pressed is not None and (at - self._pressed).manhattanLength() >= far
