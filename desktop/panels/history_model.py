"""The history of pictures as a list for Qt: ids at once, all else when it is looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QImage, QPixmap

from desktop.gallery import Kept
from desktop.session import Session

ASSET_MIME = "application/x-triptych-asset"
"""The sha256 of an asset as text: what the canvas takes."""

ENTRIES_KEPT = 2000
THUMBNAILS_KEPT = 400

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class HistoryModel(QAbstractListModel):
    """The pictures that a search found, newest first."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._ids: list[int] = []
        self._words = ""
        self._least_rating = 0
        self._hidden: frozenset[int] = frozenset()
        self._entries: OrderedDict[int, Kept | None] = OrderedDict()
        self._thumbnails: OrderedDict[int, QPixmap] = OrderedDict()
        session.history_opened.connect(self.refresh)
        session.remembered.connect(self._on_remembered)

    @property
    def is_filtered(self) -> bool:
        return bool(self._words or self._least_rating)

    def search(self, words: str, least_rating: int) -> None:
        """Show only pictures with these words and at least these stars."""
        if (words, least_rating) != (self._words, self._least_rating):
            self._words, self._least_rating = words, least_rating
            self.refresh()

    def refresh(self) -> None:
        """Ask the history again."""
        self.beginResetModel()
        try:
            found = self._session.gallery.find(self._words, least_rating=self._least_rating)
            self._ids = [picture for picture in found if picture not in self._hidden]
        except OSError as error:
            self._ids = []
            self._session.tell(error)
        self.endResetModel()

    def rate(self, row: int, rating: int) -> None:
        """Give a picture stars."""
        picture = self._ids[row]
        self._session.gallery.rate(picture, rating)
        self._entries.pop(picture, None)
        self.dataChanged.emit(self.index(row), self.index(row))

    def hide(self, rows: Sequence[int]) -> None:
        """Show pictures no more; they are still in the history."""
        self._hidden |= {self._ids[row] for row in rows}
        for row in sorted(rows, reverse=True):
            self.beginRemoveRows(_NOWHERE, row, row)
            del self._ids[row]
            self.endRemoveRows()

    def bring_back(self) -> None:
        """Show again what was hidden."""
        self._hidden = frozenset()
        self.refresh()

    def forget_hidden(self) -> None:
        """Take what was hidden out of the history for good."""
        if self._hidden:
            self._session.forget_kept(sorted(self._hidden))
            self._hidden = frozenset()

    def kept(self, row: int) -> Kept | None:
        """Return a picture's entry; None if it is gone meanwhile."""
        if not 0 <= row < len(self._ids):
            return None
        picture = self._ids[row]
        if picture not in self._entries:
            try:
                self._entries[picture] = self._session.gallery.get(picture)
            except OSError:
                return None
            while len(self._entries) > ENTRIES_KEPT:
                self._entries.popitem(last=False)
        return self._entries[picture]

    def thumbnail(self, row: int) -> QPixmap:
        """Return a picture's small copy, read when it is first seen."""
        picture = self._ids[row]
        if picture in self._thumbnails:
            self._thumbnails.move_to_end(picture)
            return self._thumbnails[picture]
        try:
            data = self._session.gallery.thumbnail(picture)
        except OSError:
            data = b""
        # The history's own JPEG, not a file from outside.
        made = QPixmap.fromImage(QImage.fromData(data)) if data else QPixmap()
        self._thumbnails[picture] = made
        while len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)
        return made

    def row_of(self, picture: int) -> int:
        """Return where a picture stands; -1 if it is not shown."""
        return self._ids.index(picture) if picture in self._ids else -1

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        words = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        if not index.isValid() or role not in words:
            return None
        kept = self.kept(index.row())
        if kept is None:
            return None
        stars = f", {kept.rating} stars" if kept.rating else ""
        return f"{kept.name}\n{kept.width_px} x {kept.height_px} px, seed {kept.recipe.seed}{stars}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        """Carry the picture as an asset; the session remembers how it was made."""
        data = QMimeData()
        kept = self.kept(indexes[0].row()) if indexes else None
        if kept is not None:
            try:
                png = self._session.gallery.read(kept.asset)
            except KeyError:
                return data
            asset = self._session.assets.add(png, ".png")
            self._session.remember_recipe(asset, kept.recipe)
            data.setData(ASSET_MIME, asset.encode())
        return data

    def _on_remembered(self, pictures: Sequence[int]) -> None:
        """Put new pictures first; what the search leaves out, or stands there already, is asked."""
        if self.is_filtered or set(pictures) & set(self._ids):
            self.refresh()
            return
        self.beginInsertRows(_NOWHERE, 0, len(pictures) - 1)
        self._ids[:0] = reversed(pictures)
        self.endInsertRows()
