"""How the parts of a picture model lie on a device: their precision, and their smaller ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from engines import devices
from engines.image import speed
from engines.memory.lease import Component
from engines.memory.weights import modules
from engines.memory.weights.footprints import Footprint


def precision(part: str, device: str, config: Mapping[str, Any]) -> torch.dtype:
    """Return the precision of a part's weights on a device.

    An autoencoder that overflows in float16 says so in its configuration
    (`force_upcast`, on unless it is switched off), and lies in float32 instead.
    """
    usual = devices.dtype(device)
    if part == "vae" and usual is torch.float16 and config.get("force_upcast", True):
        return torch.float32
    return usual


def component(
    key: str,
    weights: Footprint,
    precision: torch.dtype,
    load: Callable[[str], Any],
    device: str,
    *,
    exact: bool = False,
) -> Component[Any]:
    """Return a torch module as a component; on a card it can be parked and made smaller.

    Args:
        weights: Of the part, from its header.
        precision: Of its weights as they will lie.
        load: Takes a device's name.
        device: Where it will lie, "cpu" or "cuda".
        exact: Only in ways that change nothing of its results.
    """
    return modules.component(
        key,
        weights,
        precision.itemsize,
        lambda device: speed.laid_out(load(device), device),
        device,
        exact=exact,
    )


def in_main_memory(size_bytes: int, device: str) -> int:
    """Return what a thing that never leaves main memory takes of a device."""
    return size_bytes if device == "cpu" else 0
