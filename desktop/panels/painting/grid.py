"""A grid: up to three things varied at once, each picture of it drawn, and a sheet of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from desktop.painting import axis_of, values_text
from desktop.panels.controls import Choice, label, row, tool
from desktop.panels.painting.details import samplers_of
from desktop.panels.painting.rows import Cards
from engines.api import Axis, BadRequest, Kind, ModelSpec, Role

MOST_AXES = 3
NAMES = (
    ("steps", "Steps"),
    ("guidance", "Guidance"),
    ("sampler", "Sampler"),
    ("seed", "Seed"),
    ("prompt", "Words of the prompt"),
    ("negative", "What should not be seen"),
    ("model", "Model"),
    ("strength", "How much is painted anew"),
    ("variation", "Variation"),
    ("variation_seed", "Seed of the variation"),
    ("hires", "Drawn once more, larger"),
    ("hires_strength", "Changed by the second drawing"),
    ("clip_skip", "CLIP layers skipped"),
    ("vae", "VAE"),
    ("upscaler", "Upscaler"),
    ("lora:1", "Weight of the 1st LoRA"),
    ("lora:2", "Weight of the 2nd LoRA"),
    ("lora:3", "Weight of the 3rd LoRA"),
)
EXAMPLES = {
    "steps": "10, 20, 30",
    "guidance": "4, 7, 10",
    "seed": "1-4",
    "prompt": "lighthouse, windmill, castle",
    "sampler": "euler a, dpm++ 2m",
    "strength": "0.3, 0.5, 0.7",
}


class AxisCard(QWidget):
    """What varies, and its values as text."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._listed: dict[str, list[tuple[str, str]]] = {}
        self.name = Choice(NAMES)
        self.name.setAccessibleName("What varies")
        self.name.set(name)
        self.values = QLineEdit()
        self.values.setAccessibleName("Its values, parted by commas")
        self.values.setToolTip(
            "Values parted by commas, or 1-5, or 10-30 (+10). Words with commas stand in quotes. "
            "For words of the prompt, each stands in the place of the first."
        )
        self._add = tool("list-plus", "Add a value from the list", small=True)
        self._add.clicked.connect(self._on_add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.name)
        line: QHBoxLayout = row(self.values, self._add, spacing=4)
        column.addLayout(line)
        self.name.currentIndexChanged.connect(self._on_name)
        self.values.textChanged.connect(self.changed)
        self._on_name()

    def value(self) -> Axis:
        """Return the axis.

        Raises:
            BadRequest: its values cannot be read.
        """
        return axis_of(self.name.value, self.values.text())

    @property
    def count(self) -> int:
        """How many values there are; 0 while they cannot be read."""
        try:
            return len(self.value().values)
        except BadRequest:
            return 0

    def take(self, axis: Axis) -> None:
        self.name.set(axis.name)
        self.values.setText(values_text(axis.values))

    def offer(self, listed: dict[str, list[tuple[str, str]]]) -> None:
        """Offer lists of values, by the name of what varies."""
        self._listed = listed
        self._on_name()

    def _on_name(self, *_: object) -> None:
        self.values.setPlaceholderText(EXAMPLES.get(self.name.value, "0.2, 0.5, 0.8"))
        self._add.setVisible(bool(self._listed.get(self.name.value)))
        self.changed.emit()

    def _on_add(self) -> None:
        menu = QMenu(self)
        for value, words in self._listed.get(self.name.value, ()):
            menu.addAction(words).triggered.connect(lambda _=False, v=value: self._append(v))
        menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def _append(self, value: str) -> None:
        before = self.values.text().strip().rstrip(",")
        added = values_text((value,))
        self.values.setText(f"{before}, {added}" if before else added)


class GridFields(QWidget):
    """Up to three axes: columns, rows, sheets."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._listed: dict[str, list[tuple[str, str]]] = {}
        self.axes: Cards[AxisCard] = Cards("Vary something", "Varied", self._card, MOST_AXES)
        self._count = label("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.axes.widget)
        column.addWidget(self._count)
        self.axes.changed.connect(self._on_changed)
        self._on_changed()

    @property
    def summary(self) -> str:
        return " x ".join(str(card.count) for card in self.axes.cards)

    @property
    def is_asked(self) -> bool:
        return bool(self.axes.cards)

    def show_models(self, specs: Sequence[ModelSpec], model: ModelSpec | None) -> None:
        """Offer the model's samplers, and models, VAEs and upscalers of the library, as values."""
        models = [x for x in specs if x.kind is Kind.IMAGE and x.is_choice]
        parts = {"vae": Role.VAE, "upscaler": Role.UPSCALER}
        self._listed = {
            "sampler": samplers_of(model),
            "model": [(x.id, x.name or x.id) for x in models],
            **{
                name: [(x.path, x.name or x.id) for x in specs if x.role is role]
                for name, role in parts.items()
            },
        }
        for card in self.axes.cards:
            card.offer(self._listed)

    def value(self) -> tuple[Axis, ...]:
        """Return the axes.

        Raises:
            BadRequest: values of one cannot be read.
        """
        return tuple(card.value() for card in self.axes.cards)

    def take(self, fields: dict[str, Any]) -> None:
        """Show the axes of a request; none if it is no grid's."""
        self.axes.clear()
        for axis in fields.get("axes", ()):
            self.axes.add().take(axis)

    def _card(self) -> AxisCard:
        used = {card.name.value for card in self.axes.cards}
        card = AxisCard(next(name for name, _ in NAMES if name not in used))
        card.offer(self._listed)
        card.changed.connect(self._on_changed)
        return card

    def _on_changed(self) -> None:
        places = ("columns", "rows", "sheets")[: len(self.axes.cards)]
        self._count.setText(f"{self.summary} pictures: {', '.join(places)}" if places else "")
        self._count.setVisible(bool(places))
        self.changed.emit()
