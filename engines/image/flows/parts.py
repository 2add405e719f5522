"""The components of a Stable Diffusion 3 or Flux, each leased by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engines.api import ModelRefused, ModelSpec
from engines.catalog import Catalog
from engines.formats.json_reader import read_object
from engines.image import loading, residence
from engines.image.card import Card
from engines.image.flows import shapes as flow_shapes
from engines.image.flows import sources as flow_sources
from engines.image.flows import weights as flow_weights
from engines.image.flows.flow import CHANNELS, FLUX, SD3
from engines.image.flows.library import ENCODERS, vae_family
from engines.image.flows.sources import T5, TRANSFORMER, VAE, Source, Sources, tokenizer_of
from engines.image.flows.weights import TRANSFORMERS, Place
from engines.image.parts import Parts, key
from engines.image.sizes import TOKENIZER_BYTES, default_side_px
from engines.image.words import clip_words
from engines.memory.lease import Component

READERS = {
    SD3: {"clip-l": "CLIPTextModelWithProjection", "clip-g": "CLIPTextModelWithProjection"},
    FLUX: {"clip-l": "CLIPTextModel"},
}
"""The only class that each CLIP of a family may be."""

T5_READER, T5_WORDS, CLIP_WORDS = "T5EncoderModel", "T5Tokenizer", "CLIPTokenizer"

FILLS = {"clip-l": clip_words.END, "clip-g": clip_words.NOTHING}
"""What each CLIP's tokenizer fills a short prompt up with."""

SCHNELL = {"shift": 1.0, "use_dynamic_shifting": False}
"""How the distilled Flux differs from its family in the settings of its sampler."""


def parts_of(spec: ModelSpec, about: Card, catalog: Catalog, device: str) -> Parts:
    """Return the parts of a model, without loading any.

    Args:
        about: What its card says.
        device: Where they will lie, "cpu" or "cuda".

    Raises:
        ModelRefused: it cannot be drawn with.
        ModelMissing: a part is neither in it nor in the library.
    """
    sources = flow_sources.find(spec, catalog)
    return Parts(
        model=spec.id,
        config=sources.config,
        words=_words(sources, device),
        unet=_part(sources, TRANSFORMER, TRANSFORMERS[sources.flow], device),
        vae=_part(sources, VAE, loading.MODELS[VAE], device),
        scheduler=_settings(spec, sources),
        side_px=about.side_px or default_side_px(sources.config),
        channels=CHANNELS[sources.flow],
        preview=about.preview,
        flow=sources.flow,
        takes_no_guidance=spec.architecture.endswith("schnell"),
        notices=_notices(sources),
    )


def _notices(sources: Sources) -> tuple[str, ...]:
    """Say what is not there, or was taken on trust."""
    found = []
    if sources.flow == SD3 and "text_encoder_3" not in sources.parts:
        found.append(
            "the prompt was read without T5, which is not in the library: long prompts and "
            "lettering come out less well"
        )
    vae = sources.parts[VAE].spec
    if vae.architecture == "vae" and not vae_family(vae):
        name = Path(vae.path).name
        found.append(f"{name} does not say which family's VAE it is, and was taken for this one's")
    return tuple(found)


def _settings(spec: ModelSpec, sources: Sources) -> dict[str, Any]:
    """Return the settings of the sampler: a folder's own, or the family's."""
    settings = loading.scheduler_config(sources.config)
    shipped = sources.config != Path(spec.path)
    return settings | (SCHNELL if shipped and spec.architecture.endswith("schnell") else {})


def _part(sources: Sources, name: str, class_name: str, device: str) -> Component[Any]:
    """Return the component of one part with weights."""
    source = sources.parts[name]
    if source.place.is_dir():
        return loading.part(source.spec, source.place, name, class_name, device)
    settings = read_object(sources.config / name / "config.json")
    precision = residence.precision(name, device, settings)
    make = _maker(sources, source, name, class_name, precision)
    load = flow_weights.loader(Place(source.place, source.prefix), make, name)
    label = key(loading.name_of(source.spec), f"{sources.flow}-{name}", precision)
    if source.is_packed:
        return Component(key=label, size_bytes=source.spec.size_bytes, load=load)
    return residence.component(
        label,
        source.weights,
        precision,
        load,
        device,
        exact=name == VAE,  # its pictures would show what 8 bits lose
    )


def _maker(
    sources: Sources, source: Source, name: str, class_name: str, precision: Any
) -> Callable[[dict[str, Any]], Any]:
    """Return what makes a part of the weights of a file."""
    if name == VAE:
        return flow_weights.vae(sources.config, precision)
    if name != TRANSFORMER:
        return flow_weights.encoder(sources.config / name, class_name, precision)
    try:
        settings = flow_shapes.settings(sources.flow, sources.tensors)
    except (LookupError, ValueError) as error:
        reason = "its layers are not those of its family"
        raise ModelRefused(str(source.place), reason) from error
    return flow_weights.transformer(sources.flow, sources.config, settings, precision)


def _words(sources: Sources, device: str) -> dict[str, Component[Any]]:
    """Return the text encoders and their tokenizers."""
    found: dict[str, Component[Any]] = {}
    for name, source in sources.words.items():
        what = ENCODERS[sources.flow][name]
        class_name = T5_READER if what == T5 else READERS[sources.flow][what]
        found[name] = _part(sources, name, class_name, device)
        found[tokenizer_of(name)] = _tokenizer(source, what, device)
    return found


def _tokenizer(source: Source, what: str, device: str) -> Component[Any]:
    """Return a tokenizer: of a folder, or CLIP's own."""
    if source.tokenizer is not None:
        load = loading.tokenizer_loader(source.tokenizer, T5_WORDS if what == T5 else CLIP_WORDS)
        label = f"image:{source.tokenizer}:{what}:words"
    else:
        load = _own_words(FILLS[what])
        label = f"image:clip:{what}:words"
    size_bytes = residence.in_main_memory(TOKENIZER_BYTES, device)
    return Component(key=label, size_bytes=size_bytes, load=load)


def _own_words(fill: str) -> Callable[[str], Any]:
    return lambda _device: clip_words.tokenizer(fill)
