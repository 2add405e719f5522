"""What can be done with a torch module's weights besides loading and dropping them.

torch and diffusers are imported inside the functions only.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from engines.memory.lease import Component, Smaller
from engines.memory.weights.footprints import Footprint
from engines.memory.weights.parking import HOST, Parking, shelves

if TYPE_CHECKING:
    import torch

M = TypeVar("M")

OFFLOAD, FP8 = "offload", "fp8"

_parkings: dict[int, Parking] = {}
_changing = threading.Lock()


def itself(module: M) -> tuple[M, ...]:
    """Say that a loaded thing is a module itself."""
    return (module,)


def mover(parts_of: Callable[[M], Iterable[Any]]) -> Callable[[M, str], None]:
    """Return what moves a loaded thing to a device, for `Component.move`.

    To "cpu" it is parked in main memory, in place, and to the card it comes
    back. A move that fails leaves all of it where it was.

    Args:
        parts_of: Gives the modules or plain tensors a loaded thing consists
            of; the same ones, in the same order, each time.
    """

    def move(value: M, device: str) -> None:
        import torch

        parts = tuple(parts_of(value))
        # Tensors made while inferring cannot be moved in place outside of it.
        with torch.inference_mode(False), torch.no_grad():
            weights = distinct(parts)
            if device == HOST:
                _parking(parts[0]).park(weights)
            else:
                _parking(parts[0]).bring(weights, device)

    return move


def distinct(parts: Iterable[Any]) -> list[list[torch.Tensor]]:
    """List parameters and buffers, those that share the same bytes (tied weights) together."""
    import torch

    groups: dict[tuple[Any, ...], list[torch.Tensor]] = {}
    seen: set[int] = set()
    for part in parts:
        tensors = (part,) if isinstance(part, torch.Tensor) else _tensors(part)
        for tensor in tensors:
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            groups.setdefault(_bytes_of(tensor), []).append(tensor)
    return list(groups.values())


def offloaded(module: Any, device: str) -> Any:
    """Let a module's layers come to `device` only while they work, and return it.

    diffusers' group offloading, layer by layer; on a card the next layer is
    fetched while one works, and what a layer leaves is free before the
    second next comes, so that no more than two are there.
    """
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        module,
        onload_device=device,
        offload_device=HOST,
        offload_type="leaf_level",
        use_stream=device != HOST,
    )
    return module


def fp8(module: Any) -> Any:
    """Store a module's layers in 8 bits, and let each work in its old precision; return it.

    Embeddings and norms stay as they are. It is not for a module with tied
    weights: an embedding would be cast with the layer it shares them with.
    """
    import torch
    from diffusers.hooks import apply_layerwise_casting

    precision = next(p.dtype for p in module.parameters() if p.is_floating_point())
    apply_layerwise_casting(
        module,
        storage_dtype=torch.float8_e4m3fn,
        compute_dtype=precision,
        skip_modules_pattern=("pos_embed", "patch_embed", "norm", "embed", "^proj_(in|out)$"),
    )
    return module


def component(
    key: str,
    weights: Footprint,
    width_bytes: int,
    load: Callable[[str], Any],
    device: str,
    *,
    exact: bool = False,
) -> Component[Any]:
    """Return one module as a component; on a card it can be parked and made smaller.

    Args:
        weights: From its header.
        width_bytes: Of one weight as it will lie on the device.
        load: Takes a device's name.
        device: Where it will lie, "cpu" or "cuda".
        exact: Only in ways that change nothing of its results.
    """
    size_bytes = weights.whole_bytes(width_bytes)
    if device == HOST:
        return Component(key=key, size_bytes=size_bytes, load=load)
    ways = smaller_ways(weights, width_bytes, load)
    return Component(
        key=key,
        size_bytes=size_bytes,
        load=load,
        move=mover(itself),
        smaller=tuple(way for way in ways if way.exact or not exact),
    )


def smaller_ways(
    footprint: Footprint,
    width_bytes: int,
    load: Callable[[str], Any],
) -> tuple[Smaller[Any], ...]:
    """Return the smaller ways of a component whose loaded thing is one module.

    Args:
        footprint: Of its weights, from the header.
        width_bytes: Of one weight as it lies on the card.
        load: The component's own.
    """
    offload = Smaller(
        name=OFFLOAD,
        size_bytes=footprint.offloaded_bytes(width_bytes),
        load=lambda device: offloaded(load(HOST), device),
        exact=True,
    )
    eight_bits = Smaller(
        name=FP8,
        size_bytes=footprint.fp8_bytes(width_bytes),
        load=lambda device: fp8(load(HOST)).to(device),
        exact=False,
    )
    whole_bytes = footprint.whole_bytes(width_bytes)
    return tuple(way for way in (offload, eight_bits) if way.size_bytes < whole_bytes)


def _tensors(module: Any) -> Iterable[torch.Tensor]:
    for part in module.modules():
        yield from (p for p in part._parameters.values() if p is not None)
        yield from (b for b in part._buffers.values() if b is not None)


def _bytes_of(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Tell which bytes a tensor reads, and how; an empty one reads none of anybody's."""
    if not tensor.numel():
        return (id(tensor),)
    place = tensor.data_ptr(), tensor.device.type
    return *place, tensor.dtype, tuple(tensor.shape), tensor.stride()


def _parking(first: Any) -> Parking:
    """Return the parking of the thing whose first part this is; it goes when that goes."""
    with _changing:
        known = _parkings.get(id(first))
        if known is None:
            known = _parkings[id(first)] = shelves.parking()
            weakref.finalize(first, _parkings.pop, id(first), None).atexit = False
        return known
