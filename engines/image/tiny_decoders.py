"""Which of the user's tiny decoders draws a model's previews, told without loading any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engines.api import ModelSpec, Role
from engines.image.flows.flow import FLUX, SD3

ARCHITECTURE: Final = "taesd"

_NAMES: Final = {SD3: ("sd3", "sd-3"), FLUX: ("taef1", "flux")}


def find(models: Sequence[ModelSpec], channels: int, *, flow: str, is_xl: bool) -> ModelSpec | None:
    """Return the decoder for a model's latents, or None.

    Decoders of two families have the same shapes; only their names tell them apart.

    Args:
        channels: Of the latents.
        flow: As in `engines.image.parts.Parts`.
    """
    for spec in models:
        tiny = spec.role is Role.VAE and spec.architecture == ARCHITECTURE
        if tiny and spec.channels == channels and _suits(spec, flow, is_xl):
            return spec
    return None


def _suits(spec: ModelSpec, flow: str, is_xl: bool) -> bool:
    words = f"{Path(spec.path).name} {spec.name}".lower()
    if flow:
        return any(name in words for name in _NAMES[flow])
    return ("xl" in words) == is_xl
