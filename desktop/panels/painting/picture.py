"""A place for one picture: dropped, loaded, or taken from the page or the history."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLabel

from desktop.panels.controls import ElidedLabel, row, tool
from desktop.panels.painting.sources import Sources
from desktop.panels.previews import pixmap_of_png
from desktop.render.pictures import PictureError, sort_of

THUMB_PX = 40
EMPTY_PX, FULL_PX = 40, 52


class PictureField(QFrame):
    """One picture as PNG, with a small copy of it and its name."""

    changed = Signal()

    def __init__(self, sources: Sources, words: str) -> None:
        """Show `words` while there is no picture."""
        super().__init__()
        self.setObjectName("box")
        self.setAcceptDrops(True)
        self._sources = sources
        self._words = words
        self.png = b""
        self.layer = ""
        self.size_px = (0, 0)
        self._thumb = QLabel()
        self._thumb.setFixedSize(THUMB_PX, THUMB_PX)
        self._thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._thumb.hide()
        self._name = ElidedLabel(words, "muted")
        session = sources.session
        made = (
            ("folder-open", "From a file", lambda: sources.ask_file(self.take)),
            ("layers", "The picture chosen on the page", lambda: sources.from_page(self.take)),
            ("history", "The chosen picture of the history", lambda: self._from_history()),
        )
        tools = []
        for drawing, tip, does in made:
            button = tool(drawing, tip, small=True)
            button.clicked.connect(lambda _=False, does=does: session.attempt(does))
            tools.append(button)
        self._away = tool("x", "Without this picture", small=True)
        self._away.clicked.connect(self.clear)
        self._away.hide()
        layout = row(self._thumb, self._name, *tools, self._away, spacing=4)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFixedHeight(EMPTY_PX)
        self.setToolTip("Drop a picture here")

    def take(self, png: bytes, name: str = "", layer: str = "") -> None:
        """Hold a picture; `layer` is the id of the one it came from."""
        try:
            sort = sort_of(png)
        except PictureError:
            self.clear()
            return
        self.png, self.layer = png, layer
        self.size_px = (sort.width_px, sort.height_px)
        ratio = self.devicePixelRatioF()
        small = self.pixmap(round(THUMB_PX * ratio))
        small.setDevicePixelRatio(ratio)
        self._thumb.setPixmap(small)
        self._name.setText(f"{name or 'Picture'}, {sort.width_px} x {sort.height_px} px")
        self._show()

    def clear(self) -> None:
        """Hold no picture."""
        self.png, self.layer, self.size_px = b"", "", (0, 0)
        self._name.setText(self._words)
        self._show()

    def pixmap(self, side_px: int) -> QPixmap:
        """Return a small copy of the picture."""
        return pixmap_of_png(self.png, side_px) if self.png else QPixmap()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._sources.accepts(event.mimeData()):
            self._light(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        event.acceptProposedAction()
        self._sources.from_drop(event.mimeData(), self.take)

    def _from_history(self) -> None:
        self._sources.from_history(self.take)

    def _light(self, on: bool) -> None:
        self.setProperty("over", on)
        self.style().unpolish(self)
        self.style().polish(self)

    def _show(self) -> None:
        self._thumb.setVisible(bool(self.png))
        self._away.setVisible(bool(self.png))
        self.setFixedHeight(FULL_PX if self.png else EMPTY_PX)
        self.changed.emit()
