"""The autoencoder of the starter: a linear encoder, and a decoder that is trained.

The encoder is `transform`, written into diffusers' own layers, so the latents
are known before anything is trained, and only half of the network has to
learn. The decoder learns on random crops: L1 and the L1 of the slopes, from
latents with a little noise on them, as the UNet's will have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from engines.training.image.bank import SIDE_PX, Bytes
from engines.training.image.rate import Rate
from engines.training.image.transform import (
    BLOCK_PX,
    LATENT_CHANNELS,
    Transform,
    blocks,
    install,
    to_unit,
)

CROP_PX = 64
SLOPE_WEIGHT = 0.5
MOST_NOISE = 0.1
"""Of the latents, whose finest channels spread about 0.4."""

RATE = Rate(highest=1.5e-3, steps=12_000, steady=2_000)


@dataclass(frozen=True)
class VaeShape:
    """Sizes of the autoencoder; the encoder needs at least 16, 48, 48 and 64 channels."""

    channels: tuple[int, int, int, int] = (16, 48, 64, 128)
    batch: int = 16
    rate: Rate = RATE


def build_vae(shape: VaeShape, transform: Transform) -> AutoencoderKL:
    """Make an autoencoder whose encoder is finished and whose decoder is untrained."""
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=shape.channels,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=SIDE_PX,
        scaling_factor=1.0,
        use_post_quant_conv=False,
    )
    install(vae, transform)
    vae.encoder.requires_grad_(False)
    vae.quant_conv.requires_grad_(False)
    return vae


def crops(pixels: Bytes, rng: np.random.Generator) -> Tensor:
    """Cut a random piece of each of (batch, side, side, 3): (batch, 3, CROP_PX, CROP_PX)."""
    side = pixels.shape[1]
    cut = np.empty((len(pixels), CROP_PX, CROP_PX, 3), np.uint8)
    for row, picture in enumerate(pixels):
        top, left = rng.integers(0, side - CROP_PX + 1, 2)
        cut[row] = picture[top : top + CROP_PX, left : left + CROP_PX]
    return to_unit(cut)


def latents_of(transform: Transform, image: Tensor, rng: np.random.Generator) -> Tensor:
    """Return the latents of crops with noise on them, (batch, 16, CROP_PX/8, CROP_PX/8)."""
    values = blocks(image) @ transform.rows.T - transform.shift
    latents = values.permute(0, 3, 1, 2)
    amount = rng.random((len(latents), 1, 1, 1), dtype=np.float32) ** 2 * MOST_NOISE
    noise = rng.standard_normal(latents.shape, dtype=np.float32)
    return latents + torch.from_numpy(noise * amount)


def _slopes(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]


def decoder_loss(vae: AutoencoderKL, latents: Tensor, image: Tensor) -> Tensor:
    """Return the L1 of what is decoded, plus half the L1 of its slopes."""
    again = vae.decode(latents).sample.float()
    loss = (again - image).abs().mean()
    for ours, true in zip(_slopes(again), _slopes(image), strict=True):
        loss = loss + SLOPE_WEIGHT * (ours - true).abs().mean()
    return loss


@torch.no_grad()
def psnr_db(vae: AutoencoderKL, pixels: Bytes, batch: int = 16) -> float:
    """Return the peak signal-to-noise ratio of pictures that went through the model."""
    errors = []
    device = next(vae.parameters()).device
    for start in range(0, len(pixels), batch):
        image = to_unit(pixels[start : start + batch]).to(device)
        again = vae.decode(vae.encode(image).latent_dist.mean).sample.clamp(-1, 1)
        errors.append(((again - image) / 2).square().mean((1, 2, 3)))
    return float(-10 * torch.log10(torch.cat(errors)).mean())


def latent_side(side_px: int = SIDE_PX) -> int:
    """Return the side of the latents of a square picture."""
    return side_px // BLOCK_PX
