"""CLIP's image encoders, which tell an IP-Adapter what is in a picture.

Radford and others 2021, arXiv:2103.00020. A single file tells no
configuration; that of the published encoders is known by their widths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import transformers

from engines import devices
from engines.api import ModelMissing, ModelRefused, ModelSpec, Role
from engines.catalog import Catalog
from engines.image.guides import weights
from engines.memory.lease import Component

HEADS = 16
"""Attention heads of CLIP's large, huge and giant image encoders."""

QUICK_GELU_WIDTH = 1024
"""Only OpenAI's large encoder, of that width, has the approximate activation."""

_SORTS = ("clip_vision_model", "clip-vision", "clip")
_PARTS = ("vision_model.", "visual_projection.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """An image encoder of the library, not loaded.

    Attributes:
        side_px: Of the square pictures it looks at.
        width: Of the states of its layers.
        pooled: Width of what it tells of a picture as a whole.
        tokens: Of a picture, at each of its layers.
    """

    component: Component[Any]
    spec: ModelSpec
    side_px: int
    width: int
    pooled: int

    @property
    def tokens(self) -> int:
        """Return an upper bound of the tokens of a picture, with patches of at least 14 pixels."""
        return (self.side_px // 14) ** 2 + 1


def find(path: str, width: int, catalog: Catalog, device: str, *, pooled: bool) -> Encoder:
    """Return the encoder of a path, or the first of the library that fits.

    Args:
        width: What an adapter takes of it.
        pooled: It takes what is told of the picture as a whole, not a layer's states.

    Raises:
        ModelMissing: there is none that fits.
        ModelRefused: the one named is none, or does not fit.
    """
    if path:
        encoder = _described(catalog.check(path), device)
        if width != (encoder.pooled if pooled else encoder.width):
            raise ModelRefused(path, f"the IP-Adapter was made for another encoder, {width} wide")
        return encoder
    for spec in catalog.list():
        if spec.role is not Role.IMAGE_ENCODER or spec.architecture not in _SORTS:
            continue
        try:
            encoder = _described(spec, device)
        except ModelRefused:
            continue
        if width == (encoder.pooled if pooled else encoder.width):
            return encoder
    sort = f"{width} outputs" if pooled else f"layers {width} wide"
    raise ModelMissing("The IP-Adapter", (f"an image encoder: a CLIP vision model with {sort}",))


def _described(spec: ModelSpec, device: str) -> Encoder:
    if spec.role is not Role.IMAGE_ENCODER or spec.architecture not in _SORTS:
        raise ModelRefused(spec.path, "it is no image encoder of CLIP")
    with weights.refusing(spec.path):
        config = _config(spec)
    return Encoder(
        component=weights.component(
            spec, "image-encoder", device, partial(_load, spec, config, device)
        ),
        spec=spec,
        side_px=config.image_size,
        width=config.hidden_size,
        pooled=config.projection_dim,
    )


def _config(spec: ModelSpec) -> Any:
    settings = weights.settings_of(spec)
    if settings:
        return transformers.CLIPVisionConfig(**settings)
    shapes = weights.shapes_of(spec)
    patches = shapes["vision_model.embeddings.patch_embedding.weight"]  # (width, 3, patch, patch)
    positions = shapes["vision_model.embeddings.position_embedding.weight"][0]
    layers = {
        found[1]
        for name in shapes
        if (found := re.match(r"vision_model\.encoder\.layers\.(\d+)\.", name))
    }
    return transformers.CLIPVisionConfig(
        hidden_size=patches[0],
        patch_size=patches[2],
        image_size=round((positions - 1) ** 0.5) * patches[2],
        intermediate_size=shapes["vision_model.encoder.layers.0.mlp.fc1.weight"][0],
        num_hidden_layers=len(layers),
        num_attention_heads=HEADS,
        projection_dim=shapes["visual_projection.weight"][0],
        hidden_act="quick_gelu" if patches[0] == QUICK_GELU_WIDTH else "gelu",
    )


def _load(spec: ModelSpec, config: Any, device: str) -> Any:
    precision = devices.dtype(device)
    made_by = transformers.CLIPVisionModelWithProjection
    if Path(spec.path).is_dir():
        return weights.from_folder(made_by, spec.path, precision)
    with weights.refusing(spec.path), devices.own_default_precision():
        named = {
            name: tensor
            for name, tensor in weights.read(Path(spec.path)).items()
            if name.startswith(_PARTS)
        }
        return made_by.from_pretrained(
            None, config=config, state_dict=named, dtype=precision, local_files_only=True
        )
