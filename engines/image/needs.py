"""How much each phase of a drawing takes besides weights, reckoned from shapes.

The memory manager takes these until it has measured better, see
`engines.memory.working`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from engines.memory.lease import Working

BASE_BYTES = 50_000_000
"""What a forward pass takes however small the picture is."""

PROMPT_TOKENS = 77
T5_TOKENS = 512
"""What of a prompt T5 reads, and its transformer beside the picture."""
T5_SPREAD = 10
"""Inside its layers T5 is so many times as wide as its states, with attention's tables."""
TRANSFORMER_MAPS = 40
"""States of one block of a transformer that live at once, those between its layers four wide."""
PATCH_PX = 16
TEXT_MAPS = 12
"""Hidden states of one layer that live at once; the widest is four times a state."""

ADAPTER_MAPS = 24
"""Maps of an adapter's first width, at the size of its first layer, that live at once."""
ENCODER_MAPS = 24
"""States of an image encoder's layer that live at once; the widest is four times a state."""
DEPTH_BYTES = 600_000_000
"""What the largest network for depth takes for one picture of its own size, in float32."""

SIDE_PER_LATENT = 8


class Described(Protocol):
    """A model whose settings can be read, loaded or not."""

    @property
    def model(self) -> str:
        """The library's id."""
        ...

    def settings(self, part: str) -> dict[str, Any]:
        """Read the configuration of "unet" or "vae"."""
        ...


def reading(parts: Described) -> Working:
    """Return what reading a prompt takes: a few layers' states of the widest text encoder."""
    settings = parts.settings("unet")
    if "joint_attention_dim" in settings:
        return _reading_with_t5(parts, int(settings["joint_attention_dim"]))
    width = int(settings.get("cross_attention_dim") or 768)
    return Working(
        operation="image.read",
        estimate_bytes=BASE_BYTES // 2 + PROMPT_TOKENS * width * 4 * TEXT_MAPS * 4,
        model=parts.model,
        size=PROMPT_TOKENS,
    )


def denoising(parts: Described, width_px: int, height_px: int, *, guided: bool) -> Working:
    """Return what a step of the UNet takes: about sixty maps of its first width, and attention."""
    settings, batch = parts.settings("unet"), 2 if guided else 1
    if "joint_attention_dim" in settings:
        return _along_a_flow(parts, settings, width_px * height_px, batch)
    width = settings.get("block_out_channels", [320])[0]
    latents = width_px * height_px // SIDE_PER_LATENT**2
    batch = 2 if guided else 1
    return Working(
        operation="image.denoise",
        estimate_bytes=BASE_BYTES + latents * width * 4 * 60 * batch,
        model=parts.model,
        size=width_px * height_px,
        batch=batch,
    )


def _reading_with_t5(parts: Described, width: int) -> Working:
    return Working(
        operation="image.read",
        estimate_bytes=BASE_BYTES + T5_TOKENS * width * 4 * T5_SPREAD,
        model=parts.model,
        size=T5_TOKENS,
    )


def _along_a_flow(
    parts: Described, settings: Mapping[str, Any], pixels: int, batch: int
) -> Working:
    """Return what a transformer's step takes, with the words beside the patches."""
    heads = int(settings.get("num_attention_heads", 24))
    width = heads * int(settings.get("attention_head_dim", 64))
    tokens = pixels // PATCH_PX**2 + T5_TOKENS
    return Working(
        operation="image.denoise",
        estimate_bytes=BASE_BYTES + tokens * width * 4 * TRANSFORMER_MAPS * batch,
        model=parts.model,
        size=pixels,
        batch=batch,
    )


def aided(alone: Working) -> Working:
    """Return what a step takes with networks beside the one that draws.

    A ControlNet is half a UNet, and its maps wait until the UNet has taken them up.
    """
    return replace(
        alone, operation=f"{alone.operation}.aided", estimate_bytes=alone.estimate_bytes * 3 // 2
    )


def adapting(model: str, size_px: tuple[int, int], fold: int, width: int) -> Working:
    """Return what a T2I adapter takes to look at its picture.

    Args:
        fold: So many pixels of a side become channels before its first layer.
        width: Of its first layer.
    """
    pixels = size_px[0] * size_px[1]
    return Working(
        operation="image.adapt",
        estimate_bytes=pixels * 3 * 4 * 4 + pixels // fold**2 * width * 4 * ADAPTER_MAPS,
        model=model,
        size=pixels,
    )


def regarding(model: str, side_px: int, tokens: int, width: int) -> Working:
    """Return what an image encoder takes to look at a picture.

    Args:
        tokens: Of a picture, each `width` wide, at each layer.
    """
    return Working(
        operation="image.regard",
        estimate_bytes=side_px**2 * 3 * 4 * 8 + tokens * width * 4 * ENCODER_MAPS,
        model=model,
        size=side_px**2,
    )


def measuring_depth(model: str, pixels: int) -> Working:
    """Return what it takes to tell a picture's depth."""
    return Working(operation="image.depth", estimate_bytes=DEPTH_BYTES, model=model, size=pixels)


def decoding(parts: Described, width_px: int, height_px: int) -> Working:
    """Return what the decoder takes: two float32 maps of twice its first width at full size."""
    return _autoencoding(parts, "image.decode", width_px * height_px, 4)


def encoding(parts: Described, width_px: int, height_px: int) -> Working:
    """Return what the encoder takes: about half as much as the decoder."""
    return _autoencoding(parts, "image.encode", width_px * height_px, 2)


def fitting_previews(parts: Described) -> Working:
    """Return what it takes to decode a few small latents."""
    return _autoencoding(parts, "image.preview", 6 * 64 * 64, 4)


def _autoencoding(parts: Described, operation: str, pixels: int, maps: int) -> Working:
    width = max(parts.settings("vae").get("block_out_channels", [128])[0], 16)
    return Working(
        operation=operation,
        estimate_bytes=BASE_BYTES + pixels * width * 4 * maps,
        model=parts.model,
        size=pixels,
    )
