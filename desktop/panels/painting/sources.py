"""Where a panel's pictures come from: a file, a drop, the page, the history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QWidget

from desktop.document.model import Layer, PictureLayer
from desktop.files import PICTURE_SUFFIXES, FileQuestions, read_picture_file
from desktop.gallery import Kept
from desktop.panels.history_model import ASSET_MIME
from desktop.session import Session
from engines.api import BadRequest

Take = Callable[[bytes, str, str], None]
"""Gets a picture as PNG, its name, and the id of the layer it came from, or ""."""


class Sources:
    """Reads pictures beside the window and gives them to whoever asked."""

    def __init__(
        self, session: Session, parent: QWidget, chosen: Callable[[], Kept | None]
    ) -> None:
        """Take what tells which picture of the history is chosen."""
        self.session = session
        self._files = FileQuestions(parent)
        self._chosen = chosen

    def ask_file(self, take: Take) -> None:
        """Let the user choose a file."""
        self._files.ask_picture(lambda path: self.from_file(path, take), title="Choose a picture")

    def from_file(self, path: Path, take: Take) -> None:
        self.session.load_picture(
            path.name, lambda: read_picture_file(path), lambda png: take(png, path.stem, "")
        )

    def from_page(self, take: Take) -> None:
        """Take the picture of the chosen layer.

        Raises:
            BadRequest: no picture, or more than one, is chosen.
        """
        chosen = [x for x in self.session.selected_layers() if isinstance(x, PictureLayer)]
        if len(chosen) != 1:
            raise BadRequest("choose one picture on the page first")
        layer, assets = chosen[0], self.session.assets
        self.session.load_picture(
            f"“{layer.name}”",
            lambda: assets.read(layer.asset),
            lambda png: take(png, layer.name, layer.id),
        )

    def from_history(self, take: Take) -> None:
        """Take the chosen picture of the history.

        Raises:
            BadRequest: none is chosen.
        """
        kept = self._chosen()
        if kept is None:
            raise BadRequest("choose a picture of the history first")
        self.session.load_kept(kept, lambda png: take(png, kept.name, ""))

    def accepts(self, data: QMimeData) -> bool:
        """Say whether something dropped is a picture, or a picture's file."""
        return data.hasFormat(ASSET_MIME) or bool(_files(data))

    def from_drop(self, data: QMimeData, take: Take) -> None:
        """Take what was dropped."""
        if data.hasFormat(ASSET_MIME):
            sha256 = bytes(data.data(ASSET_MIME).data()).decode("ascii", "replace")
            read = self.session.read_picture
            self.session.load_picture(
                "the picture", lambda: read(sha256), lambda png: take(png, "Picture", "")
            )
            return
        for path in _files(data)[:1]:
            self.from_file(path, take)

    def chosen_layers(self, without: str = "") -> tuple[Layer, ...]:
        """Return the chosen layers, whose areas are meant.

        Raises:
            BadRequest: there is none besides `without`.
        """
        layers = tuple(x for x in self.session.selected_layers() if x.id != without)
        if not layers:
            raise BadRequest("choose the layer on the page whose area is meant first")
        return layers


def _files(data: QMimeData) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES]
