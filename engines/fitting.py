"""Whether a model fits the device, told from its files' headers before anything is loaded.

Each phase of a model's work is weighed as the engines lease it: the same
parts, the same smaller ways, and the working memory that was measured before
or is reckoned. torch is imported only to ask a card.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from engines.api import (
    BadRequest,
    Fit,
    FitRequest,
    ImageRequest,
    Kind,
    ModelMissing,
    ModelRefused,
    ModelSpec,
    MusicRequest,
    Role,
    Run,
    TextRequest,
    Verdict,
)
from engines.catalog import Catalog
from engines.image import card, sizes
from engines.image.cutouts import needs as cutout_needs
from engines.image.flows import sources as flow_sources
from engines.image.flows.flow import FLOWS
from engines.image.weighing import FULL_BYTES, HALF_BYTES, Phase, Weighing, never, part
from engines.memory.lease import Component, Working
from engines.memory.ways import choose
from engines.memory.working import WorkingSets
from engines.music.model import needs as music_needs
from engines.music.model.shape import read_shape as read_music_shape
from engines.services import Services
from engines.text import embedding
from engines.text import needs as text_needs
from engines.text.components import encoder_component, language_component
from engines.text.language_model import read_shape as read_text_shape

_ANY_PROMPT = "A few words."


class FitEngine:
    """Weighs any model of the library."""

    kind: ClassVar[Kind] = Kind.FIT

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog
        self._memory = services.memory

    def run(self, request: FitRequest, run: Run) -> Fit:
        """Say whether a model fits, at its default size.

        Raises:
            BadRequest: no model is named.
            ModelMissing: there is no such model.
            ModelRefused: it may not be loaded, or is no whole model.
        """
        run.step(0, 1, stage="weighing")
        spec = _find(self._catalog, request.model)
        budget_bytes = self._memory.measure().budget_bytes
        phases = self._phases(spec, request.picture, budget_bytes)
        run.step(1, 1, stage="weighing")
        return judge(spec.id, phases, budget_bytes, self._memory.working_sets)

    def _phases(
        self, spec: ModelSpec, picture: ImageRequest | None, budget_bytes: int
    ) -> tuple[Phase, ...]:
        device = self._memory.device
        draws = spec.role in (Role.MODEL, Role.CUTOUT) or spec.architecture in FLOWS
        if not draws and spec.kind is not Kind.TEXT:
            raise ModelRefused(spec.path, f"it is a {spec.role}, not a whole model")
        if spec.kind is Kind.IMAGE:
            return self._of_pictures(spec, picture)
        if spec.kind is Kind.CUTOUT:
            return (_of_cutting(spec, device),)
        if spec.kind is Kind.MUSIC:
            return (_of_music(spec, device, budget_bytes, self._memory.working_sets),)
        if spec.role is Role.TEXT_ENCODER:
            return (_of_meaning(spec, device),)
        return (_of_words(spec, device),)

    def _of_pictures(self, spec: ModelSpec, picture: ImageRequest | None) -> tuple[Phase, ...]:
        """Weigh all phases of a picture, or of one of the model's own size."""
        about, device = card.read(spec), self._memory.device
        if spec.architecture in FLOWS:
            layout = flow_sources.layout(spec, about, self._catalog)
        else:
            layout = sizes.layout(spec, about)
        words: tuple[Component[Any], ...]
        if about.reader:
            reader = self._catalog.get(about.reader, Kind.TEXT)
            words = (part("reader", sizes.part_weights(Path(reader.path)), FULL_BYTES, "cpu"),)
        elif layout.words:
            words = tuple(_image_part(layout, name, device) for name in layout.words)
            words += _tokenizers(layout, device)
        else:
            raise ModelRefused(spec.path, "its text encoder is missing")
        return Weighing(
            request=picture or ImageRequest(prompt=_ANY_PROMPT, seed=0),
            layout=layout,
            about=about,
            catalog=self._catalog,
            words=words,
            place=device,
            width_bytes=lambda name: _width_bytes(layout, name, device),
        ).phases()


def judge(model: str, phases: Iterable[Phase], budget_bytes: int, working_sets: WorkingSets) -> Fit:
    """Compare each phase with the budget, as the memory manager will.

    It fits if every phase does with all of its parts whole; parts of other
    phases leave for it where they must.
    """
    weights: dict[str, int] = {}
    smaller: dict[str, str] = {}
    needed_bytes, fits = 0, True
    for phase in phases:
        working_bytes = working_sets.predict(phase.working)
        whole_bytes = {part.key: part.size_bytes for part in phase.components}
        weights |= whole_bytes
        needed_bytes = max(needed_bytes, working_bytes + sum(whole_bytes.values()))
        ways = choose(phase.components, budget_bytes - working_bytes)
        if ways is None:
            fits = False
            continue
        named = zip(phase.components, ways, strict=True)
        smaller |= {_name_of(part): way.name for part, way in named if way is not None}
    verdict = Verdict.NO if not fits else Verdict.OFFLOAD if smaller else Verdict.FITS
    return Fit(
        model=model,
        verdict=verdict,
        needed_bytes=needed_bytes,
        budget_bytes=budget_bytes,
        load_s=working_sets.load_s(sum(weights.values())),
        how=", ".join(f"{part} by {way}" for part, way in smaller.items()) if fits else "",
    )


def _name_of(part: Component[Any]) -> str:
    """Return "model" of "text:smollm2:model:bfloat16"; names of our own have no colons."""
    return part.key.split(":")[-2:][0]


def _find(catalog: Catalog, model: str) -> ModelSpec:
    """Return the model of that id or path, of whatever kind."""
    if not model:
        raise BadRequest("no model is named")
    for spec in catalog.list():
        if model in (spec.id, spec.path):
            return spec
    try:
        return catalog.check(model)
    except ModelMissing as error:
        raise ModelMissing(model) from error


def _of_words(spec: ModelSpec, device: str) -> Phase:
    """Weigh an answer of the default length."""
    shape = read_text_shape(Path(spec.path))
    request = TextRequest(model=spec.id, prompt=_ANY_PROMPT, seed=0)
    tokens = text_needs.most_tokens(request, shape)
    return Phase(
        components=(language_component(spec, device),),
        working=text_needs.writing(spec.id, shape, tokens, 1),
    )


def _of_meaning(spec: ModelSpec, device: str) -> Phase:
    """Weigh a sentence encoder at work on a batch of texts."""
    working = Working(
        operation="text.compare", estimate_bytes=embedding.WORKING_BYTES, model=spec.id
    )
    return Phase(components=(encoder_component(spec, device),), working=working)


def _of_cutting(spec: ModelSpec, device: str) -> Phase:
    """Weigh a network that cuts subjects out, at work on a picture of a usual size."""
    network = Component(
        key=f"cutout:{spec.id}",
        size_bytes=cutout_needs.weights_bytes(spec, device),
        load=never,
    )
    return Phase(components=(network,), working=cutout_needs.looking(spec, device))


def _of_music(spec: ModelSpec, device: str, budget_bytes: int, working_sets: WorkingSets) -> Phase:
    """Weigh a window of the default number of candidates.

    Where a card has no room for it, music is written on the processor.
    """
    shape = read_music_shape(Path(spec.path))
    width_bytes = FULL_BYTES if device == "cpu" else HALF_BYTES
    working = music_needs.composing(spec.id, shape, MusicRequest(seed=0).candidates)
    size_bytes = music_needs.weights_bytes(spec, shape, width_bytes)
    if device != "cpu" and size_bytes + working_sets.predict(working) > budget_bytes:
        size_bytes, working = 0, music_needs.composing_beside_the_card(spec.id)
    model: Component[Any] = Component(key="model", size_bytes=size_bytes, load=never)
    return Phase(components=(model,), working=working)


def _image_part(layout: sizes.Layout, name: str, device: str) -> Component[Any]:
    if name in layout.packed:
        return Component(key=name, size_bytes=layout.packed[name], load=never)
    return part(name, layout.weights[name], _width_bytes(layout, name, device), device)


def _width_bytes(layout: sizes.Layout, name: str, device: str) -> int:
    """Return the bytes of a weight; an autoencoder may have to be precise on a card."""
    if device == "cpu":
        return FULL_BYTES
    from engines.image import residence

    settings = layout.settings(name) if name in ("unet", "vae") else {}
    return residence.precision(name, device, settings).itemsize


def _tokenizers(layout: sizes.Layout, device: str) -> tuple[Component[Any], ...]:
    size_bytes = sizes.TOKENIZER_BYTES if device == "cpu" else 0
    return tuple(
        Component(key=flow_sources.tokenizer_of(encoder), size_bytes=size_bytes, load=never)
        for encoder in layout.words
    )
