"""The autoencoder of the starter: eight times smaller, eight channels.

L1, gradient L1 and a small KL, on random crops of half a picture's side.
After training the latents are standardised channel by channel by folding the
scale into the 1x1 convolutions around them, so the pipeline needs none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from engines.training.image.data import Bytes

LATENT_CHANNELS = 8
CROP_PX = 64
KL_WEIGHT = 1e-6
GRADIENT_WEIGHT = 0.5
LOG_VARIANCE = -14.0
"""Of the finished model: it encodes to a point."""


@dataclass(frozen=True)
class VaeShape:
    """Sizes of the autoencoder."""

    channels: tuple[int, int, int, int] = (16, 32, 64, 128)
    batch: int = 16
    learning_rate: float = 1.2e-3
    steps: int = 3600


def build_vae(shape: VaeShape) -> AutoencoderKL:
    """Make an untrained autoencoder."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=shape.channels,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=128,
        scaling_factor=1.0,
    )


def to_unit(pixels: Bytes) -> Tensor:
    """Turn bytes (batch, height, width, 3) into values from -1 to 1, (batch, 3, height, width)."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def crops(pixels: Bytes, batch: int, rng: np.random.Generator) -> Tensor:
    """Cut random half-size crops, some of them mirrored."""
    side = pixels.shape[1]
    cut = np.empty((batch, CROP_PX, CROP_PX, 3), np.uint8)
    for row, index in enumerate(rng.integers(0, len(pixels), batch)):
        top, left = rng.integers(0, side - CROP_PX + 1, 2)
        piece = pixels[index, top : top + CROP_PX, left : left + CROP_PX]
        cut[row] = piece[:, ::-1] if rng.random() < 0.5 else piece
    return to_unit(cut)


def _slopes(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[..., 1:] - image[..., :-1], image[..., 1:, :] - image[..., :-1, :]


def vae_loss(vae: AutoencoderKL, image: Tensor) -> Tensor:
    """Return L1 + half the L1 of the slopes + a small KL, one number."""
    posterior = vae.encode(image).latent_dist
    again = vae.decode(posterior.sample()).sample.float()
    loss = (again - image).abs().mean()
    for ours, true in zip(_slopes(again), _slopes(image), strict=True):
        loss = loss + GRADIENT_WEIGHT * (ours - true).abs().mean()
    return loss + KL_WEIGHT * posterior.kl().float().mean()


def vae_rate(step: int, shape: VaeShape) -> float:
    """Return the learning rate of a step: warm-up, then a half cosine to a twentieth."""
    warm = min(1.0, (step + 1) / 100)
    share = min(1.0, step / shape.steps)
    return shape.learning_rate * warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share)))


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: Bytes, batch: int = 32) -> Tensor:
    """Return the mean latents of all pictures, (count, 8, height/8, width/8), float16."""
    parts = []
    for start in range(0, len(pixels), batch):
        with torch.autocast("cpu", torch.bfloat16):
            mean = vae.encode(to_unit(pixels[start : start + batch])).latent_dist.mean
        parts.append(mean.half())
    return torch.cat(parts)


@torch.no_grad()
def standardise(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Fold mean 0 and variance 1 per channel into the model; return the new latents."""
    values = latents.float().transpose(0, 1).flatten(1)
    mean, scale = values.mean(1), values.std(1).clamp_min(1e-4)
    before, after = vae.quant_conv, vae.post_quant_conv
    assert isinstance(before, nn.Conv2d) and isinstance(after, nn.Conv2d)
    half = LATENT_CHANNELS
    before.weight[:half] /= scale.view(-1, 1, 1, 1)
    before.bias[:half] = (before.bias[:half] - mean) / scale
    before.weight[half:] = 0
    before.bias[half:] = LOG_VARIANCE
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= scale.view(1, -1, 1, 1)
    return ((latents.float() - mean.view(1, -1, 1, 1)) / scale.view(1, -1, 1, 1)).half()


@torch.no_grad()
def psnr_db(vae: AutoencoderKL, pixels: Bytes, batch: int = 16) -> float:
    """Return the peak signal-to-noise ratio of pictures that went through the model."""
    errors = []
    for start in range(0, len(pixels), batch):
        image = to_unit(pixels[start : start + batch])
        again = vae.decode(vae.encode(image).latent_dist.mean).sample.clamp(-1, 1)
        errors.append(((again - image) / 2).square().mean((1, 2, 3)))
    return float(-10 * torch.log10(torch.cat(errors)).mean())


def linear_floor_db(train: Bytes, held: Bytes) -> float:
    """Return what the best linear code of the same size reaches (PCA of 8x8 blocks)."""

    def blocks(pixels: Bytes) -> Tensor:
        image = torch.from_numpy(np.ascontiguousarray(pixels)).float() / 255
        count, high, wide, _ = image.shape
        tiles = image.view(count, high // 8, 8, wide // 8, 8, 3).permute(0, 1, 3, 2, 4, 5)
        return tiles.reshape(count, -1, 192)

    sample = blocks(train).flatten(0, 1)
    mean = sample.mean(0)
    _, _, axes = torch.linalg.svd((sample - mean)[::7], full_matrices=False)
    basis = axes[:LATENT_CHANNELS]
    tiles = blocks(held) - mean
    errors = (tiles - tiles @ basis.T @ basis).square().mean((1, 2))
    return float(-10 * torch.log10(errors).mean())
