"""The UNet of the starter: a rectified flow on latents, guided by MiniLM's token states.

Time is drawn from a logit-normal distribution (Esser et al. 2024,
arXiv:2403.03206). Besides cross-attention the prompt enters pooled with the
time (diffusers' `addition_embed_type="text"`), which learns far sooner.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from engines.image.words.starter_text import WIDTH
from engines.training.image.rate import Rate
from engines.training.image.transform import LATENT_CHANNELS

DROPPED_CAPTIONS = 0.1
STEPS_OF_TIME = 1000
"""Diffusers counts time from 0 to this."""

RATE = Rate(highest=1e-3, steps=35_000, steady=5_000)
"""1.1 million pictures; 32 at a time take a quarter less time each than 16 (measured)."""

CLOSING = Rate(highest=4e-4, steps=2_000, steady=2_000, warm=100, last=0.5)


@dataclass(frozen=True)
class UnetShape:
    """Sizes of the UNet and of a training step; `closing` follows on `rate`, on other pictures."""

    channels: tuple[int, int, int] = (96, 160, 224)
    heads: tuple[int, int, int] = (3, 5, 7)
    layers: int = 1
    latent_side: int = 16
    batch: int = 32
    rate: Rate = RATE
    closing: Rate = CLOSING

    @property
    def steps(self) -> int:
        """All steps of a training."""
        return self.rate.steps + self.closing.steps


def build_unet(shape: UnetShape) -> UNet2DConditionModel:
    """Make an untrained UNet; its finest level has no attention (it costs the most there)."""
    return UNet2DConditionModel(
        sample_size=shape.latent_side,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        layers_per_block=shape.layers,
        block_out_channels=shape.channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=shape.heads,
        cross_attention_dim=WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=6,
        norm_num_groups=16,
    )


def draw_times(count: int, generator: torch.Generator) -> Tensor:
    """Draw times from 0 (picture) to 1 (noise), (count,)."""
    return torch.sigmoid(torch.randn(count, generator=generator))


def flow_loss(
    unet: UNet2DConditionModel, latents: Tensor, states: Tensor, times: Tensor, noise: Tensor
) -> Tensor:
    """Return the mean squared error of the predicted flow from picture to noise.

    Args:
        latents: (batch, 16, side, side).
        states: Token states of the captions, (batch, 24, 384).
        times: (batch,), 0 to 1.
        noise: Same shape as `latents`.
    """
    share = times.view(-1, 1, 1, 1)
    mixed = (1 - share) * latents + share * noise
    flow = unet(mixed, times * STEPS_OF_TIME, states).sample.float()
    return (flow - (noise - latents)).square().mean()
