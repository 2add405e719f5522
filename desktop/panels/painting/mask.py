"""The mask's brush with its tools."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from desktop.document.model import Box
from desktop.panels.controls import row, tool
from desktop.panels.painting.areas import draw_areas, mask_of_png, png_of_mask
from desktop.panels.painting.brush import BRUSH, ERASER, FRAME, MaskBrush
from desktop.panels.painting.sources import Sources
from desktop.render.pictures import PictureError
from desktop.theme import COLORS
from engines.api import BadRequest

TOOLS = (
    (BRUSH, "paintbrush", "Paint the mask ([ and ] change the brush)"),
    (ERASER, "eraser", "Erase (or the right button)"),
    (FRAME, "square", "Mark a rectangle"),
)


class MaskField(QWidget):
    """A mask that is painted, loaded, or taken from the areas of layers."""

    changed = Signal()

    def __init__(self, sources: Sources, height_px: int) -> None:
        super().__init__()
        self._sources = sources
        self._size_px = (64, 64)
        self._layer = ""
        self.brush = MaskBrush(height_px)
        self.brush.changed.connect(self._on_changed)
        group = QButtonGroup(self)
        tools = []
        for name, drawing, tip in TOOLS:
            made = tool(drawing, tip, small=True)
            made.setCheckable(True)
            made.setChecked(name == BRUSH)
            made.clicked.connect(lambda _=False, name=name: self._on_tool(name))
            group.addButton(made)
            tools.append(made)
        layer = tool("layers", "Mark the area of the layers chosen on the page", small=True)
        layer.clicked.connect(lambda: sources.session.attempt(self._on_areas))
        load = tool("folder-open", "Load a mask: white is meant", small=True)
        load.clicked.connect(lambda: sources.ask_file(self._take))
        turn = tool("repeat", "Turn the mask around", small=True)
        turn.clicked.connect(self.brush.invert)
        self.undo = tool("undo-2", "Take the last stroke back (Ctrl+Z)", small=True)
        self.undo.clicked.connect(self.brush.undo)
        self.clear = tool("x", "No mask", small=True, color=COLORS.muted)
        self.clear.clicked.connect(self.brush.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.brush)
        column.addLayout(row(*tools, None, layer, load, turn, self.undo, self.clear, spacing=2))
        self._show_tools()

    @property
    def png(self) -> bytes:
        """The mask as PNG of the picture's size; none if nothing is marked."""
        return b"" if self.brush.empty else png_of_mask(self.brush.image, *self._size_px)

    def show_shape(
        self,
        width_px: int,
        height_px: int,
        picture: QPixmap | None = None,
        *,
        layer: str = "",
    ) -> None:
        """Begin anew; `layer` is the id of the one that the picture came from."""
        self._size_px, self._layer = (width_px, height_px), layer
        self.brush.show_shape(width_px, height_px, picture)
        self._show_tools()

    def set_png(self, png: bytes) -> None:
        """Begin with a mask from a request.

        Raises:
            BadRequest: it is no picture.
        """
        self.brush.show_mask(self._read(png))
        self._show_tools()

    def _take(self, png: bytes, name: str, layer: str) -> None:
        self._sources.session.attempt(lambda: self.brush.put(self._read(png)))

    def _read(self, png: bytes) -> QImage:
        try:
            return mask_of_png(png, self.brush.image)
        except PictureError as error:
            raise BadRequest(f"the mask cannot be read: {error}") from None

    def _on_areas(self) -> None:
        layers = self._sources.chosen_layers(without=self._layer)
        mask = self.brush.image.copy()
        draw_areas(mask, layers, self._frame())
        self.brush.put(mask)

    def _frame(self) -> Box:
        """Return which part of the page the picture is: its layer's box, else all."""
        document = self._sources.session.document
        for layer in document.all_layers():
            if layer.id == self._layer:
                return layer.box
        return Box(x_mm=0.0, y_mm=0.0, width_mm=document.width_mm, height_mm=document.height_mm)

    def _on_tool(self, name: str) -> None:
        self.brush.tool = name
        self.brush.setFocus()

    def _on_changed(self) -> None:
        self._show_tools()
        self.changed.emit()

    def _show_tools(self) -> None:
        self.undo.setEnabled(self.brush.can_undo)
        self.clear.setEnabled(not self.brush.empty)
