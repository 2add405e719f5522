"""What lies in a file of an IP-Adapter, and how it becomes layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.unet import UNet2DConditionLoadersMixin
from torch import Tensor, nn

from engines.api import ModelRefused, ModelSpec
from engines.image.guides import weights
from engines.image.guides.weights import Shapes

_IMAGE, _LAYERS = "image_proj.", "ip_adapter."
_KEY, _VALUE = ".to_k_ip.weight", ".to_v_ip.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A kind of IP-Adapter.

    Attributes:
        mark: A tensor that only this kind has; one of its axes is as wide as the encoder.
        axis: That axis.
        pooled: It takes what is told of a picture as a whole, not a layer's states.
        tokens: How many tokens a picture becomes; 0 if the learnt queries tell.
    """

    mark: str
    axis: int
    pooled: bool
    tokens: int

    def width(self, shapes: Shapes) -> int:
        """Return what it takes of an image encoder."""
        return shapes[_IMAGE + self.mark][self.axis]


_SORTS = (
    Sort(mark="proj.weight", axis=1, pooled=True, tokens=4),
    Sort(mark="proj.3.weight", axis=0, pooled=False, tokens=257),
    Sort(mark="proj_in.weight", axis=1, pooled=False, tokens=0),
)
"""Plain, full face, and plus."""


class IpAdapter(nn.Module):
    """An IP-Adapter's layers.

    Attributes:
        path: Of its file.
        tokens: How many tokens a picture becomes.
        projection: From what an encoder tells to these tokens.
        keys: For each of the UNet's layers that read the prompt, in their order.
        values: As `keys`.
    """

    def __init__(self, path: str, tokens: int, projection: nn.Module) -> None:
        super().__init__()
        self.path = path
        self.tokens = tokens
        self.projection = projection
        self.keys = nn.ModuleList()
        self.values = nn.ModuleList()


def sort_of(spec: ModelSpec, shapes: Shapes) -> Sort:
    """Tell the kind by the names of its tensors.

    Raises:
        ModelRefused: it is of a kind not known here, or not whole.
    """
    if any("perceiver_resampler" in name or "_lora." in name for name in shapes):
        raise ModelRefused(spec.path, "it takes faces as another program tells them (FaceID)")
    for sort in _SORTS:
        shape = shapes.get(_IMAGE + sort.mark)
        if shape and len(shape) > sort.axis and any(name.endswith(_KEY) for name in shapes):
            return sort
    raise ModelRefused(spec.path, "it is no IP-Adapter of a sort known here")


def width_of(shapes: Shapes) -> int:
    """Return the width of the prompt's states that an IP-Adapter stands beside."""
    return next(
        (shape[1] for name, shape in shapes.items() if name.endswith(_KEY) and len(shape) == 2), 0
    )


def load(spec: ModelSpec, precision: torch.dtype) -> IpAdapter:
    """Load an IP-Adapter into main memory."""
    with weights.refusing(spec.path):
        named = weights.read(Path(spec.path))
        image = {
            name.removeprefix(_IMAGE): tensor
            for name, tensor in named.items()
            if name.startswith(_IMAGE)
        }
        sort = sort_of(spec, {name: tuple(tensor.shape) for name, tensor in named.items()})
        # diffusers' own renaming, without the UNet that it is a method of.
        projection = UNet2DConditionLoadersMixin()._convert_ip_adapter_image_proj_to_diffusers(
            image, low_cpu_mem_usage=False
        )
        made = IpAdapter(spec.path, sort.tokens or image["latents"].shape[1], projection)
        for number in sorted(
            int(name.split(".")[1]) for name in named if name.startswith(_LAYERS) and _KEY in name
        ):
            made.keys.append(_linear(named[f"{_LAYERS}{number}{_KEY}"]))
            made.values.append(_linear(named[f"{_LAYERS}{number}{_VALUE}"]))
        return made.to(precision)


def fits(adapter: IpAdapter, layers: list[Any]) -> bool:
    """Say whether its keys and values are as wide as those of the UNet's layers."""
    pairs = [*zip(adapter.keys, adapter.values, strict=True)]
    return len(pairs) == len(layers) and all(
        own.weight.shape == layer.to_k.weight.shape == other.weight.shape
        for (own, other), layer in zip(pairs, layers, strict=True)
    )


def _linear(weight: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    made.load_state_dict({"weight": weight}, strict=True, assign=True)
    return made
