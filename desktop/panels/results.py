"""The strip of pictures made so far: click to look, double-click or drag to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QMimeData, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from desktop.document.model import Recipe
from desktop.panels.previews import pixmap_of_png
from desktop.session import Session

ASSET_MIME = "application/x-triptych-asset"
"""The sha256 of an asset as text: what the canvas takes."""

RESULT_LIMIT = 24
THUMB_PX = 68
_DATA = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Made:
    """One picture that was made: its file, how, and whether it is to fill the page."""

    png: bytes
    recipe: Recipe
    name: str
    fills_page: bool


class Results(QListWidget):
    """Small pictures in a row that breaks, newest first."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("results")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setIconSize(QSize(THUMB_PX, THUMB_PX))
        self.setGridSize(QSize(THUMB_PX + 8, THUMB_PX + 8))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setDragEnabled(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Pictures made so far")
        self.setMinimumHeight(THUMB_PX + 12)

    def add(self, made: Made) -> None:
        item = QListWidgetItem(QIcon(pixmap_of_png(made.png, THUMB_PX * 2)), "")
        item.setData(_DATA, made)
        item.setToolTip(f"{made.name}\nseed {made.recipe.seed}")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, made.name)
        self.insertItem(0, item)
        self.setCurrentItem(item)
        while self.count() > RESULT_LIMIT:
            self.takeItem(self.count() - 1)

    @property
    def current(self) -> Made | None:
        item = self.currentItem()
        made: Made | None = item.data(_DATA) if item is not None else None
        return made

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        """Carry the picture as an asset; the session remembers how it was made."""
        data = QMimeData()
        if items:
            made: Made = items[0].data(_DATA)
            asset = self._session.assets.add(made.png, ".png")
            self._session.remember_recipe(asset, made.recipe)
            data.setData(ASSET_MIME, asset.encode())
        return data
