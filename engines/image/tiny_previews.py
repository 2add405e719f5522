"""Previews by a tiny decoder of the user's library: TAESD, TAESDXL, TAESD3 or TAEF1.

It is leased beside the network that draws, and sees the latents as that draws
them. Whatever is wrong with it, the job goes on with the linear map.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from diffusers.models.autoencoders.vae import DecoderTiny
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engines import devices
from engines.api import EngineError, ModelSpec, Pixels
from engines.formats.folders import weight_files
from engines.image import previews, tiny_decoders
from engines.image.parts import Parts, key
from engines.image.sizes import weights_of
from engines.memory.lease import Component
from engines.memory.weights.modules import mover

log = logging.getLogger(__name__)

MOST_LATENTS: Final = 48
"""Of a side: larger latents are made smaller first, for previews are shown small."""

WIDTH: Final = 64
_NUMBERED: Final = re.compile(r"(?:decoder\.)?(?:layers\.)?(\d+)\.(.+)")
_FAULTS = (
    EngineError, OSError, SafetensorError, RuntimeError, ValueError, TypeError, LookupError,
    MemoryError,
)  # fmt: skip


class Decoder:
    """What is leased: the tiny decoder, or nothing if its file is not what it seemed."""

    def __init__(self, network: DecoderTiny | None) -> None:
        self.network = network

    @torch.no_grad()
    def draw(self, latents: Tensor) -> Pixels | None:
        """Decode the first picture of latents (batch, c, h, w); None if that fails."""
        if self.network is None:
            return None
        try:
            weight = next(self.network.parameters())
            given = latents[:1].to(weight)
            side = max(given.shape[-2:])
            if side > MOST_LATENTS:
                size = [max(1, n * MOST_LATENTS // side) for n in given.shape[-2:]]
                given = torch.nn.functional.interpolate(given, size, mode="area")
            colours = self.network(given)[0].float().cpu().permute(1, 2, 0)
            pixels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        except RuntimeError:
            log.warning("the tiny decoder failed; previews go on without it", exc_info=True)
            self.network = None
            return None
        height, width, _ = pixels.shape
        return Pixels(width_px=width, height_px=height, rgb=pixels.numpy().tobytes())


def find(models: Sequence[ModelSpec], parts: Parts, device: str) -> tuple[Component[Decoder], ...]:
    """Return the decoder for a model's latents as a component, or nothing if there is none."""
    channels = int(parts.settings("vae").get("latent_channels", 4))
    spec = tiny_decoders.find(models, channels, flow=parts.flow, is_xl=parts.is_xl)
    return () if spec is None else _component(spec, channels, device)


def _component(spec: ModelSpec, channels: int, device: str) -> tuple[Component[Decoder], ...]:
    precision = devices.dtype(device)
    try:
        weights = weights_of(_file(spec))
    except _FAULTS:
        return ()
    component = Component(
        key=key(spec.id, "tiny-decoder", precision),
        size_bytes=weights.whole_bytes(precision.itemsize),
        load=lambda place: _load(spec, channels, place),
        move=mover(_weights) if device != "cpu" else None,
    )
    return (component,)


def _weights(decoder: Decoder) -> tuple[Any, ...]:
    return (decoder.network or torch.zeros(1),)


def _file(spec: ModelSpec) -> Path:
    return weight_files(Path(spec.path))[0]


def _load(spec: ModelSpec, channels: int, device: str) -> Decoder:
    """Build the decoder; one that cannot be built is no decoder, and no error."""
    try:
        network = DecoderTiny(
            in_channels=channels,
            out_channels=3,
            num_blocks=(3, 3, 3, 1),
            block_out_channels=(WIDTH,) * 4,
            upsampling_scaling_factor=2,
            act_fn="relu",
            upsample_fn="nearest",
        )
        network.load_state_dict(_renamed(load_file(_file(spec))))
        return Decoder(network.eval().to(device, devices.dtype(device)))
    except _FAULTS:
        log.warning("%s is no tiny decoder after all", spec.path, exc_info=True)
        return Decoder(None)


def _renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a decoder's weights by diffusers' names.

    The original counts a clamp as its first layer, diffusers does not.
    """
    decoder = {n: v for n, v in weights.items() if n.startswith("decoder.")} or dict(weights)
    found = {match: value for n, value in decoder.items() if (match := _NUMBERED.fullmatch(n))}
    first = min((int(match[1]) for match in found), default=0)
    return {f"layers.{int(match[1]) - first}.{match[2]}": v for match, v in found.items()}


def draw(decoder: Decoder | None, latents: Tensor, rows: previews.Rows) -> Pixels:
    """Return the preview of latents: the tiny decoder's, or the linear map's."""
    shown = decoder.draw(latents) if decoder is not None else None
    return shown or previews.draw(latents, rows)
