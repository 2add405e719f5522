"""LoRAs: leased beside what wears them, and put on for the length of one phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
from diffusers.configuration_utils import FrozenDict
from diffusers.hooks.group_offloading import _maybe_remove_and_reapply_group_offloading
from diffusers.loaders.lora_base import set_adapters_for_text_encoder
from diffusers.quantizers.gguf.utils import GGUFParameter
from torch import Tensor

from engines import devices
from engines.api import LoraUse, ModelRefused, ModelSpec
from engines.image import pipelines
from engines.image.flows.flow import FLUX, SD3, class_name
from engines.image.loading import name_of
from engines.image.parts import Parts, key
from engines.image.sizes import weights_of
from engines.memory.lease import Component

MISFITS = (ValueError, KeyError, RuntimeError, OSError, TypeError, AttributeError)
"""What the libraries raise of a LoRA for another model."""

TEXT_ENCODERS = ("text_encoder", "text_encoder_2")

_WEARERS = {SD3: ("unet", *TEXT_ENCODERS), FLUX: ("unet", "text_encoder")}
"""What may wear a LoRA in a flow: all but T5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA's weights by the names that diffusers knows, and how they were scaled."""

    path: str
    weights: dict[str, Tensor]
    alphas: dict[str, float] | None
    metadata: dict[str, Any] | None


def component(spec: ModelSpec, parts: Parts, device: str) -> Component[Lora]:
    """Return a LoRA for a model; it lies in main memory, and its wearer holds a copy."""
    family = parts.flow or ("xl" if parts.is_xl else "")
    kind, precision = f"lora-{family}".rstrip("-"), devices.dtype(device)
    return Component(
        key=key(name_of(spec), kind, precision),
        size_bytes=2 * weights_of(Path(spec.path)).whole_bytes(precision.itemsize),
        load=lambda _device: _load(spec.path, parts),
    )


def _load(path: str, parts: Parts) -> Lora:
    pipeline = _loader(parts)
    asked: dict[str, Any] = {}
    if parts.is_xl:
        asked["unet_config"] = FrozenDict(parts.settings("unet"))
    if parts.flow == FLUX:
        asked["return_alphas"] = True
    try:
        weights, *alphas, metadata = pipeline.lora_state_dict(
            str(Path(path).parent),
            weight_name=Path(path).name,
            local_files_only=True,
            return_lora_metadata=True,
            **asked,
        )
    except MISFITS as error:
        raise _misfit(path) from error
    if not all("lora" in name for name in weights):
        raise _misfit(path)
    if parts.flow and not any(name.startswith("transformer.") for name in weights):
        raise _misfit(path)
    return Lora(path=path, weights=weights, alphas=alphas[0] if alphas else None, metadata=metadata)


def put_on(
    module: Any, part: str, parts: Parts, worn: Sequence[Lora], uses: Sequence[LoraUse]
) -> None:
    """Put LoRAs on the UNet or a text encoder, all or none; only who loads may do it.

    Args:
        part: What `module` is: "unet", "text_encoder" or "text_encoder_2".

    Raises:
        ModelRefused: one does not fit the model.
        MemoryError: the model is held in 8 bits, which no LoRA can be added to.
    """
    if not worn or (parts.flow and part not in _WEARERS[parts.flow]):
        return
    if any(isinstance(weight, GGUFParameter) for weight in module.parameters()):
        raise ModelRefused(worn[0].path, "no LoRA can be put on a model whose weights are packed")
    if any(weight.element_size() == 1 for weight in module.parameters()):
        raise MemoryError(f"the {part} would have to be held in a larger form")
    names, strengths = [f"lora{number}" for number in range(len(uses))], [u.weight for u in uses]
    loader = _loader(parts)
    try:
        for name, lora in zip(names, worn, strict=True):
            asked = {
                "adapter_name": name,
                "metadata": lora.metadata,
                "low_cpu_mem_usage": True,  # else torch's own random numbers fill the layers first
            }
            with _refusing(lora):
                if part == "unet" and parts.flow:
                    module.load_lora_adapter(
                        dict(lora.weights), network_alphas=lora.alphas or None, **asked
                    )
                elif part == "unet":
                    loader.load_lora_into_unet(dict(lora.weights), lora.alphas, module, **asked)
                else:
                    loader.load_lora_into_text_encoder(
                        dict(lora.weights), lora.alphas, module, prefix=part, **asked
                    )
        if part == "unet":
            module.set_adapters(names, strengths)
        else:
            set_adapters_for_text_encoder(names, module, strengths)
        _maybe_remove_and_reapply_group_offloading(module)  # the new layers come and go too
    except BaseException:
        take_off(module, part)
        raise


def wearable(component: Component[Any], uses: Sequence[LoraUse]) -> Component[Any]:
    """Return a component without the ways in which it cannot wear LoRAs."""
    if not uses:
        return component
    return replace(component, smaller=tuple(way for way in component.smaller if way.exact))


def take_off(module: Any, part: str) -> None:
    """Leave the UNet or a text encoder as it was."""
    if isinstance(module, diffusers.ModelMixin):
        module.unload_lora()
    else:
        pipelines.assemble("StableDiffusionXLPipeline", **{part: module}).unload_lora_weights()


def _loader(parts: Parts) -> Any:
    if parts.flow:
        return getattr(diffusers, class_name(parts.flow))
    return diffusers.StableDiffusionXLPipeline if parts.is_xl else diffusers.StableDiffusionPipeline


@contextmanager
def _refusing(lora: Lora) -> Iterator[None]:
    try:
        yield
    except MISFITS as error:
        raise _misfit(lora.path) from error


def _misfit(path: str) -> ModelRefused:
    return ModelRefused(path, "it does not fit this picture model")
