"""The fields of a painting: model, LoRAs, size, sampler and the rest, written and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields as fields_of
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.document.picture_metadata.samplers import FAMILIAR
from desktop.panels.controls import (
    Amount,
    Choice,
    Count,
    ElidedLabel,
    field,
    pair,
    row,
    tool,
)
from desktop.panels.models import ModelChoice
from engines.api import ImageRequest, Kind, LoraUse, ModelSpec, Role

SIZES = (
    ("0x0", "The model's own size"),
    ("128x128", "Square, 128 px"),
    ("256x256", "Square, 256 px"),
    ("512x512", "Square, 512 px"),
    ("512x768", "Upright, 512 x 768 px"),
    ("768x512", "Wide, 768 x 512 px"),
    ("1024x1024", "Square, 1024 px"),
)
ENLARGE = (("1", "As painted"), ("2", "2 times"), ("4", "4 times"), ("8", "8 times"))
SAMPLERS = (("", "The model's own"), *FAMILIAR.items())
STRONGEST = 2.0

_SHOWN = frozenset(
    (
        *("prompt", "seed", "model", "negative", "width_px", "height_px", "steps"),
        *("guidance", "sampler", "count", "upscale", "loras"),
    )
)
"""Fields of a request that have a control of their own here or in the panel."""


class LoraStack(QWidget):
    """The LoRAs in use, each with its weight; another one is chosen from the library."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[LoraUse, QWidget, Amount]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._choice = Choice((("", "Add a LoRA…"),))
        self._choice.setAccessibleName("Add a LoRA")
        self._choice.activated.connect(self._on_chosen)
        self._column.addWidget(self._choice)

    @property
    def values(self) -> tuple[LoraUse, ...]:
        return tuple(LoraUse(path=use.path, weight=a.value) for use, _, a in self._rows)

    @property
    def empty(self) -> bool:
        """Whether there is none in use and none to choose."""
        return not self._rows and self._choice.count() < 2

    def set(self, uses: Sequence[LoraUse]) -> None:
        for _, line, _ in self._rows:
            line.deleteLater()
        self._rows = []
        for use in uses:
            self._add(use)

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's LoRAs."""
        mine = [(spec.path, spec.name or spec.id) for spec in specs if spec.role is Role.LORA]
        self._choice.refill([("", "Add a LoRA…"), *mine])

    def _on_chosen(self, index: int) -> None:
        path = self._choice.value
        self._choice.set("")
        if path and path not in {use.path for use, _, _ in self._rows}:
            self._add(LoraUse(path=path))

    def _add(self, use: LoraUse) -> None:
        name = ElidedLabel(PurePath(use.path).stem)
        amount = Amount(-STRONGEST, STRONGEST, use.weight, step=0.05)
        amount.setAccessibleName(f"Weight of {name.text()}")
        away = tool("x", f"Without {name.text()}", small=True)
        line = QWidget()
        layout = row(name, amount, away, spacing=6)
        layout.setStretch(0, 3)
        layout.setStretch(1, 4)
        line.setLayout(layout)
        entry = (use, line, amount)
        away.clicked.connect(lambda: self._remove(entry))
        self._column.insertWidget(len(self._rows), line)
        self._rows.append(entry)

    def _remove(self, entry: tuple[LoraUse, QWidget, Amount]) -> None:
        self._rows.remove(entry)
        entry[1].deleteLater()


class PaintingFields(QWidget):
    """All of a painting's request but its prompt and seed."""

    changed = Signal()

    def __init__(self, model: ModelChoice) -> None:
        super().__init__()
        self._model = model
        self._carried: dict[str, Any] = {}
        self.negative = QPlainTextEdit()
        self.negative.setFixedHeight(56)
        self.negative.setTabChangesFocus(True)
        self.negative.setPlaceholderText("people, writing…")
        self.size_choice = Choice(SIZES)
        self.enlarge = Choice(ENLARGE)
        self.enlarge.set("4")
        self.steps = Count(0, 500, 0, auto="Model's own")
        self.guidance = Amount(0.0, 30.0, 0.0, step=0.1, digits=1)
        self.sampler = Choice(SAMPLERS)
        self.count = Count(1, 16, 1)
        self.loras = LoraStack()
        self._lora_field = field("LoRAs", self.loras)
        self._also = ElidedLabel("", "muted")
        away = tool("x", "Without that", small=True)
        away.clicked.connect(lambda: self._carry({}))
        self._also_line = QWidget()
        self._also_line.setLayout(row(self._also, away))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._also_line)
        layout.addWidget(field("Model", model))
        layout.addWidget(self._lora_field)
        layout.addWidget(field("What should not be seen", self.negative))
        layout.addWidget(field("Painted at", self.size_choice))
        layout.addLayout(pair(field("Steps", self.steps), field("How many", self.count)))
        layout.addWidget(field("Sampler", self.sampler))
        layout.addWidget(field("Guidance (0: the model's own)", self.guidance))
        layout.addWidget(field("Enlarged", self.enlarge))
        self._carry({})
        self.show_models(())

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's LoRAs."""
        self.loras.show_models([spec for spec in specs if spec.kind is Kind.IMAGE])
        self._lora_field.setVisible(not self.loras.empty)

    def request(self, prompt: str, seed: int) -> ImageRequest:
        """Return what the fields say.

        Raises:
            BadRequest: it cannot be asked so.
        """
        width, _, height = self.size_choice.value.partition("x")
        return ImageRequest(
            prompt=prompt,
            seed=seed,
            model=self._model.value,
            negative=self.negative.toPlainText().strip(),
            width_px=int(width),
            height_px=int(height),
            steps=self.steps.value(),
            guidance=self.guidance.value or -1.0,
            sampler=self.sampler.value,
            count=self.count.value(),
            upscale=int(self.enlarge.value),
            loras=self.loras.values,
            **self._carried,
        )

    def take(self, fields: dict[str, Any]) -> None:
        """Write what a picture's settings give into the fields; the others stay as they are."""
        if "model" in fields:
            self._model.set(fields["model"])
        if "negative" in fields:
            self.negative.setPlainText(fields["negative"])
        if "width_px" in fields:
            _choose(
                self.size_choice,
                f"{fields['width_px']}x{fields['height_px']}",
                f"{fields['width_px']} x {fields['height_px']} px",
            )
        if "upscale" in fields:
            _choose(self.enlarge, str(fields["upscale"]), f"{fields['upscale']} times")
        if "steps" in fields:
            self.steps.setValue(fields["steps"])
        if "guidance" in fields:
            self.guidance.set(max(0.0, fields["guidance"]))
        self.sampler.set(fields.get("sampler", ""))
        self.count.setValue(1)
        self.loras.set(fields.get("loras", ()))
        self._lora_field.setVisible(not self.loras.empty)
        self._carry({name: value for name, value in fields.items() if name not in _SHOWN})

    def _carry(self, fields: dict[str, Any]) -> None:
        """Keep values that have no control, and say so."""
        plain = {x.name: x.default for x in fields_of(ImageRequest)}
        self._carried = {name: value for name, value in fields.items() if value != plain.get(name)}
        words = []
        if "init" in self._carried:
            words.append("a picture to start from")
        if "mask" in self._carried:
            words.append("a mask")
        named = [x.replace("_", " ") for x in self._carried if x not in ("init", "mask")]
        self._also.setText("Also taken: " + ", ".join((*words, *named)))
        self._also_line.setVisible(bool(self._carried))


def _choose(choice: Choice, value: str, words: str) -> None:
    """Take a value of a list, which gets it if it does not have it."""
    if choice.findData(value) < 0:
        choice.addItem(words, value)
    choice.set(value)
