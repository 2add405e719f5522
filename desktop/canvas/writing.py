"""Which text is being written on the canvas, from the double click to the undo step."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from desktop.canvas.page import Page
from desktop.canvas.text_editor import TextEditor
from desktop.document.model import TextLayer
from desktop.session import Session


class Writing:
    """At most one text at a time is open for writing."""

    def __init__(self, session: Session, page: Page) -> None:
        self._session = session
        self._page = page
        self._editor: TextEditor | None = None
        self._layer_id = ""

    @property
    def editor(self) -> TextEditor | None:
        return self._editor

    def begin(self, layer_id: str) -> None:
        """Open a text layer of the page; nothing for another or a locked one."""
        self.finish()
        layer = self._session.document.layer(layer_id)
        item = self._page.items.get(layer_id)
        if item is None or not isinstance(layer, TextLayer) or layer.locked:
            return
        self._layer_id = layer_id
        editor = TextEditor(layer, self._take)
        self._editor = editor
        self._page.open(layer_id, editor)
        editor.setFocus(Qt.FocusReason.OtherFocusReason)
        editor.select_all()

    def finish(self) -> None:
        """Close the text that is open, if there is one, and keep what was written."""
        if self._editor is not None:
            self._editor.finish()

    def _take(self, text: str) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            self._page.shut(self._layer_id, editor)
        try:
            layer = self._session.document.layer(self._layer_id)
        except KeyError:
            return  # it was taken away meanwhile, by undo for example
        if isinstance(layer, TextLayer) and text != layer.text:
            if text.strip():
                self._session.update_layer("Edit text", replace(layer, text=text))
            else:
                self._session.select((layer.id,))
                self._session.delete_selected()
