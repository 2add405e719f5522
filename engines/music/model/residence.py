"""Where the music model lies and computes: on the card if there is room now, else beside it.

The model is small and its steps are short, so the processor writes music
nearly as quickly as a card; it is never worth waiting for, or evicting a
large model.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engines import devices
from engines.api import MemoryStatus, ModelSpec, Tier
from engines.memory.lease import Component, Working
from engines.memory.weights.modules import mover
from engines.music.model import needs
from engines.music.model.decoder import Decoder, load_decoder
from engines.music.model.shape import Shape, read_shape

CPU = "cpu"


def settle(
    spec: ModelSpec, candidates: int, status: MemoryStatus
) -> tuple[Component[Decoder], Working]:
    """Choose between the memory's own device and the processor.

    Args:
        candidates: Lines that are written at once.
        status: Of the memory, just measured.
    """
    shape = read_shape(Path(spec.path))
    component = component_on(spec, shape, status.device)
    working = needs.composing(spec.id, shape, candidates)
    if status.device == CPU or _is_room(component, working, status):
        return component, working
    return beside_the_card(spec), needs.composing_beside_the_card(spec.id)


def component_on(spec: ModelSpec, shape: Shape, device: str) -> Component[Decoder]:
    """Return the model as it lies on a device, "cpu" or "cuda"."""
    precision = devices.dtype(device)
    return Component(
        key=_key(spec, "decoder", precision),
        size_bytes=needs.weights_bytes(spec, shape, precision.itemsize),
        load=lambda device: load_decoder(Path(spec.path), device, precision),
        move=None if device == CPU else mover(_tensors),
    )


def beside_the_card(spec: ModelSpec) -> Component[Decoder]:
    """Return the model on the processor, which takes nothing of the card."""
    precision = devices.dtype(CPU)
    return Component(
        key=_key(spec, "decoder-beside-the-card", precision),
        size_bytes=0,
        load=lambda _device: load_decoder(Path(spec.path), CPU, precision),
    )


def _is_room(component: Component[Decoder], working: Working, status: MemoryStatus) -> bool:
    """Say whether the card has room for it without anything leaving."""
    is_there = any(
        resident.key == component.key and resident.tier is Tier.DEVICE
        for resident in status.residents
    )
    needed_bytes = working.estimate_bytes + (0 if is_there else component.size_bytes)
    return status.budget_bytes - status.used_bytes >= needed_bytes


def _key(spec: ModelSpec, part: str, precision: Any) -> str:
    return f"music:{spec.id}:{part}:{str(precision).removeprefix('torch.')}"


def _tensors(decoder: Decoder) -> Iterable[Any]:
    return decoder.tensors()
