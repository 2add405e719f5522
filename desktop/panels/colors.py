"""A colour to see, type or choose."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QColorDialog, QLineEdit, QWidget

from desktop.panels.controls import row
from desktop.theme import COLORS

_HEX = re.compile(r"#?([0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?)")


def to_qt(color: str) -> QColor:
    """Read the document's "#rrggbb" or "#rrggbbaa"."""
    made = QColor(color[:7])
    if len(color) == 9:
        made.setAlpha(int(color[7:], 16))
    return made


def from_qt(color: QColor) -> str:
    text = color.name(QColor.NameFormat.HexRgb)
    return text if color.alpha() == 255 else f"{text}{color.alpha():02x}"


class Swatch(QAbstractButton):
    """A square of a colour."""

    def __init__(self) -> None:
        super().__init__()
        self._color = QColor("#000000")
        self.setFixedSize(QSize(32, 32))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Choose a colour")
        self.setAccessibleName("Choose a colour")

    def show_color(self, color: QColor) -> None:
        self._color = color
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = COLORS.accent if self.hasFocus() else COLORS.line_strong
        painter.setPen(QColor(edge))
        painter.setBrush(self._color)
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()


class ColorField(QWidget):
    """A swatch and the colour's hexadecimal name."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._color = "#000000"
        self._swatch = Swatch()
        self._line = QLineEdit()
        self._line.setMaxLength(9)
        self._line.setAccessibleName("Colour as #rrggbb")
        self.setLayout(row(self._swatch, self._line))
        self._swatch.clicked.connect(self._on_swatch)
        self._line.editingFinished.connect(self._on_line)

    @property
    def color(self) -> str:
        return self._color

    def show_color(self, color: str) -> None:
        self._color = color
        self._swatch.show_color(to_qt(color))
        if self._line.text() != color:
            self._line.setText(color)

    def _take(self, color: str) -> None:
        if color != self._color:
            self.show_color(color)
            self.changed.emit(color)

    def _on_line(self) -> None:
        match = _HEX.fullmatch(self._line.text().strip())
        if match is None:
            self._line.setText(self._color)
        else:
            self._take("#" + match[1].lower())

    def _on_swatch(self) -> None:
        dialog = QColorDialog(to_qt(self._color), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setOption(QColorDialog.ColorDialogOption.ShowAlphaChannel)
        dialog.setWindowTitle("Colour")
        dialog.colorSelected.connect(lambda color: self._take(from_qt(color)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
