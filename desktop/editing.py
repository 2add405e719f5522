"""The open document and what is selected in it: edits, undo, time; no jobs and no files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.document.assets import AssetStore
from desktop.document.model import Document, DocumentKind, Layer
from desktop.history import History
from desktop.render.renderer import Renderer

PROXY_PX = 1600
"""The canvas draws pictures from copies of at most this side."""


class Editing(QObject):
    """One document as a value that is replaced by each edit."""

    document_changed = Signal(object, object)  # Document before, Document after
    selection_changed = Signal(object)  # frozenset of layer ids
    time_changed = Signal(float)  # seconds
    path_changed = Signal(object)  # Path or None
    dirty_changed = Signal(bool)
    replaced = Signal()  # another project is open: assets and renderer are new

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = Document.poster()
        self._clean: Document = self._document
        self._assets = AssetStore()
        self._renderer = Renderer(self._assets, proxy_px=PROXY_PX)
        self._history = History()
        self._selection: frozenset[str] = frozenset()
        self._time_s = 0.0
        self._path: Path | None = None
        self._was_dirty = False

    @property
    def document(self) -> Document:
        return self._document

    @property
    def assets(self) -> AssetStore:
        return self._assets

    @property
    def renderer(self) -> Renderer:
        """The canvas's renderer; ask again after `replaced`."""
        return self._renderer

    @property
    def history(self) -> History:
        return self._history

    @property
    def selection(self) -> frozenset[str]:
        return self._selection

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def path(self) -> Path | None:
        return self._path

    @property
    def dirty(self) -> bool:
        return self._document is not self._clean

    @property
    def undo_text(self) -> str:
        return self._history.undo_text

    @property
    def redo_text(self) -> str:
        return self._history.redo_text

    @property
    def can_undo(self) -> bool:
        return bool(self._history.undo_text)

    @property
    def can_redo(self) -> bool:
        return bool(self._history.redo_text)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the page, or of the shot at the present time; lowest first."""
        document = self._document
        if document.kind is DocumentKind.POSTER:
            return document.layers
        index = document.shot_at(self._time_s)
        return document.shots[index].layers if index >= 0 else ()

    def selected_layers(self) -> tuple[Layer, ...]:
        return tuple(x for x in self._document.all_layers() if x.id in self._selection)

    def edit(self, text: str, document: Document, merge: str = "") -> None:
        """Replace the document as one undo step.

        `text` names the edit in the menu. Edits in a row with the same
        non-empty `merge` key are one step; a change of selection ends it.
        """
        if document is self._document or document == self._document:
            return
        self._history.add(text, self._document, document, merge)
        self._show(document)

    def amend(self, document: Document) -> None:
        """Replace the document as a part of the last undo step."""
        self._history.amend(document)
        self._show(document)

    def touch(self, document: Document) -> None:
        """Put in what follows from the document and was only worked out now: no step to undo."""
        self._history.touch(document)
        self._show(document)

    def undo(self) -> None:
        document = self._history.undo()
        if document is not None:
            self._show(document)

    def redo(self) -> None:
        document = self._history.redo()
        if document is not None:
            self._show(document)

    def select(self, ids: Iterable[str]) -> None:
        """Select these layers and no others; unknown ids are dropped."""
        known = {layer.id for layer in self._document.all_layers()}
        selection = frozenset(ids) & known
        if selection != self._selection:
            self._selection = selection
            self._history.seal()
            self.selection_changed.emit(selection)

    def select_all(self) -> None:
        self.select(layer.id for layer in self.layers if layer.visible and not layer.locked)

    def deselect(self) -> None:
        self.select(())

    def seek(self, time_s: float) -> None:
        """Go to a time of the scene, clamped to its length."""
        time_s = min(max(0.0, time_s), self._document.duration_s)
        if time_s != self._time_s:
            self._time_s = time_s
            self.time_changed.emit(time_s)

    def _show(self, document: Document) -> None:
        before, self._document = self._document, document
        self.document_changed.emit(before, document)
        self.select(self._selection)
        self.seek(self._time_s)
        self._tell_dirty()

    def _replace_project(self, document: Document, assets: AssetStore, path: Path | None) -> None:
        """Open another project: no undo leads back."""
        before, self._document = self._document, document
        self._clean = document
        self._assets = assets
        self._renderer = Renderer(assets, proxy_px=PROXY_PX)
        self._history.clear()
        self._selection = frozenset()
        self._time_s = 0.0
        self.replaced.emit()
        self.document_changed.emit(before, document)
        self.selection_changed.emit(self._selection)
        self.time_changed.emit(0.0)
        self._set_path(path)
        self._tell_dirty()

    def _set_path(self, path: Path | None) -> None:
        if path != self._path:
            self._path = path
            self.path_changed.emit(path)

    def _mark_clean(self, document: Document) -> None:
        self._clean = document
        self._tell_dirty()

    def _tell_dirty(self) -> None:
        if self.dirty != self._was_dirty:
            self._was_dirty = self.dirty
            self.dirty_changed.emit(self._was_dirty)
