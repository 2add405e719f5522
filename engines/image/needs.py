"""How much each phase of a drawing takes besides weights, reckoned from shapes.

The memory manager takes these until it has measured better, see
`engines.memory.working`.
"""

from __future__ import annotations

from typing import Any, Protocol

from engines.memory.lease import Working

BASE_BYTES = 50_000_000
"""What a forward pass takes however small the picture is."""

PROMPT_TOKENS = 77
TEXT_MAPS = 12
"""Hidden states of one layer that live at once; the widest is four times a state."""

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
    width = int(parts.settings("unet").get("cross_attention_dim") or 768)
    return Working(
        operation="image.read",
        estimate_bytes=BASE_BYTES // 2 + PROMPT_TOKENS * width * 4 * TEXT_MAPS * 4,
        model=parts.model,
        size=PROMPT_TOKENS,
    )


def denoising(parts: Described, width_px: int, height_px: int, *, guided: bool) -> Working:
    """Return what a step of the UNet takes: about sixty maps of its first width, and attention."""
    width = parts.settings("unet").get("block_out_channels", [320])[0]
    latents = width_px * height_px // SIDE_PER_LATENT**2
    batch = 2 if guided else 1
    return Working(
        operation="image.denoise",
        estimate_bytes=BASE_BYTES + latents * width * 4 * 60 * batch,
        model=parts.model,
        size=width_px * height_px,
        batch=batch,
    )


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
