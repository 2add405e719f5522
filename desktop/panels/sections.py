"""The inspector's sections: each shows some properties of the selected layer and changes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QMenu, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.document.arrangement import placed
from desktop.document.model import (
    Align,
    Blend,
    Fill,
    Fit,
    Layer,
    Mask,
    PictureLayer,
    ShapeLayer,
    TextLayer,
    VAlign,
)
from desktop.panels.colors import ColorField
from desktop.panels.controls import (
    Amount,
    Choice,
    Number,
    Segments,
    button,
    field,
    label,
    pair,
    row,
)
from desktop.panels.enlarging import UPSCALERS, add_enlarging
from desktop.render.fonts import FAMILIES, weights

WEIGHT_NAMES = {400: "Regular", 500: "Medium", 600: "Semibold", 700: "Bold"}
BLEND_NAMES = {
    Blend.NORMAL: "Normal",
    Blend.MULTIPLY: "Multiply",
    Blend.SCREEN: "Screen",
    Blend.OVERLAY: "Overlay",
    Blend.SOFT_LIGHT: "Soft light",
}


class Section(QWidget):
    """A heading and some fields; `changed` carries (words for undo, layer, merge key)."""

    changed = Signal(str, object, str)
    TITLE = ""

    def __init__(self) -> None:
        super().__init__()
        self._layer: Any = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.column.addWidget(label(self.TITLE, "heading"))
        self.build()

    def build(self) -> None:
        """Make the fields."""

    def show_layer(self, layer: Layer) -> None:
        """Show a layer's values without telling that they changed."""
        self._layer = layer
        self.fill(layer)

    def fill(self, layer: Any) -> None:
        """Write the values into the fields."""

    def set(self, words: str, /, **values: object) -> None:
        """Tell of the layer with other values; edits of the same fields in a row are one step."""
        if self._layer is None:
            return
        layer = replace(self._layer, **values)
        if layer != self._layer:
            self._layer = layer
            self.changed.emit(words, layer, f"{layer.id}:{','.join(values)}")


class PlaceSection(Section):
    """Where a layer is."""

    TITLE = "Position"

    def build(self) -> None:
        self._numbers = {
            "x_mm": Number(-5000, 5000, 0, suffix=" mm"),
            "y_mm": Number(-5000, 5000, 0, suffix=" mm"),
            "width_mm": Number(0.5, 5000, 10, suffix=" mm"),
            "height_mm": Number(0.5, 5000, 10, suffix=" mm"),
            "rotation_deg": Number(-360, 360, 0, suffix="°"),
        }
        names = ("X", "Y", "Width", "Height", "Rotation")
        fields = [field(n, w) for n, w in zip(names, self._numbers.values(), strict=True)]
        self.column.addLayout(pair(fields[0], fields[1]))
        self.column.addLayout(pair(fields[2], fields[3]))
        self.column.addLayout(pair(fields[4]))
        for name, number in self._numbers.items():
            number.valueChanged.connect(lambda value, name=name: self._on_number(name, value))

    def fill(self, layer: Layer) -> None:
        for name, number in self._numbers.items():
            number.show_value(getattr(layer.box, name))

    def _on_number(self, name: str, value: float) -> None:
        layer = placed(self._layer, replace(self._layer.box, **{name: value}))
        self._layer = layer
        self.changed.emit("Move", layer, f"{layer.id}:{name}")


class LookSection(Section):
    """How a layer meets what is below it."""

    TITLE = "Look"

    def build(self) -> None:
        self._opacity = Amount(0, 100, 100, step=1, digits=0, suffix=" %")
        self._blend = Choice([(str(b), name) for b, name in BLEND_NAMES.items()])
        self.column.addWidget(field("Opacity", self._opacity))
        self.column.addWidget(field("Blend", self._blend))
        self._opacity.changed.connect(lambda value: self.set("Opacity", opacity=value / 100))
        self._blend.activated.connect(lambda _: self.set("Blend", blend=Blend(self._blend.value)))

    def fill(self, layer: Layer) -> None:
        self._opacity.set(layer.opacity * 100)
        self._blend.set(str(layer.blend))


class TextSection(Section):
    """Words and their type."""

    TITLE = "Text"

    def build(self) -> None:
        self._text = QPlainTextEdit()
        self._text.setFixedHeight(80)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName("Text")
        self._family = Choice([(family, family) for family in FAMILIES])
        self._weight = Choice()
        self._size = Number(0.5, 1000, 10, suffix=" mm")
        self._leading = Number(0.5, 4, 1.2, digits=2)
        self._leading.setSingleStep(0.05)
        self._tracking = Number(-0.2, 2, 0, digits=2, suffix=" em")
        self._tracking.setSingleStep(0.01)
        self._color = ColorField()
        self._align = Segments(
            (
                ("left", "", "align-left"),
                ("center", "", "align-center"),
                ("right", "", "align-right"),
            )
        )
        self._valign = Segments((("top", "Top", ""), ("middle", "Mid", ""), ("bottom", "Low", "")))
        self._upper = QCheckBox("Capitals")
        self._italic = QCheckBox("Italic")
        self.column.addWidget(self._text)
        self.column.addWidget(field("Font", self._family))
        self.column.addLayout(pair(field("Weight", self._weight), field("Size", self._size)))
        self.column.addLayout(pair(field("Line", self._leading), field("Tracking", self._tracking)))
        self.column.addWidget(field("Colour", self._color))
        self.column.addWidget(self._align)
        self.column.addWidget(self._valign)
        self.column.addLayout(row(self._upper, self._italic, None, spacing=16))
        self._connect()

    def _connect(self) -> None:
        self._text.textChanged.connect(self._on_text)
        self._family.activated.connect(self._on_family)
        self._weight.activated.connect(lambda _: self.set("Weight", weight=int(self._weight.value)))
        self._size.valueChanged.connect(lambda value: self.set("Text size", size_mm=value))
        self._leading.valueChanged.connect(lambda v: self.set("Line height", line_height=v))
        self._tracking.valueChanged.connect(lambda v: self.set("Tracking", tracking=v))
        self._color.changed.connect(lambda color: self.set("Text colour", color=color))
        self._align.chosen.connect(lambda value: self.set("Align", align=Align(value)))
        self._valign.chosen.connect(lambda value: self.set("Align", valign=VAlign(value)))
        self._upper.clicked.connect(lambda on: self.set("Capitals", uppercase=on))
        self._italic.clicked.connect(lambda on: self.set("Italic", italic=on))

    def fill(self, layer: TextLayer) -> None:
        if self._text.toPlainText() != layer.text:
            self._text.blockSignals(True)
            self._text.setPlainText(layer.text)
            self._text.blockSignals(False)
        self._family.set(layer.family)
        self._offer_weights(layer)
        self._size.show_value(layer.size_mm)
        self._leading.show_value(layer.line_height)
        self._tracking.show_value(layer.tracking)
        self._color.show_color(layer.color)
        self._align.show_value(str(layer.align))
        self._valign.show_value(str(layer.valign))
        self._upper.setChecked(layer.uppercase)
        self._italic.setChecked(layer.italic)

    def _offer_weights(self, layer: TextLayer) -> None:
        known = weights(layer.family) or (400, 700)
        self._weight.refill([(str(w), WEIGHT_NAMES.get(w, str(w))) for w in known])
        self._weight.set(str(min(known, key=lambda w: abs(w - layer.weight))))

    def _on_text(self) -> None:
        text = self._text.toPlainText()
        name = " ".join(text.split())[:28] if self._layer and not self._layer.role else None
        if name:
            self.set("Text", text=text, name=name)
        else:
            self.set("Text", text=text)

    def _on_family(self) -> None:
        family = self._family.value
        known = weights(family) or (400,)
        weight = min(known, key=lambda w: abs(w - self._layer.weight))
        self.set("Font", family=family, weight=weight)
        self._offer_weights(self._layer)


class PictureSection(Section):
    """How a picture fills its box, and how it was made."""

    TITLE = "Picture"

    reroll = Signal(str)
    vary = Signal(str)
    enlarge = Signal(str, int, str)  # layer id, how many times, with what
    cut_out = Signal(str)

    upscalers: Sequence[tuple[str, str]] = UPSCALERS
    """What enlarging is offered with, as (value, words)."""

    size_of: Callable[[PictureLayer], tuple[int, int]]
    """Tells the size of a layer's picture in pixels."""

    def build(self) -> None:
        self._fit = Choice([(str(f), str(f).capitalize()) for f in Fit])
        self._mask = Choice([(str(m), str(m).capitalize()) for m in Mask])
        self._zoom = Amount(1, 4, 1, step=0.05, suffix="×")
        self._focus_x = Amount(0, 1, 0.5, step=0.01)
        self._focus_y = Amount(0, 1, 0.5, step=0.01)
        self._corner = Number(0, 500, 0, suffix=" mm")
        self.column.addLayout(pair(field("Fit", self._fit), field("Outline", self._mask)))
        self.column.addWidget(field("Zoom", self._zoom))
        self.column.addWidget(field("Focus across", self._focus_x))
        self.column.addWidget(field("Focus down", self._focus_y))
        self.column.addLayout(pair(field("Corners", self._corner)))
        self._again = button("Reroll", "", "dices", "Make it again with another seed")
        self._vary = button("Vary", "", "shuffle", "Make one near to this")
        self._made = label("", "muted")
        self._made.setWordWrap(True)
        self._makers = QWidget()
        self._makers.setLayout(row(self._again, self._vary, None))
        self.column.addWidget(self._makers)
        larger = button("Enlarge…", "", "image-upscale", "Make the picture itself larger")
        larger.clicked.connect(lambda: self._on_enlarge(larger))
        self.cut = button("Cut out", "", "scissors", "Leave out what is behind the subject")
        self.cut.clicked.connect(lambda: self.cut_out.emit(self._layer.id))
        self.cut.hide()
        self.column.addLayout(row(larger, self.cut, None))
        self.column.addWidget(self._made)
        self._fit.activated.connect(lambda _: self.set("Fit", fit=Fit(self._fit.value)))
        self._mask.activated.connect(lambda _: self.set("Outline", mask=Mask(self._mask.value)))
        self._zoom.changed.connect(lambda value: self.set("Zoom", zoom=value))
        self._focus_x.changed.connect(lambda value: self.set("Focus", focus_x=value))
        self._focus_y.changed.connect(lambda value: self.set("Focus", focus_y=value))
        self._corner.valueChanged.connect(lambda value: self.set("Corners", corner_mm=value))
        self._again.clicked.connect(lambda: self.reroll.emit(self._layer.id))
        self._vary.clicked.connect(lambda: self.vary.emit(self._layer.id))

    def fill(self, layer: PictureLayer) -> None:
        self._fit.set(str(layer.fit))
        self._mask.set(str(layer.mask))
        self._zoom.set(layer.zoom)
        self._focus_x.set(layer.focus_x)
        self._focus_y.set(layer.focus_y)
        self._corner.show_value(layer.corner_mm)
        self._makers.setVisible(layer.recipe is not None)
        self._vary.setVisible(layer.recipe is not None and layer.recipe.kind == "image")
        self._made.setVisible(layer.recipe is not None)
        if layer.recipe is not None:
            self._made.setText(f"Made by {layer.recipe.model}, seed {layer.recipe.seed}")

    def _on_enlarge(self, larger: QWidget) -> None:
        layer_id = self._layer.id
        menu = add_enlarging(
            QMenu(self),
            self.upscalers,
            self.size_of(self._layer),
            lambda factor, value: self.enlarge.emit(layer_id, factor, value),
        )
        menu.popup(larger.mapToGlobal(larger.rect().bottomLeft()))


class ShapeSection(Section):
    """A shape's colours."""

    TITLE = "Shape"

    def build(self) -> None:
        self._fill = ColorField()
        self._stroke = ColorField()
        self._width = Number(0, 100, 0, suffix=" mm")
        self._corner = Number(0, 500, 0, suffix=" mm")
        self.column.addWidget(field("Fill", self._fill))
        self.column.addWidget(field("Line", self._stroke))
        self.column.addLayout(
            pair(field("Line width", self._width), field("Corners", self._corner))
        )
        self._fill.changed.connect(lambda color: self.set("Fill", fill=Fill.solid(color)))
        self._stroke.changed.connect(lambda color: self.set("Line", stroke=color))
        self._width.valueChanged.connect(lambda value: self.set("Line width", stroke_mm=value))
        self._corner.valueChanged.connect(lambda value: self.set("Corners", corner_mm=value))

    def fill(self, layer: ShapeLayer) -> None:
        self._fill.show_color(layer.fill.stops[0].color if layer.fill else "#00000000")
        self._stroke.show_color(layer.stroke or "#00000000")
        self._width.show_value(layer.stroke_mm)
        self._corner.show_value(layer.corner_mm)
