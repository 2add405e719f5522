"""All fields of a painting, in foldouts by what they are for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.panels.controls import Choice, Count, Foldout, field, label, row, tool
from desktop.panels.models import ModelChoice
from desktop.panels.painting.details import DetailFields
from desktop.panels.painting.finish import SMALL_PX, FinishFields
from desktop.panels.painting.grid import GridFields
from desktop.panels.painting.guides import GuideFields
from desktop.panels.painting.loras import EmbeddingChoice, LoraStack
from desktop.panels.painting.parts import WITH_CLIP, choose, suiting
from desktop.panels.painting.prompt import PromptEdit
from desktop.panels.painting.regions import RegionFields
from desktop.panels.painting.sources import Sources
from desktop.panels.painting.start import StartFields
from engines.api import GridRequest, ImageRequest, Kind, ModelSpec, Role

SIZES = (
    ("0x0", "The model's own size"),
    ("128x128", "Square, 128 px"),
    ("256x256", "Square, 256 px"),
    ("512x512", "Square, 512 px"),
    ("512x768", "Upright, 512 x 768 px"),
    ("768x512", "Wide, 768 x 512 px"),
    ("1024x1024", "Square, 1024 px"),
    ("832x1216", "Upright, 832 x 1216 px"),
    ("1216x832", "Wide, 1216 x 832 px"),
)

OWN_SIDES_PX = {
    "": 128,
    "stable-diffusion": 512,
    "stable-diffusion-2": 768,
    "stable-diffusion-xl": 1024,
    "stable-diffusion-3": 1024,
    "flux": 1024,
}
"""How large models of a family usually paint; the starter is of none."""


class _Part(Protocol):
    """What each foldout holds."""

    def fields(self) -> dict[str, Any]: ...

    def take(self, fields: dict[str, Any]) -> None: ...


class PaintingFields(QWidget):
    """All of a painting's request but its prompt and seed."""

    word_wanted = Signal(str)
    models_wanted = Signal()
    changed = Signal()

    def __init__(self, model: ModelChoice, sources: Sources) -> None:
        super().__init__()
        self._model = model
        self._specs: tuple[ModelSpec, ...] = ()
        self._base = ""
        self.negative = PromptEdit(56)
        self.negative.setPlaceholderText("people, writing…")
        self.size_choice = Choice(SIZES)
        self.loras = LoraStack()
        self.embeddings = EmbeddingChoice()
        self.embeddings.word_wanted.connect(self.word_wanted)
        self.details = DetailFields()
        self.start = StartFields(sources)
        self.guides = GuideFields(sources)
        self.regions = RegionFields(sources)
        self.finish = FinishFields()
        self.grid = GridFields()
        self._parts: tuple[_Part, ...] = (
            self.details,
            self.start,
            self.guides,
            self.regions,
            self.finish,
        )
        self._lora_field = field("LoRAs", self.loras)
        self._embedding_field = field("Embeddings", self.embeddings)
        self._fold()
        model.changed.connect(self._on_model)
        self.size_choice.currentIndexChanged.connect(self._on_size)
        self.start.changed.connect(self._on_size)
        for part in (self.start, self.guides, self.regions, self.finish, self.grid):
            part.changed.connect(self._summarise)
        self.show_models(())

    @property
    def count(self) -> Count:
        """How many pictures are painted."""
        return self.details.count

    def _fold(self) -> None:
        """Put all into foldouts."""
        self._folds = {
            "main": Foldout("Model, size and details", self._main()),
            "start": Foldout("Start from a picture", self.start),
            "guides": Foldout("Guided by other pictures", self.guides),
            "regions": Foldout("Words for parts of the picture", self.regions),
            "finish": Foldout("Enlarging and finish", self.finish),
            "grid": Foldout("Grid: values side by side", self.grid),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for fold in self._folds.values():
            column.addWidget(fold)
        self._summarise()

    def _main(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        library = tool(
            "shapes", "The model library: all models, and adding more (Ctrl+Shift+M)", small=True
        )
        library.clicked.connect(self.models_wanted)
        head = row(label("Model", "field"), None, library)
        self._model.setAccessibleName("Model")
        column.addLayout(head)
        column.addWidget(self._model)
        column.addWidget(self._lora_field)
        column.addWidget(self._embedding_field)
        column.addWidget(field("What should not be seen", self.negative))
        column.addWidget(field("Painted at", self.size_choice))
        column.addWidget(self.details)
        return inside

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's parts that suit the chosen model."""
        self._specs = tuple(specs)
        self.finish.show_models(specs)
        self._on_model()

    def request(self, prompt: str, seed: int) -> ImageRequest | GridRequest:
        """Return what the fields say.

        Raises:
            BadRequest: it cannot be asked so.
        """
        width, _, height = self.size_choice.value.partition("x")
        negative = self.negative.toPlainText().strip()
        said: dict[str, Any] = {}
        for part in self._parts:
            said |= part.fields()
        asked = ImageRequest(
            prompt=prompt,
            seed=seed,
            model=self._model.value,
            negative=negative,
            width_px=int(width),
            height_px=int(height),
            loras=self.loras.values,
            embeddings=self.embeddings.used_in(f"{prompt}\n{negative}"),
            **said,
        )
        axes = self.grid.value()
        return GridRequest(base=asked, axes=axes) if axes else asked

    def take(self, fields: dict[str, Any]) -> None:
        """Write what a picture's settings give into the fields."""
        if "model" in fields:
            self._model.set(fields["model"])
        if "negative" in fields:
            self.negative.setPlainText(fields["negative"])
        if "width_px" in fields:
            width_px, height_px = fields["width_px"], fields["height_px"]
            words = f"{width_px} x {height_px} px"
            choose(self.size_choice, f"{width_px}x{height_px}", words)
        self.loras.set(fields.get("loras", ()))
        self.embeddings.take(fields.get("embeddings", ()))
        for part in self._parts:
            part.take(fields)
        self.grid.take(fields)
        self._on_model()

    @property
    def uses(self) -> tuple[str, ...]:
        """What a whole picture can be used as now: "start", "control", "reference"."""
        return ("start", *self.guides.uses)

    def use(self, use: str, png: bytes, name: str) -> None:
        """Take a picture as one of `uses`, and show where it went."""
        if use == "start":
            self.start.picture.take(png, name)
        else:
            self.guides.use(use, png, name)
        self._folds["start" if use == "start" else "guides"].open()

    def _spec(self) -> ModelSpec | None:
        """Return what the library knows of the chosen model."""
        chosen = self._model.chosen
        return next((spec for spec in self._specs if spec.id == chosen), None)

    def _on_model(self) -> None:
        """Offer what suits the chosen model, and hide what it cannot do."""
        model = self._spec()
        specs = [spec for spec in self._specs if spec.kind is Kind.IMAGE]
        self.loras.show_models(suiting(specs, model, Role.LORA))
        self._lora_field.setVisible(not self.loras.empty)
        has_clip = model is None or model.base in WITH_CLIP
        inverted = suiting(specs, model, Role.TEXTUAL_INVERSION) if has_clip else ()
        self.embeddings.show_models(inverted)
        self._embedding_field.setVisible(self.embeddings.offered)
        self.details.show_models(specs, model)
        self.guides.show_models(self._specs, model)
        self.grid.show_models(self._specs, model)
        self._base = model.base if model is not None else ""
        self.finish.suit(OWN_SIDES_PX.get(self._base, SMALL_PX))
        self._on_size()
        self._summarise()

    def _on_size(self, *_event: object) -> None:
        """Tell how large the picture will be where that matters."""
        width, _, height = self.size_choice.value.partition("x")
        size_px = (int(width), int(height))
        if not all(size_px):
            side_px = OWN_SIDES_PX.get(self._base, 0)
            size_px = self.start.picture.size_px if self.start.picture.png else (side_px, side_px)
        self.regions.show_shape(*size_px)
        self.finish.show_size(*size_px)

    def _summarise(self) -> None:
        """Say in each heading what is set below it."""
        for name in ("start", "guides", "regions", "finish", "grid"):
            self._folds[name].say(getattr(self, name).summary)
        self._folds["guides"].setVisible(self.guides.offered)
        self.changed.emit()
