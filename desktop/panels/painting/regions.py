"""Words for parts of the picture: each with a mask, painted or taken from a layer's area."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.panels.controls import Amount, field
from desktop.panels.painting.mask import MaskField
from desktop.panels.painting.rows import Cards
from desktop.panels.painting.sources import Sources
from engines.api import BadRequest, RegionPrompt

MOST = 8
MASK_HEIGHT_PX = 120
FRAME_PX = 768
STRONGEST = 2.0


class RegionCard(QWidget):
    """One part: its words, where it is, how much it counts."""

    def __init__(self, sources: Sources, shape: float) -> None:
        """Take the picture's width over its height."""
        super().__init__()
        self.words = QLineEdit()
        self.words.setPlaceholderText("What should be seen there")
        self.area = MaskField(sources, MASK_HEIGHT_PX)
        self.area.setToolTip("Paint where, or take the area of a layer on the page")
        width_px = FRAME_PX if shape >= 1 else round(FRAME_PX * shape)
        self.area.show_shape(width_px, max(8, round(width_px / shape)))
        self.weight = Amount(0.0, STRONGEST, 1.0, step=0.05)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addWidget(self.area)
        column.addWidget(field("Weight", self.weight))

    def value(self) -> RegionPrompt:
        """Return the region.

        Raises:
            BadRequest: it lacks its words or its place.
        """
        words, mask = self.words.text().strip(), self.area.png
        if not words or not mask:
            raise BadRequest("words for a part of the picture need the words and a painted place")
        return RegionPrompt(prompt=words, mask=mask, weight=self.weight.value)

    def take(self, region: RegionPrompt) -> None:
        self.words.setText(region.prompt)
        self.area.set_png(region.mask)
        self.weight.set(region.weight)


class RegionFields(QWidget):
    """All regions."""

    changed = Signal()

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self._sources = sources
        self._shape = 1.0
        self.regions: Cards[RegionCard] = Cards(
            "Add words for a part", "Part", lambda: RegionCard(sources, self._shape), MOST
        )
        self.regions.changed.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.regions.widget)

    @property
    def summary(self) -> str:
        count = len(self.regions.cards)
        return str(count) if count else ""

    def show_shape(self, width_px: int, height_px: int) -> None:
        """Let new masks have the shape of the picture; 0 leaves it square."""
        self._shape = width_px / height_px if width_px and height_px else 1.0

    def fields(self) -> dict[str, Any]:
        """Return the fields of a request that stand here.

        Raises:
            BadRequest: a region lacks its words or its place.
        """
        return {"regions": tuple(card.value() for card in self.regions.cards)}

    def take(self, fields: dict[str, Any]) -> None:
        """Show the fields of a request."""
        self.regions.clear()
        for region in fields.get("regions", ()):
            self.regions.add().take(region)
