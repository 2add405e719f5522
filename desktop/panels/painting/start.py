"""The picture to start from: how far to go from it, where, and what to add around it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.panels.controls import Amount, Count, field, pair
from desktop.panels.painting.mask import MaskField
from desktop.panels.painting.picture import PictureField
from desktop.panels.painting.sources import Sources

MASK_HEIGHT_PX = 196
MOST_AROUND_PX = 4096
STEP_PX = 64
SIDES = ("Left", "Above", "Right", "Below")
STRENGTH = 0.7


class StartFields(QWidget):
    """The start, its mask, its strength, and the room around it."""

    changed = Signal()

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self.picture = PictureField(sources, "Drop a picture here")
        self.picture.changed.connect(self._on_picture)
        self.strength = Amount(0.0, 1.0, STRENGTH, step=0.01)
        self.strength.setToolTip("0 keeps the picture, 1 paints all of it anew")
        self.area = MaskField(sources, MASK_HEIGHT_PX)
        self.area.changed.connect(self.changed)
        self.around = tuple(Count(0, MOST_AROUND_PX, 0, suffix=" px") for _ in SIDES)
        sides = []
        for side, count in zip(SIDES, self.around, strict=True):
            count.setSingleStep(STEP_PX)
            count.setToolTip(f"Make the picture larger: {side.lower()}")
            count.valueChanged.connect(self.changed)
            sides.append(field(f"Add {side.lower()}", count))
        self._more = QWidget()
        more = QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(8)
        more.addWidget(field("How much is painted anew", self.strength))
        more.addWidget(field("Where: paint what should change (nothing: all of it)", self.area))
        more.addLayout(pair(sides[0], sides[2]))
        more.addLayout(pair(sides[1], sides[3]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.picture)
        column.addWidget(self._more)
        self._more.hide()

    @property
    def summary(self) -> str:
        """What is set here, in a few words; empty if nothing is."""
        if not self.picture.png:
            return ""
        words = ["masked" if not self.area.brush.empty else "on"]
        return ", ".join((*words, *(["made larger"] if any(self._sides()) else [])))

    def fields(self) -> dict[str, Any]:
        """Return the fields of a request that stand here."""
        if not self.picture.png:
            return {}
        sides = self._sides()
        return {
            "init": self.picture.png,
            "mask": self.area.png,
            "strength": self.strength.value,
            "outpaint": sides if any(sides) else (),
        }

    def take(self, fields: dict[str, Any]) -> None:
        """Show the fields of a request."""
        self.picture.clear()
        sides = fields.get("outpaint") or (0, 0, 0, 0)
        for count, side in zip(self.around, sides, strict=True):
            count.setValue(side)
        self.strength.set(fields.get("strength", STRENGTH))
        if fields.get("init"):
            self.picture.take(fields["init"], "Start")
            if fields.get("mask"):
                self.area.set_png(fields["mask"])
        self.changed.emit()

    def _sides(self) -> tuple[int, ...]:
        return tuple(count.value() for count in self.around)

    def _on_picture(self) -> None:
        picture = self.picture
        self._more.setVisible(bool(picture.png))
        if picture.png:
            side_px = round(2 * MASK_HEIGHT_PX * self.devicePixelRatioF())
            self.area.show_shape(*picture.size_px, picture.pixmap(side_px), layer=picture.layer)
        self.changed.emit()
