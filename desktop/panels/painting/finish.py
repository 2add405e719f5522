"""What is done beyond one plain drawing: larger, again, cut out, as tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.panels.controls import Amount, Choice, field, label
from desktop.panels.enlarging import UPSCALERS, can_cut_out, time_words, upscalers_of
from desktop.panels.painting.parts import choose
from engines.api import ModelSpec

ENLARGE = (("1", "As painted"), ("2", "2 times"), ("4", "4 times"), ("8", "8 times"))
HIRES = (
    ("1", "No"),
    ("1.5", "1.5 times larger"),
    ("2", "2 times larger"),
    ("3", "3 times larger"),
    ("4", "4 times larger"),
)
HIRES_STRENGTH = 0.5
SMALL_PX = 512
"""Pictures with shorter sides are enlarged unless the user says otherwise."""


class FinishFields(QWidget):
    """A second drawing, enlarging, cutting out, tiles."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.enlarge = Choice(ENLARGE)
        self.upscaler = Choice(UPSCALERS)
        self.hires = Choice(HIRES)
        self.hires.setToolTip("Enlarges the picture and paints over it: more detail, more time")
        self.hires_strength = Amount(0.0, 1.0, HIRES_STRENGTH, step=0.05)
        self.cutout = QCheckBox("Cut out: leave out what is behind")
        self.tiling = QCheckBox("Tiles: fits to itself on all sides")
        self._size_px = (0, 0)
        self._can_cut_out = False
        self._time = label("", "muted")
        self._upscaler_field = field("Enlarged with", self.upscaler)
        self._strength_field = field("Changed by the second drawing", self.hires_strength)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(field("Enlarged", self.enlarge))
        column.addWidget(self._upscaler_field)
        column.addWidget(self._time)
        column.addWidget(field("Drawn once more, larger", self.hires))
        column.addWidget(self._strength_field)
        column.addWidget(self.tiling)
        column.addWidget(self.cutout)
        self._is_chosen = False
        self.enlarge.activated.connect(self._on_chosen)
        for choice in (self.enlarge, self.upscaler, self.hires):
            choice.currentIndexChanged.connect(self._show)
        for box in (self.cutout, self.tiling):
            box.toggled.connect(self._show)
        self._show()

    @property
    def summary(self) -> str:
        """What is set here, in a few words."""
        said = []
        if self.enlarge.value != "1":
            said.append(f"{self.enlarge.value}x")
        if self.hires.value != "1":
            said.append("drawn twice")
        if self.tiling.isChecked():
            said.append("tiles")
        if self.cutout.isChecked():
            said.append("cut out")
        return ", ".join(said)

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's upscalers, and cutting out if it can."""
        self.upscaler.refill(upscalers_of(specs))
        self._can_cut_out = can_cut_out(specs)
        self._show()

    def show_size(self, width_px: int, height_px: int) -> None:
        """Take note of how large the picture is painted, to tell how long enlarging takes."""
        if (width_px, height_px) != self._size_px:
            self._size_px = (width_px, height_px)
            self._show()

    def suit(self, side_px: int) -> None:
        """Enlarge what a model paints small, unless the user chose otherwise."""
        if not self._is_chosen:
            self.enlarge.set("4" if side_px < SMALL_PX else "1")

    def fields(self) -> dict[str, Any]:
        """Return the fields of a request that stand here."""
        upscale = int(self.enlarge.value)
        return {
            "upscale": upscale,
            "upscaler": self.upscaler.value if upscale > 1 else "",
            "hires": float(self.hires.value),
            "hires_strength": self.hires_strength.value,
            "tiling": self.tiling.isChecked(),
            "cutout": self.cutout.isChecked(),
        }

    def take(self, fields: dict[str, Any]) -> None:
        """Show the fields of a request; how much it is enlarged stays unless it is said."""
        if "upscale" in fields:
            self._is_chosen = True
            choose(self.enlarge, str(fields["upscale"]), f"{fields['upscale']} times")
        choose(self.upscaler, fields.get("upscaler", ""))
        hires = f"{fields.get('hires', 1.0):g}"
        choose(self.hires, hires, f"{hires} times larger")
        self.hires_strength.set(fields.get("hires_strength", HIRES_STRENGTH))
        self.tiling.setChecked(fields.get("tiling", False))
        self.cutout.setChecked(fields.get("cutout", False))
        self._show()

    def _on_chosen(self, index: int) -> None:
        self._is_chosen = True

    def _show(self, *_: object) -> None:
        factor, larger = int(self.enlarge.value), float(self.hires.value)
        width_px, height_px = (round(side * larger) for side in self._size_px)
        time = time_words(width_px, height_px, factor, self.upscaler.value) if factor > 1 else ""
        self._time.setText(f"Enlarging takes {time}")
        self._time.setVisible(bool(time))
        self._upscaler_field.setVisible(self.enlarge.value != "1")
        self.cutout.setVisible(self._can_cut_out or self.cutout.isChecked())
        self._strength_field.setVisible(self.hires.value != "1")
        self.changed.emit()
