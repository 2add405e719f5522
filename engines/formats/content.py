"""What a file of weights holds, and how its tensors are asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from engines.api import Kind, Role
from engines.formats.safetensors import Tensor

SD1, SD2, SDXL = "stable-diffusion", "stable-diffusion-2", "stable-diffusion-xl"
REFINER = "stable-diffusion-xl-refiner"
SD3, FLUX = "stable-diffusion-3", "flux"

BASE_OF_WIDTH = {768: SD1, 1024: SD2, 1280: REFINER, 2048: SDXL}
"""Width of the prompt's states that a UNet's cross-attention takes -> the UNet's family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the tensors are; the fields are as in `ModelSpec`."""

    role: Role
    architecture: str
    kind: Kind = Kind.IMAGE
    base: str = ""
    prediction: str = ""
    channels: int = 0


class Weights:
    """The tensors of one file, asked by the beginnings of their names."""

    def __init__(
        self, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
    ) -> None:
        self.tensors = tensors
        self.metadata = metadata or {}
        self.names = sorted(tensors)

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def begins(self, *prefixes: str) -> bool:
        """Say whether there is a tensor whose name begins with one of these."""
        return any(self.first(prefix) for prefix in prefixes)

    def first(self, prefix: str) -> str:
        """Return the first name, in their order, that begins so; or an empty string."""
        at = bisect_left(self.names, prefix)
        found = self.names[at] if at < len(self.names) else ""
        return found if found.startswith(prefix) else ""

    def ends(self, *suffixes: str) -> bool:
        """Say whether there is a tensor whose name ends with one of these."""
        return any(name.endswith(suffixes) for name in self.names)

    def size(self, name: str, axis: int, dimensions: int = 0) -> int:
        """Return a tensor's length along an axis; 0 if it is not there or of another shape."""
        tensor = self.tensors.get(name)
        if tensor is None or (dimensions and len(tensor.shape) != dimensions):
            return 0
        reach = axis if axis >= 0 else -axis - 1
        return tensor.shape[axis] if reach < len(tensor.shape) else 0

    def below(self, prefix: str) -> Weights:
        """Return the tensors whose names begin so, without that beginning."""
        start = bisect_left(self.names, prefix)
        end = bisect_left(self.names, prefix + "\U0010ffff")
        inside = self.names[start:end]
        return Weights({n[len(prefix) :]: self.tensors[n] for n in inside}, self.metadata)
