"""The parts that a transformer's file lacks, found among the user's other models.

Each is looked for by what it is and by its width: in files and folders of
text encoders and autoencoders, and in whole folders of the same family.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.api import ModelSpec, Role
from engines.catalog import Catalog
from engines.formats.json_reader import read_object
from engines.formats.safetensors import read_header
from engines.image.flows.flow import FLOWS, FLUX, SD3
from engines.image.sizes import has_settings

ENCODERS = {
    SD3: {"text_encoder": "clip-l", "text_encoder_2": "clip-g", "text_encoder_3": "t5"},
    FLUX: {"text_encoder": "clip-l", "text_encoder_2": "t5"},
}
"""What reads prompts in each family, and what it is."""

IN_FILE = {
    "clip-l": "text_encoders.clip_l.transformer.",
    "clip-g": "text_encoders.clip_g.transformer.",
    "t5": "text_encoders.t5xxl.transformer.",
}
"""How the names of its tensors begin in a file with more than one part."""

NAMES = {
    "clip-l": "the text encoder CLIP-L (clip_l.safetensors)",
    "clip-g": "the text encoder CLIP-G (clip_g.safetensors)",
    "t5": "the text encoder T5-XXL (t5xxl_fp16.safetensors, or its folder)",
}

VAE_NAMES = {
    SD3: "the VAE of Stable Diffusion 3 (sd3_vae.safetensors, or a folder of that family)",
    FLUX: "the VAE of Flux (ae.safetensors, or a folder of that family)",
}
T5_WORDS = "the words of T5: the file tokenizer.json, in the folder of the T5 text encoder"

_MARKS = {
    SD3: ("sd3", "sd-3", "sd_3", "stable-diffusion-3", "stable-diffusion-v3"),
    FLUX: ("flux",),
}
"""What in the words of a file says whose autoencoder it is: both have the same layers."""

_NAMES = {"ae": FLUX}
"""Names of published files that say no more."""

_SCALES = {SD3: 1.5305, FLUX: 0.3611}
"""By what latents are multiplied, in the configuration of a folder."""

VAE_CHANNELS = 16

_WIDTHS = (
    "text_model.embeddings.token_embedding.weight",
    "transformer.text_model.embeddings.token_embedding.weight",
    "embeddings.token_embedding.weight",
    "shared.weight",
    "encoder.embed_tokens.weight",
)
_TOKENIZER, _T5_KIND = "tokenizer.json", b'"Unigram"'
MOST_WORDS_BYTES = 2**25


@dataclass(frozen=True, slots=True)
class Shelf:
    """The user's models, as a model of one family looks at them."""

    flow: str
    specs: tuple[ModelSpec, ...]

    def encoder(self, what: str, width: int) -> ModelSpec | None:
        """Find a file or a folder that is a text encoder of that kind and width."""
        kind = what.partition("-")[0]
        for spec in self.specs:
            fits = spec.role is Role.TEXT_ENCODER and spec.architecture.startswith(kind)
            readable = fits and spec.format in ("safetensors", "transformers")
            if readable and encoder_width(Path(spec.path)) == width:
                return spec
        return None

    def folder_with(self, part: str) -> ModelSpec | None:
        """Find a whole folder of the same family with a part in it."""
        for spec in self.specs:
            same = FLOWS.get(spec.architecture) == self.flow and spec.role is Role.MODEL
            if same and has_settings(Path(spec.path) / part):
                return spec
        return None

    def vae(self) -> ModelSpec | None:
        """Find an autoencoder of 16 channels of this family, else one that does not say."""
        silent = None
        for spec in self.specs:
            known = spec.architecture == "vae" and spec.channels == VAE_CHANNELS
            if spec.role is Role.VAE and known and spec.format in ("safetensors", "diffusers"):
                family = vae_family(spec)
                if family == self.flow:
                    return spec
                silent = silent or (None if family else spec)
        return silent

    def t5_words(self, encoder: Path) -> Path | None:
        """Find the folder with the words of T5, first where the encoder lies."""
        encoders = [Path(spec.path) for spec in self.specs if _is_t5(spec)]
        places = [path if path.is_dir() else path.parent for path in (encoder, *encoders)]
        for spec in self.specs:
            flow = FLOWS.get(spec.architecture)
            if flow and Path(spec.path).is_dir():
                name = "tokenizer_3" if flow == SD3 else "tokenizer_2"
                places.append(Path(spec.path) / name)
        return next((place for place in places if _has_t5_words(place)), None)


def shelf(flow: str, catalog: Catalog) -> Shelf:
    """Look at what is in the library now."""
    return Shelf(flow, catalog.list())


def vae_family(spec: ModelSpec) -> str:
    """Return whose autoencoder of 16 channels it is, or nothing if it does not say.

    A folder's configuration tells it; else what a file says of itself, its
    name, and the name of the folder that it lies in.
    """
    path = Path(spec.path)
    if path.is_dir():
        scale = read_object(path / "config.json").get("scaling_factor")
        return next((flow for flow, known in _SCALES.items() if scale == known), "")
    about = read_header(path).metadata
    stated = " ".join(about.get(f"modelspec.{name}", "") for name in ("architecture", "title"))
    for words in (stated.lower(), path.stem.lower(), path.parent.name.lower()):
        told = {flow for flow, marks in _MARKS.items() if any(mark in words for mark in marks)}
        if len(told) == 1:
            return told.pop()
        if words in _NAMES:
            return _NAMES[words]
    return ""


def encoder_width(path: Path) -> int:
    """Return how wide the states of a text encoder are, or 0 if it does not say."""
    if path.is_dir():
        config = read_object(path / "config.json")
        return int(config.get("d_model") or config.get("hidden_size") or 0)
    tensors = read_header(path).tensors
    found = (tensors[name].shape[1] for name in _WIDTHS if name in tensors)
    return next(found, 0)


def _is_t5(spec: ModelSpec) -> bool:
    return spec.role is Role.TEXT_ENCODER and spec.architecture.startswith("t5")


def _has_t5_words(folder: Path) -> bool:
    """Say whether a folder's tokenizer is of T5's kind; a language model's may lie there."""
    path = folder / _TOKENIZER
    try:
        if not path.is_file() or path.stat().st_size > MOST_WORDS_BYTES:
            return False
        return _T5_KIND in path.read_bytes()
    except OSError:
        return False
