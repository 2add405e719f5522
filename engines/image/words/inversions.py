"""Textual inversions: words that CLIP does not know, learnt as vectors of its own.

Gal and others 2022, arXiv:2208.01618. A file holds one tensor (`emb_params`
of the web UI, or a tensor under the word itself, of diffusers), or `clip_l`
and `clip_g` for the two text encoders of SDXL. A prompt calls it by the stem
of the file's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engines.api import BadRequest, ModelRefused, ModelSpec, Role
from engines.catalog import Catalog
from engines.formats.safetensors import read_header
from engines.image import residence
from engines.image.loading import name_of
from engines.image.parts import Parts, key
from engines.memory.lease import Component

MOST_VECTORS = 512
MOST_VALUE = 1e4
"""The numbers of learnt words lie below one; such a large one makes no picture."""

NUMBERS = {"F16", "BF16", "F32", "F64"}
OF_XL = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inversion:
    """One learnt word, in small letters, and its vectors, (vectors, width), by text encoder."""

    word: str
    vectors: Mapping[str, Tensor]


def components(
    paths: Sequence[str], catalog: Catalog, parts: Parts, device: str
) -> tuple[Component[Inversion], ...]:
    """Return the components of a request's textual inversions; they stay in main memory.

    Raises:
        ModelMissing: there is no such file.
        ModelRefused: one does not fit the model, or is none.
        BadRequest: two have the same name.
    """
    specs = [catalog.check(path) for path in paths]
    words = [_word(spec) for spec in specs]
    for word in words:
        if words.count(word) > 1:
            raise BadRequest(f"two textual inversions are called {word!r}")
    return tuple(_component(spec, parts, device) for spec in specs)


def _component(spec: ModelSpec, parts: Parts, device: str) -> Component[Inversion]:
    if spec.role is not Role.TEXTUAL_INVERSION:
        raise ModelRefused(spec.path, "it is not a textual inversion")
    names = _names(spec, parts)
    return Component(
        key=key(name_of(spec), "inversion", torch.float32),
        size_bytes=residence.in_main_memory(spec.size_bytes, device),
        load=lambda _device: _load(spec, names),
    )


def _names(spec: ModelSpec, parts: Parts) -> dict[str, str]:
    """Return the tensor for each text encoder of a model; raises `ModelRefused`."""
    encoders = [name for name in OF_XL if name in parts.words]
    if parts.flow or not encoders:
        raise ModelRefused(spec.path, "this picture model cannot be taught words")
    tensors = read_header(Path(spec.path)).tensors
    names = dict(OF_XL) if {*OF_XL.values()} <= tensors.keys() else {}
    if parts.is_xl != bool(names) or (not names and len(tensors) != 1):
        raise ModelRefused(spec.path, "it was made for another family of picture models")
    names = names or {encoders[0]: next(iter(tensors))}
    counts = set()
    for encoder, name in names.items():
        tensor, width = tensors[name], parts.settings(encoder).get("hidden_size")
        count = tensor.shape[0] if len(tensor.shape) == 2 else 1
        if len(tensor.shape) not in (1, 2) or not 1 <= count <= MOST_VECTORS:
            raise ModelRefused(spec.path, "it holds something else than a few words")
        if tensor.dtype not in NUMBERS:
            raise ModelRefused(spec.path, f"its vectors are of the type {tensor.dtype}")
        if tensor.shape[-1] != width:
            raise ModelRefused(
                spec.path,
                f"its vectors are {tensor.shape[-1]} wide, those of this picture model {width}",
            )
        counts.add(count)
    if len(counts) > 1:
        raise ModelRefused(spec.path, "it has not as many vectors for each text encoder")
    return names


def _load(spec: ModelSpec, names: Mapping[str, str]) -> Inversion:
    try:
        with safe_open(spec.path, framework="pt") as opened:
            tensors = {encoder: opened.get_tensor(name) for encoder, name in names.items()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelRefused(spec.path, "it cannot be read") from error
    if not all(bool((tensor.abs() < MOST_VALUE).all()) for tensor in tensors.values()):
        raise ModelRefused(spec.path, "some of its numbers are not finite, or far too large")
    vectors = {name: tensor.reshape(-1, tensor.shape[-1]) for name, tensor in tensors.items()}
    return Inversion(word=_word(spec), vectors=vectors)


def _word(spec: ModelSpec) -> str:
    return Path(spec.path).stem.lower()
