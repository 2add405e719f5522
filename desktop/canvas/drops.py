"""What can be dropped on the canvas: picture files, and pictures from the panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF
from PySide6.QtGui import QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from desktop.document.assets import is_sha256

ASSET_MIME = "application/x-triptych-asset"
"""The sha256 of an asset, as text."""

PICTURE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"))

LARGEST_FILE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Drop:
    """An asset, or files that look like pictures; what else was dropped is left out."""

    asset: str = ""
    files: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.asset or self.files)


def read_drop(data: QMimeData) -> Drop:
    """Find what the canvas can take."""
    if data.hasFormat(ASSET_MIME):
        sha256 = bytes(data.data(ASSET_MIME).data()).decode("ascii", "replace")
        return Drop(asset=sha256) if is_sha256(sha256) else Drop()
    files = []
    for url in data.urls():
        path = Path(url.toLocalFile()) if url.isLocalFile() else None
        if path is not None and path.suffix.lower() in PICTURE_SUFFIXES:
            files.append(path)
    return Drop(files=tuple(files))


def read_picture(path: Path) -> bytes:
    """Return a picture file's bytes.

    Raises:
        OSError: it cannot be read, or is too large to be a picture for a page.
    """
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise OSError(f"{path.name} is larger than {LARGEST_FILE_BYTES // 2**20} MB")
    return path.read_bytes()


class DropTarget(QObject):
    """Listens at a widget: `over` is told whether something fitting hovers, `taken` gets it."""

    def __init__(
        self,
        widget: QWidget,
        over: Callable[[bool], None],
        taken: Callable[[Drop, QPointF], None],
    ) -> None:
        super().__init__(widget)
        self._over = over
        self._taken = taken
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragLeaveEvent):
            self._over(False)
            return True
        if not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        drop = read_drop(event.mimeData())
        if not drop:
            event.ignore()
        elif event.type() == QEvent.Type.Drop:
            event.acceptProposedAction()
            self._over(False)
            self._taken(drop, event.position())
        else:
            event.acceptProposedAction()
            self._over(True)
        return True
