"""How the model draws: steps, sampler, guidance, variations, CLIP's last layer, its VAE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.document.picture_metadata.samplers import FAMILIAR, FLOW, MATCHING
from desktop.panels.controls import Amount, Choice, Count, SeedField, field, pair
from desktop.panels.painting.parts import WITH_CLIP, choose, listed, suiting
from engines.api import ModelSpec, Role

OWN_SAMPLER = ("", "The model's own")
FOR_A_FLOW = ("flux", "stable-diffusion-3")
STARTER = "triptych-image"
OWN_VAE = ("", "The model's own")
DEEPEST_SKIP = 11
HIGHEST_GUIDANCE = 30.0


def samplers_of(model: ModelSpec | None) -> list[tuple[str, str]]:
    """Return the samplers that a model can use, as (value, words)."""
    names = tuple(FAMILIAR)
    if model is not None and model.base in FOR_A_FLOW:
        names = MATCHING
    elif model is not None and (model.prediction == "flow" or model.architecture == STARTER):
        names = FLOW
    return [(name, FAMILIAR[name]) for name in names]


class DetailFields(QWidget):
    """What few pictures need, and some need badly."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = Count(0, 500, 0, auto="Model's own")
        self.count = Count(1, 16, 1)
        self.guidance = Amount(0.0, HIGHEST_GUIDANCE, 0.0, step=0.1, digits=1)
        self.sampler = Choice((OWN_SAMPLER, *samplers_of(None)))
        self.variation = Amount(0.0, 1.0, 0.0, step=0.01)
        self.variation.setToolTip("Keeps the seed's picture and mixes another seed's into it")
        self.variation_seed = SeedField()
        self.clip_skip = Count(0, DEEPEST_SKIP, 0, auto="None")
        self.clip_skip.setToolTip("How many layers are left out; other tools' “2” is 1 here")
        self.vae = Choice((OWN_VAE,))
        self._seed_field = field("Seed of the variation", self.variation_seed)
        self._clip_field = field("CLIP layers skipped", self.clip_skip)
        self._vae_field = field("VAE", self.vae)
        self._is_clip = False
        self._has_vaes = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(pair(field("Steps", self.steps), field("How many", self.count)))
        column.addWidget(field("Sampler", self.sampler))
        column.addWidget(field("Guidance (0: the model's own)", self.guidance))
        column.addWidget(field("Variation of the seed's picture", self.variation))
        column.addWidget(self._seed_field)
        column.addWidget(self._clip_field)
        column.addWidget(self._vae_field)
        self.variation.changed.connect(self._show)
        self._show()

    def show_models(self, specs: Sequence[ModelSpec], model: ModelSpec | None) -> None:
        """Offer what of the library suits a model."""
        vaes = [x for x in suiting(specs, model, Role.VAE) if x.architecture != "taesd"]
        self.vae.refill([OWN_VAE, *listed(vaes)])
        self._has_vaes = bool(vaes)
        self.sampler.refill((OWN_SAMPLER, *samplers_of(model)))
        self._is_clip = model is not None and model.base in WITH_CLIP
        self._show()

    def fields(self) -> dict[str, Any]:
        """Return the fields of a request that stand here."""
        varied = self.variation.value > 0
        return {
            "steps": self.steps.value(),
            "guidance": self.guidance.value or -1.0,
            "sampler": self.sampler.value,
            "count": self.count.value(),
            "variation": self.variation.value,
            "variation_seed": self.variation_seed.take() if varied else 0,
            "clip_skip": self.clip_skip.value(),
            "vae": self.vae.value,
        }

    def take(self, fields: dict[str, Any]) -> None:
        """Show the fields of a request; steps and guidance stay unless they are said."""
        if "steps" in fields:
            self.steps.setValue(fields["steps"])
        if "guidance" in fields:
            self.guidance.set(max(0.0, fields["guidance"]))
        sampler = fields.get("sampler", "")
        choose(self.sampler, sampler, FAMILIAR.get(sampler, sampler))
        self.count.setValue(1)
        self.variation.set(fields.get("variation", 0.0))
        if fields.get("variation"):
            self.variation_seed.keep(fields.get("variation_seed", 0))
        self.clip_skip.setValue(fields.get("clip_skip", 0))
        choose(self.vae, fields.get("vae", ""))
        self._show()

    def _show(self, *_: object) -> None:
        """Show what the model can, and what is set."""
        self._seed_field.setVisible(self.variation.value > 0)
        self._clip_field.setVisible(self._is_clip or self.clip_skip.value() > 0)
        self._vae_field.setVisible(self._has_vaes or bool(self.vae.value))
