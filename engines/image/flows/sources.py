"""Where each part of a Stable Diffusion 3 or Flux comes from, and how large it is.

A diffusers folder brings everything. A file may bring all, or the transformer
alone: then what reads prompts and the autoencoder come from the library.
torch is not imported, so that a model can be weighed before it is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines.api import ModelMissing, ModelRefused, ModelSpec, Role
from engines.catalog import Catalog
from engines.formats import gguf
from engines.formats.json_reader import read_object
from engines.formats.safetensors import Tensor, read_header
from engines.image.card import Card
from engines.image.flows.flow import CHANNELS, FLOWS, SD3
from engines.image.flows.library import ENCODERS, IN_FILE, NAMES, T5_WORDS, VAE_NAMES, Shelf, shelf
from engines.image.sizes import (
    UNET_PREFIX,
    VAE_PREFIXES,
    Layout,
    default_side_px,
    flow_family,
    has_settings,
    part_weights,
    weights_of,
)
from engines.memory.weights.footprints import Footprint, footprint

TRANSFORMER, VAE, T5 = "transformer", "vae", "t5"


def tokenizer_of(encoder: str) -> str:
    """Return the name of the tokenizer that goes with a text encoder."""
    return encoder.replace("text_encoder", "tokenizer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one part lies.

    Attributes:
        spec: Whose files it is of.
        place: Its own folder, or a file with the weights whose names begin with `prefix`.
        weights: How large it is.
        tokenizer: The folder of the words that a text encoder reads, if it is not our own.
    """

    spec: ModelSpec
    place: Path
    weights: Footprint
    prefix: str = ""
    tokenizer: Path | None = None

    @property
    def is_packed(self) -> bool:
        """Its weights are packed, and stay so until they are worked with."""
        return self.spec.format == "gguf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """All parts of a model, by diffusers' names for them.

    Attributes:
        config: The folder with the configuration of each part.
        tensors: The header of a file that brings the transformer.
    """

    flow: str
    config: Path
    parts: Mapping[str, Source]
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, Source]:
        """What reads prompts."""
        return {name: self.parts[name] for name in ENCODERS[self.flow] if name in self.parts}


def find(spec: ModelSpec, catalog: Catalog) -> Sources:
    """Find all parts of a model.

    Raises:
        ModelRefused: it cannot be drawn with.
        ModelMissing: parts are neither in it nor in the library; all of them are named.
    """
    flow = FLOWS[spec.architecture]
    if spec.role is Role.MODEL and Path(spec.path).is_dir():
        return _in_folder(spec, flow)
    _check_channels(spec, flow, spec.channels)
    return _Search(spec, _tensors(spec), flow_family(spec), shelf(flow, catalog)).all()


def layout(spec: ModelSpec, about: Card, catalog: Catalog) -> Layout:
    """Weigh all parts of a model; what draws is called "unet", whatever it is.

    Raises:
        ModelRefused, ModelMissing: as `find`.
    """
    sources = find(spec, catalog)
    named = {"unet" if name == TRANSFORMER else name: s for name, s in sources.parts.items()}
    return Layout(
        model=spec.id,
        config=sources.config,
        side_px=about.side_px or default_side_px(sources.config),
        weights={name: source.weights for name, source in named.items()},
        packed={name: s.spec.size_bytes for name, s in named.items() if s.is_packed},
        flow=sources.flow,
    )


def _in_folder(spec: ModelSpec, flow: str) -> Sources:
    """Take all parts of a diffusers folder."""
    folder = Path(spec.path)
    _check_channels(
        spec, flow, read_object(folder / TRANSFORMER / "config.json").get("in_channels")
    )
    parts = {}
    for name in (TRANSFORMER, VAE, *ENCODERS[flow]):
        found = _of_folder(spec, name)
        if found is not None:
            parts[name] = found
        elif not _is_optional(flow, name):
            raise ModelRefused(spec.path, f"its {name} is missing, or the words that go with it")
    return Sources(flow=flow, config=folder, parts=parts)


def _of_folder(spec: ModelSpec, name: str) -> Source | None:
    """Take one part of a diffusers folder, a text encoder only with its tokenizer."""
    folder = Path(spec.path)
    words = folder / tokenizer_of(name) if name.startswith("text_encoder") else None
    if not has_settings(folder / name) or (words is not None and not words.is_dir()):
        return None
    place = folder / name
    return Source(spec=spec, place=place, weights=part_weights(place), tokenizer=words)


@dataclass(frozen=True, slots=True)
class _Search:
    """Puts a model together from a transformer and what else there is."""

    spec: ModelSpec
    tensors: Mapping[str, Tensor]
    config: Path
    shelf: Shelf
    lacking: list[str] = field(default_factory=list)

    def all(self) -> Sources:
        """Find everything, and say at once all that is missing."""
        flow = self.shelf.flow
        found = {TRANSFORMER: self._transformer(), VAE: self._vae()}
        found |= {name: self._encoder(name, what) for name, what in ENCODERS[flow].items()}
        if self.lacking:
            raise ModelMissing(Path(self.spec.path).name, tuple(self.lacking))
        parts = {name: source for name, source in found.items() if source is not None}
        return Sources(flow=flow, config=self.config, parts=parts, tensors=self.tensors)

    def _transformer(self) -> Source:
        path = Path(self.spec.path)
        if path.is_dir():
            return Source(spec=self.spec, place=path, weights=part_weights(path))
        return self._inside((UNET_PREFIX,)) or Source(
            spec=self.spec, place=path, weights=footprint(self.tensors)
        )

    def _vae(self) -> Source | None:
        inside = self._inside(VAE_PREFIXES)
        if inside is not None:
            return inside
        folder = self.shelf.folder_with(VAE)
        if folder is not None:
            return _of_folder(folder, VAE)
        found = self.shelf.vae()
        if found is None:
            self.lacking.append(VAE_NAMES[self.shelf.flow])
            return None
        path = Path(found.path)
        return Source(spec=found, place=path, weights=_weights(path))

    def _encoder(self, name: str, what: str) -> Source | None:
        """Find a text encoder and its tokenizer; one that is not needed may be None."""
        settings = read_object(self.config / name / "config.json")
        width = int(settings.get("d_model") or settings.get("hidden_size") or 0)
        inside = self._inside((IN_FILE[what],))
        spec = self.spec if inside else self.shelf.encoder(what, width)
        if spec is None:
            return self._encoder_of_folder(name, what)
        path = Path(spec.path)
        words = self.shelf.t5_words(path) if what == T5 else None
        if what == T5 and words is None:
            self._lacks(name, T5_WORDS)
            return None
        weights = inside.weights if inside else _weights(path)
        prefix = inside.prefix if inside else ""
        return Source(spec=spec, place=path, weights=weights, prefix=prefix, tokenizer=words)

    def _encoder_of_folder(self, name: str, what: str) -> Source | None:
        """Take a text encoder out of a whole folder of the same family."""
        spec = self.shelf.folder_with(name)
        found = _of_folder(spec, name) if spec is not None else None
        if found is None:
            self._lacks(name, NAMES[what])
        return found

    def _lacks(self, name: str, what: str) -> None:
        if not _is_optional(self.shelf.flow, name):
            self.lacking.append(what)

    def _inside(self, prefixes: tuple[str, ...]) -> Source | None:
        """Take a part of the model's own file, if its names begin with one of the prefixes."""
        for prefix in prefixes:
            below = {name: t for name, t in self.tensors.items() if name.startswith(prefix)}
            if below:
                weights, path = footprint(below), Path(self.spec.path)
                return Source(spec=self.spec, place=path, weights=weights, prefix=prefix)
        return None


def _is_optional(flow: str, name: str) -> bool:
    """Say whether a family reads prompts without a part: the first does without T5, less well."""
    return flow == SD3 and ENCODERS[SD3].get(name) == T5


def _weights(path: Path) -> Footprint:
    return part_weights(path) if path.is_dir() else weights_of(path)


def _tensors(spec: ModelSpec) -> Mapping[str, Tensor]:
    """Read the header of a file; a folder's transformer needs none.

    Raises:
        ModelRefused: its weights are stored in a way that diffusers does not read.
    """
    path = Path(spec.path)
    if path.is_dir():
        return {}
    tensors = gguf.read_header(path).tensors if spec.format == "gguf" else read_header(path).tensors
    if any(name.endswith((".scale_weight", ".weight_scale", "scaled_fp8")) for name in tensors):
        raise ModelRefused(
            spec.path,
            "its weights are stored in scaled 8 bits, which are not read here; a file in 16 bits, "
            "in plain 8 bits or in GGUF is",
        )
    return tensors


def _check_channels(spec: ModelSpec, flow: str, channels: object) -> None:
    """Refuse a transformer that takes more than latents.

    Raises:
        ModelRefused: it was made to fill in, or to follow a depth or an edge picture.
    """
    if channels != CHANNELS[flow]:
        raise ModelRefused(
            spec.path,
            f"its transformer takes {channels} channels, so it does not draw from words alone; "
            f"only those that take {CHANNELS[flow]} are used here",
        )
