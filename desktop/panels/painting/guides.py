"""Pictures that guide: controls (ControlNet, T2I adapter) and references (IP-Adapter)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.panels.controls import Amount, Choice, field, pair
from desktop.panels.painting.parts import choose, listed, suiting
from desktop.panels.painting.picture import PictureField
from desktop.panels.painting.rows import Cards
from desktop.panels.painting.sources import Sources
from desktop.panels.painting.tracing import Traced
from engines.api import PREPROCESSORS, BadRequest, ControlUse, ModelSpec, ReferenceUse, Role

MOST = 4
STRONGEST = 2.0
MAKINGS = {
    "": "The picture as it is",
    "canny": "Its edges (canny)",
    "lineart": "Its lines (lineart)",
    "scribble": "A scribble of it",
    "tile": "Its colours, blurred (tile)",
    "depth": "Its depth",
}
LOOK_WEIGHT = 0.6


class ControlCard(QWidget):
    """One control: model, picture, what is made of it, weight, from when until when."""

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self.depths: tuple[ModelSpec, ...] = ()
        self.model = Choice()
        self.picture = PictureField(sources, "Drop a picture here")
        self.making = Choice(tuple((name, MAKINGS[name]) for name in PREPROCESSORS))
        self.weight = Amount(0.0, STRONGEST, 1.0, step=0.05)
        self.start = Amount(0.0, 1.0, 0.0, step=0.05)
        self.end = Amount(0.0, 1.0, 1.0, step=0.05)
        self.depth_model = Choice()
        self._depth_field = field("Depth model", self.depth_model)
        self.traced = Traced(sources.session)
        _stack(
            self,
            field("Model", self.model),
            self.picture,
            field("Guided by", self.making),
            self._depth_field,
            self.traced,
            field("Weight", self.weight),
        ).addLayout(pair(field("From", self.start), field("Until", self.end)))
        for amount in (self.start, self.end):
            amount.setToolTip("A share of the steps: 0 is the first, 1 the last")
        self.making.currentIndexChanged.connect(self._show_depth)
        self.depth_model.currentIndexChanged.connect(self._trace)
        self.picture.changed.connect(self._trace)
        self.model.activated.connect(self.suggest)

    def value(self) -> ControlUse:
        """Return the control.

        Raises:
            BadRequest: it lacks its model or its picture, or ends before it begins.
        """
        if not self.model.value or not self.picture.png:
            raise BadRequest("a control needs a model and a picture")
        if self.end.value < self.start.value:
            raise BadRequest("a control ends before it begins")
        return ControlUse(
            path=self.model.value,
            picture=self.picture.png,
            preprocessor=self.making.value,
            weight=self.weight.value,
            start=self.start.value,
            end=self.end.value,
            depth_model=self.depth_model.value if self.making.value == "depth" else "",
        )

    def take(self, use: ControlUse) -> None:
        choose(self.model, use.path)
        choose(self.depth_model, use.depth_model)
        self.picture.take(use.picture)
        choose(self.making, use.preprocessor, MAKINGS[use.preprocessor])
        self.weight.set(use.weight)
        self.start.set(use.start)
        self.end.set(use.end)
        self._show_depth()

    def offer(self, models: Sequence[ModelSpec], depths: Sequence[ModelSpec]) -> None:
        """Offer the models that suit; depth only with a model for it."""
        self.model.refill(listed(models))
        self.depth_model.refill(listed(depths))
        names = (x for x in PREPROCESSORS if x != "depth" or depths)
        self.making.refill([(name, MAKINGS[name]) for name in names])
        self._show_depth()

    def suggest(self, *_: object) -> None:
        """Choose what a model's name says it is guided by."""
        name = self.model.currentText().lower()
        self.making.set(next((x for x in PREPROCESSORS if x and x in name), ""))

    def _show_depth(self, *_: object) -> None:
        self._depth_field.setVisible(self.making.value == "depth" and self.depth_model.count() > 1)
        self._trace()

    def _trace(self, *_: object) -> None:
        depth = self.making.value == "depth"
        self.traced.want(
            self.picture.png, self.making.value, self.depth_model.value if depth else ""
        )


class ReferenceCard(QWidget):
    """One reference: a picture whose look is taken over."""

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self._encoder = ""
        self.model = Choice()
        self.picture = PictureField(sources, "Drop a picture here")
        self.weight = Amount(0.0, STRONGEST, LOOK_WEIGHT, step=0.05)
        _stack(self, field("Model", self.model), self.picture, field("Weight", self.weight))

    def value(self) -> ReferenceUse:
        """Return the reference.

        Raises:
            BadRequest: it lacks its model or its picture.
        """
        if not self.model.value or not self.picture.png:
            raise BadRequest("a reference needs a model and a picture")
        return ReferenceUse(
            path=self.model.value,
            picture=self.picture.png,
            weight=self.weight.value,
            encoder=self._encoder,
        )

    def take(self, use: ReferenceUse) -> None:
        choose(self.model, use.path)
        self.picture.take(use.picture)
        self.weight.set(use.weight)
        self._encoder = use.encoder

    def offer(self, models: Sequence[ModelSpec]) -> None:
        self.model.refill(listed(models))


class GuideFields(QWidget):
    """All controls and references."""

    changed = Signal()

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self._controls: tuple[ModelSpec, ...] = ()
        self._depths: tuple[ModelSpec, ...] = ()
        self._looks: tuple[ModelSpec, ...] = ()
        self.controls: Cards[ControlCard] = Cards(
            "Add a control: keep lines, edges, depth", "Control", lambda: self._control(), MOST
        )
        self.references: Cards[ReferenceCard] = Cards(
            "Add a reference: take over a look", "Reference", lambda: self._reference(), MOST
        )
        self._sources = sources
        _stack(self, self.controls.widget, self.references.widget)
        self.controls.changed.connect(self.changed)
        self.references.changed.connect(self.changed)

    @property
    def offered(self) -> bool:
        """Whether there is a model for it, or something in use."""
        in_use = self.controls.cards or self.references.cards
        return bool(in_use or self._controls or self._looks)

    @property
    def summary(self) -> str:
        count = len(self.controls.cards) + len(self.references.cards)
        return str(count) if count else ""

    def show_models(self, specs: Sequence[ModelSpec], model: ModelSpec | None) -> None:
        """Offer what of the library suits a model."""
        self._controls = suiting(specs, model, Role.CONTROLNET, Role.T2I_ADAPTER)
        self._looks = suiting(specs, model, Role.IP_ADAPTER)
        self._depths = tuple(spec for spec in specs if spec.role is Role.DEPTH)
        for control in self.controls.cards:
            control.offer(self._controls, self._depths)
        for reference in self.references.cards:
            reference.offer(self._looks)
        self.controls.widget.setVisible(bool(self._controls or self.controls.cards))
        self.references.widget.setVisible(bool(self._looks or self.references.cards))

    @property
    def uses(self) -> tuple[str, ...]:
        """What one more picture can be here: "control", "reference", if there is a model."""
        kinds = (
            ("control", self._controls, self.controls),
            ("reference", self._looks, self.references),
        )
        return tuple(name for name, models, cards in kinds if models and len(cards.cards) < MOST)

    def use(self, use: str, png: bytes, name: str) -> None:
        """Add a control or a reference with a picture."""
        cards: Cards[ControlCard] | Cards[ReferenceCard]
        cards = self.controls if use == "control" else self.references
        cards.add().picture.take(png, name)

    def fields(self) -> dict[str, Any]:
        """Return the fields of a request that stand here.

        Raises:
            BadRequest: a control or reference lacks something.
        """
        return {
            "controls": tuple(card.value() for card in self.controls.cards),
            "references": tuple(card.value() for card in self.references.cards),
        }

    def take(self, fields: dict[str, Any]) -> None:
        """Show the fields of a request."""
        self.controls.clear()
        self.references.clear()
        for use in fields.get("controls", ()):
            self.controls.add().take(use)
        for look in fields.get("references", ()):
            self.references.add().take(look)
        self.controls.widget.setVisible(bool(self._controls or self.controls.cards))
        self.references.widget.setVisible(bool(self._looks or self.references.cards))

    def _control(self) -> ControlCard:
        card = ControlCard(self._sources)
        card.offer(self._controls, self._depths)
        card.suggest()
        return card

    def _reference(self) -> ReferenceCard:
        card = ReferenceCard(self._sources)
        card.offer(self._looks)
        return card


def _stack(widget: QWidget, *rows: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for line in rows:
        column.addWidget(line)
    return column
