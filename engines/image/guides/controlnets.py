"""ControlNets from folders and single files. Zhang and others 2023, arXiv:2302.05543.

A ControlNet is a copy of the first half of a UNet. A single file tells no
configuration, so it is taken to be a copy of the UNet that it is to steer;
what is not refused itself, when its weights do not fit in.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

from engines import devices
from engines.api import BadRequest, ModelRefused, ModelSpec
from engines.formats.content import BASE_OF_WIDTH
from engines.image.guides import weights
from engines.image.guides.weights import Shapes
from engines.image.parts import Parts
from engines.memory.lease import Component

LATENT_CHANNELS = 4
UNION = "controlnet-union"

_ORIGINAL = "control_model."
_HINT_LAYERS = (
    [
        f"controlnet_cond_embedding.{name}"
        for name in ("conv_in", "blocks.1", "blocks.3", "blocks.5")
    ],
    [f"input_hint_block.{number}" for number in (0, 4, 8, 12)],
)
"""The layers that see the picture, first of each width, in diffusers' layout and the original."""

_SAME = ("block_out_channels", "cross_attention_dim", "layers_per_block", "addition_embed_type")
"""What must be as in the UNet, or its maps could not be added to the UNet's."""


_CLASSES = {
    "controlnet": diffusers.ControlNetModel,
    UNION: diffusers.ControlNetUnionModel,
}

_UNION_SORTS = {"depth": 1, "scribble": 2, "canny": 3, "lineart": 3, "tile": 6}
"""How a ControlNet for many sorts of pictures numbers them (xinsir's ControlNet++)."""


def component(
    spec: ModelSpec, parts: Parts, device: str, sorts: Sequence[str] = ()
) -> Component[Any]:
    """Return a ControlNet for a model.

    Args:
        sorts: By which preprocessors the pictures that it sees are made.

    Raises:
        BadRequest: it takes many sorts of pictures, and not such.
        ModelRefused: it is of a variant not known here, or made for another model.
    """
    if spec.architecture not in _CLASSES:
        raise ModelRefused(spec.path, f"ControlNets of the sort {spec.architecture} are not used")
    config = _config(spec, parts)
    if spec.architecture == UNION:
        for sort in sorts:
            _check_sort(sort, int(config.get("num_control_type", 0)))
    check_base(spec, parts, _width(spec, config))
    unet = parts.settings("unet")
    usual = _defaults(spec)
    if any(config.get(name, usual.get(name)) != unet.get(name, usual.get(name)) for name in _SAME):
        raise ModelRefused(spec.path, "it was made for another UNet than this model's")
    if config.get("global_pool_conditions"):
        raise ModelRefused(spec.path, "it takes its picture apart (shuffle), which is not used")
    if config.get("conditioning_channels", 3) != 3:
        raise ModelRefused(spec.path, "it is not steered by a picture of three colours")
    return weights.component(
        spec, "controlnet", device, lambda: _load(spec, config, devices.dtype(device))
    )


def number_of(spec: ModelSpec, sort: str) -> int | None:
    """Return how a ControlNet for many sorts of pictures numbers one; None for the others."""
    return _UNION_SORTS[sort] if spec.architecture == UNION else None


def _check_sort(sort: str, known: int) -> None:
    """Refuse a picture of a sort that a ControlNet for many does not know."""
    names = [name for name, number in _UNION_SORTS.items() if number < known]
    if sort not in names:
        told = f"pictures made by {sort}" if sort else "a picture as it is"
        raise BadRequest(
            f"this ControlNet takes many sorts of pictures, but not {told}; "
            f"it takes those made by {', '.join(names)}"
        )


def check_base(spec: ModelSpec, parts: Parts, width: int) -> None:
    """Demand that a guide was made for the family of the model that draws.

    Args:
        width: Of the prompt's states that the guide is made for; 0 if it does not tell.
    """
    own = parts.settings("unet").get("cross_attention_dim")
    if width and width != own:
        made_for = BASE_OF_WIDTH.get(width, "another model")
        drawn_with = BASE_OF_WIDTH.get(own, "another one") if isinstance(own, int) else "another"
        raise ModelRefused(
            spec.path, f"it was made for {made_for}, and the model that draws is {drawn_with}"
        )


def _config(spec: ModelSpec, parts: Parts) -> dict[str, Any]:
    """Return a ControlNet's own configuration, or that of a copy of the model's UNet."""
    known = _defaults(spec)
    own = weights.settings_of(spec)
    if own:
        return {name: value for name, value in own.items() if name in known}
    unet = {name: value for name, value in parts.settings("unet").items() if name in known}
    shapes = weights.shapes_of(spec)
    hints = _hint_channels(shapes)
    if not hints:
        raise ModelRefused(spec.path, "the layers that see its picture are missing")
    if spec.architecture == UNION:
        with weights.refusing(spec.path):
            unet["num_control_type"], unet["num_trans_channel"] = shapes["task_embedding"]
            unet["num_proj_channel"] = shapes["spatial_ch_projs.weight"][0]
    return {
        **unet,
        "in_channels": LATENT_CHANNELS,
        "conditioning_embedding_out_channels": hints,
    }


def _defaults(spec: ModelSpec) -> Mapping[str, Any]:
    made = inspect.signature(_CLASSES[spec.architecture].__init__).parameters
    return {name: one.default for name, one in made.items() if name != "self"}


def _width(spec: ModelSpec, config: Mapping[str, Any]) -> int:
    """Return the width of the prompt's states in the file itself, else in its configuration."""
    for name, shape in weights.shapes_of(spec).items():
        if name.endswith("attn2.to_k.weight") and len(shape) == 2:
            return shape[1]
    width = config.get("cross_attention_dim")
    return width if isinstance(width, int) else 0


def _hint_channels(shapes: Shapes) -> tuple[int, ...]:
    """Return the channels of the layers that see the picture, of either layout."""
    named = {name.removeprefix(_ORIGINAL): shape for name, shape in shapes.items()}
    for layers in _HINT_LAYERS:
        found = (named.get(f"{layer}.weight") for layer in layers)
        widths = tuple(shape[0] for shape in found if shape)
        if widths:
            return widths
    return ()


def _load(spec: ModelSpec, config: dict[str, Any], precision: torch.dtype) -> Any:
    made_by = _CLASSES[spec.architecture]
    if Path(spec.path).is_dir():
        return weights.from_folder(made_by, spec.path, precision)
    with weights.refusing(spec.path):
        named = _renamed(weights.read(Path(spec.path)), config)
    return weights.filled(lambda: made_by(**config), named, spec.path, precision)


def _renamed(named: dict[str, torch.Tensor], config: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Give an original file's weights the names of diffusers."""
    if "conv_in.weight" in named:
        return named
    bare = {name.removeprefix(_ORIGINAL): tensor for name, tensor in named.items()}
    found = dict(convert_controlnet_checkpoint(bare, config))
    for name, tensor in bare.items():
        label = re.fullmatch(r"label_emb\.0\.([02])\.(weight|bias)", name)
        if label:
            found[f"add_embedding.linear_{1 + int(label[1]) // 2}.{label[2]}"] = tensor
    return {name: tensor for name, tensor in found.items() if tensor is not None}
