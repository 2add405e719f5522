"""How much a network's weights take in each form, told from a file's header alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from engines.formats.safetensors import Tensor

FP8_BYTES = 1
LAYERS_AT_ONCE = 2
"""With offloading, one layer works while the next one comes."""

_KEPT_PRECISE = ("norm", "embed")
"""Layers of such names keep their precision when the others are stored in 8 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Counts of weights; times the bytes of one they are sizes.

    Attributes:
        elements: In all.
        largest: In the largest single layer.
        castable: In the layers that may be stored in 8 bits.
    """

    elements: int
    largest: int
    castable: int

    def whole_bytes(self, width_bytes: int) -> int:
        """Return what it holds of a device with weights of that width."""
        return self.elements * width_bytes

    def offloaded_bytes(self, width_bytes: int) -> int:
        """Return what it holds when layers come from main memory as they are needed."""
        return min(self.elements, LAYERS_AT_ONCE * self.largest) * width_bytes

    def fp8_bytes(self, width_bytes: int) -> int:
        """Return what it holds with layers in 8 bits, and one at work in its own width."""
        precise = self.elements - self.castable
        return self.castable * FP8_BYTES + (precise + self.largest) * width_bytes


def footprint(tensors: Mapping[str, Tensor]) -> Footprint:
    """Count the weights of one network; a layer is what shares a name up to the last dot."""
    layers: dict[str, int] = defaultdict(int)
    castable = 0
    for name, tensor in tensors.items():
        elements = prod(tensor.shape)
        layers[name.rpartition(".")[0]] += elements
        if len(tensor.shape) > 1 and not any(word in name for word in _KEPT_PRECISE):
            castable += elements
    return Footprint(
        elements=sum(layers.values()), largest=max(layers.values(), default=0), castable=castable
    )


def together(parts: Iterable[Footprint]) -> Footprint:
    """Add up the files of one network."""
    known = tuple(parts)
    return Footprint(
        elements=sum(part.elements for part in known),
        largest=max((part.largest for part in known), default=0),
        castable=sum(part.castable for part in known),
    )
