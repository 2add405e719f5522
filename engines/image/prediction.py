"""What a UNet was trained to predict, measured where its file does not say."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engines import devices

EPSILON, VELOCITY = "epsilon", "v_prediction"

LAST_TIME = 999
SIDE = 16
"""Of the latents that are tried: wide enough for any UNet, and quick on a processor."""
LEAST_SLOPE = 0.5


@torch.inference_mode()
def measure(unet: Any) -> str:
    """Return what a UNet predicts, "epsilon" or "v_prediction".

    At the last time the latents are noise but for a trace, x = 0.07 x0 + eps.
    A UNet that predicts the noise gives back nearly x itself, slope 1. One
    that predicts v = 0.07 eps - x0 gives a blurred picture, slope near 0.
    v: Salimans and Ho 2022, arXiv:2202.00512.
    """
    noise = torch.randn(1, 4, SIDE, SIDE, generator=devices.generator(0))
    place = {"device": unet.device, "dtype": unet.dtype}
    states = torch.zeros(1, 77, unet.config.cross_attention_dim, **place)
    given = unet(
        _inputs(noise, unet.config.in_channels).to(**place),
        LAST_TIME,
        encoder_hidden_states=states,
        added_cond_kwargs=_added(unet.config, place),
        return_dict=False,
    )[0]
    slope = float((given.float().cpu() * noise).sum() / (noise * noise).sum())
    return VELOCITY if slope < LEAST_SLOPE else EPSILON


def _inputs(noise: Tensor, channels: int) -> Tensor:
    """Add what a UNet for filling in sees besides: all of the picture is to be redrawn."""
    if channels == noise.shape[1]:
        return noise
    mask = torch.ones_like(noise[:, :1])
    return torch.cat([noise, mask, torch.zeros_like(noise)], 1)


def _added(config: Any, place: dict[str, Any]) -> dict[str, Tensor] | None:
    """Return what Stable Diffusion XL is told besides: pooled words, and sizes in pixels."""
    if config.addition_embed_type != "text_time":
        return None
    sizes = torch.tensor([[1024, 1024, 0, 0, 1024, 1024]])
    pooled = config.projection_class_embeddings_input_dim
    pooled -= sizes.shape[1] * config.addition_time_embed_dim
    return {
        "text_embeds": torch.zeros(1, pooled, **place),
        "time_ids": sizes.to(**place),
    }
