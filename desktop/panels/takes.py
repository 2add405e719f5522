"""The takes of the music, side by side: hear one after the other, keep, use, drag, delete."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from desktop.document.model import Take
from desktop.document.takes import take_in_use
from desktop.files import TAKE_MIME
from desktop.icons import icon
from desktop.panels.carrying import Carried
from desktop.panels.controls import ElidedLabel, button, label, row, tool
from desktop.session import Session
from desktop.theme import COLORS


class TakeRow(QFrame):
    """One take; a press uses it, a drag carries it to the scene."""

    heard = Signal(str)  # its id

    def __init__(self, session: Session, take: Take) -> None:
        super().__init__()
        self.take = take
        self._session = session
        self.carried = Carried(self, self.mime)
        self.setObjectName("takeRow")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Press to use it, drag it onto the scene")
        self.setAccessibleName(f"Take: {take.name}")
        self._name = ElidedLabel(take.name)
        self._name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._mark = label("")
        self._mark.setFixedWidth(14)
        hear = tool("play", "Hear this take from here on", small=True)
        hear.clicked.connect(lambda: self.heard.emit(take.id))
        self.keep = tool("star-full" if take.kept else "star", "Keep this take", small=True)
        self.keep.setCheckable(True)
        self.keep.setChecked(take.kept)
        self.keep.setIcon(
            icon("star-full", COLORS.accent) if take.kept else icon("star", COLORS.muted)
        )
        self.keep.clicked.connect(lambda on: session.keep_take(take.id, on))
        delete = tool("x", "Delete this take", small=True)
        delete.clicked.connect(lambda: session.delete_take(take.id))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 3, 4, 3)
        layout.setSpacing(4)
        for widget in (self._mark, hear):
            layout.addWidget(widget)
        layout.addWidget(self._name, 1)
        for widget in (self.keep, delete):
            layout.addWidget(widget)

    def show_use(self, used: bool) -> None:
        """Mark the take that is the music now."""
        drawing = icon("check", COLORS.music).pixmap(QSize(14, 14))
        if used:
            self._mark.setPixmap(drawing)
        else:
            self._mark.clear()
        self.setProperty("current", used)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # else the release would go elsewhere

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self.rect().contains(event.position().toPoint()):
            self._session.use_take(self.take.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._session.use_take(self.take.id)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._session.delete_take(self.take.id)
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        session, take = self._session, self.take
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, call in (
            ("Use this take", lambda: session.use_take(take.id)),
            ("Keep it" if not take.kept else "Let go of it",
             lambda: session.keep_take(take.id, not take.kept)),
            ("Delete it", lambda: session.delete_take(take.id)),
            ("Delete the others", lambda: session.delete_takes_but(take.id)),
        ):  # fmt: skip
            menu.addAction(text).triggered.connect(lambda _=False, call=call: call())
        menu.popup(event.globalPos())

    def mime(self) -> QMimeData:
        """Return what a drag of this take carries."""
        data = QMimeData()
        data.setData(TAKE_MIME, self.take.id.encode())
        return data


class TakesList(QWidget):
    """All takes, the newest first; hidden while there is none."""

    heard = Signal(str)  # the id of a take to be played from here on

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[Take, ...] = ()
        self.rows: list[TakeRow] = []
        self._flip = button("A/B", "quiet", "", "Go to the take used before (Ctrl+B)")
        self._flip.clicked.connect(session.flip_take)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addLayout(row(label("Takes", "field"), None, self._flip))
        session.document_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the document's takes."""
        document = self._session.document
        takes = tuple(reversed(document.takes))
        if [(x.id, x.name, x.kept) for x in takes] != [(x.id, x.name, x.kept) for x in self._shown]:
            for old in self.rows:
                self._column.removeWidget(old)
                old.hide()
                old.deleteLater()
            self.rows = [TakeRow(self._session, take) for take in takes]
            for made in self.rows:
                made.heard.connect(self.heard)
                self._column.addWidget(made)
        self._shown = takes
        used = take_in_use(document)
        for made in self.rows:
            made.show_use(used is not None and made.take.id == used.id)
        self._flip.setEnabled(len(takes) > 1 or (bool(takes) and used is None))
        self.setVisible(bool(takes))
