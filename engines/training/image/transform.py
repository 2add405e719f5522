"""The linear transform behind the starter's latents: principal components of 8x8 blocks.

An encoder that needs no training: the 16 strongest components of the 192
values of a block, each divided by the root of its own spread, so that coarse
things lead and fine things follow in the flow. `install` writes the transform
into the layers of diffusers' own encoder, so that a stock pipeline encodes
with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from engines.training.image.bank import Bytes

BLOCK_PX = 8
LATENT_CHANNELS = 16
STRONGEST_SPREAD = 2.0
"""Of the first component in the latents; the others follow with the root of their own."""

LIFT = 14.0
"""Added before SiLU, which is the identity that far from zero."""
HOLD = 400.0
"""Of the constant channels that keep group normalisation from seeing the picture."""


@dataclass(frozen=True, slots=True)
class Transform:
    """`rows` (16, 192) and `shift` (16,): latents = rows @ block - shift.

    A block's values lie in the order row, column, colour, from -1 to 1.
    """

    rows: Tensor
    shift: Tensor


def to_unit(pixels: Bytes) -> Tensor:
    """Turn bytes (batch, height, width, 3) into values from -1 to 1, (batch, 3, height, width)."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def blocks(image: Tensor) -> Tensor:
    """Cut (batch, 3, height, width) into (batch, height/8, width/8, 192)."""
    count, _, high, wide = image.shape
    tiles = image.reshape(count, 3, high // BLOCK_PX, BLOCK_PX, wide // BLOCK_PX, BLOCK_PX)
    return tiles.permute(0, 2, 4, 3, 5, 1).flatten(3)


def fit(pixels: Bytes) -> Transform:
    """Find the components of pictures (count, height, width, 3)."""
    values = blocks(to_unit(pixels)).flatten(0, 2)
    mean = values.mean(0)
    spread = (values - mean).T @ (values - mean) / len(values)
    variances, axes = torch.linalg.eigh(spread.double())
    order = variances.argsort(descending=True)[:LATENT_CHANNELS]
    deviation = variances[order].sqrt()
    scale = STRONGEST_SPREAD / (deviation[0] * deviation).sqrt()
    rows = (axes[:, order] * scale).T
    return Transform(rows.float().contiguous(), (rows @ mean.double()).float())


def apply(transform: Transform, pixels: Bytes, batch: int = 256) -> Tensor:
    """Return the latents of all pictures, (count, 16, height/8, width/8), float16."""
    parts = []
    for start in range(0, len(pixels), batch):
        values = blocks(to_unit(pixels[start : start + batch]))
        latents = values @ transform.rows.T - transform.shift
        parts.append(latents.permute(0, 3, 1, 2).half())
    return torch.cat(parts).contiguous()


def floor_db(transform: Transform, pixels: Bytes) -> float:
    """Return the PSNR of the best linear way back, the mean over pictures."""
    values = blocks(to_unit(pixels)).flatten(1, 2)
    axes = transform.rows / transform.rows.norm(dim=1, keepdim=True)
    mean = torch.linalg.lstsq(transform.rows, transform.shift[:, None]).solution[:, 0]
    away = values - mean
    errors = ((away - away @ axes.T @ axes) / 2).square().mean((1, 2))
    return float(-10 * torch.log10(errors).mean())


@torch.no_grad()
def install(vae: AutoencoderKL, transform: Transform) -> None:
    """Write the transform into the encoder's convolutions; all else passes through.

    Three strided convolutions gather 2x2 neighbours (3, 12, 48 values) and the
    last one applies the rows. Residual branches are silenced; the group
    normalisation before the end is held by large constants, and SiLU is
    entered far from zero.
    """
    encoder = vae.encoder
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.zero_()
            if module.bias is not None:
                module.bias.zero_()
    for colour in range(3):
        encoder.conv_in.weight[colour, colour, 1, 1] = 1
    for block, width in zip(encoder.down_blocks, (3, 12, 48, LATENT_CHANNELS), strict=True):
        shortcut = block.resnets[0].conv_shortcut
        if shortcut is not None:
            for channel in range(width):
                shortcut.weight[channel, channel, 0, 0] = 1
    first, second, third = (block.downsamplers[0].conv for block in encoder.down_blocks[:3])
    _gather(first, 3)
    _gather(second, 12)
    third.weight[:LATENT_CHANNELS, :48, :2, :2] = _last_rows(transform)
    third.bias[:LATENT_CHANNELS] = -transform.shift
    _pass_out(vae)


def _gather(convolution: nn.Conv2d, width: int) -> None:
    """Put the 2x2 neighbours of `width` channels into 4 * width channels."""
    for row in range(2):
        for column in range(2):
            for channel in range(width):
                target = (row * 2 + column) * width + channel
                convolution.weight[target, channel, row, column] = 1


def _last_rows(transform: Transform) -> Tensor:
    """Order the rows as the gathered channels lie: (16, 48, 2, 2)."""
    # Row and column of a pixel in its block are three bits each: the last
    # convolution sees the highest, the second the middle, the first the lowest.
    bits = transform.rows.view(LATENT_CHANNELS, 2, 2, 2, 2, 2, 2, 3)
    # Now (16, y high, y middle, y low, x high, x middle, x low, colour).
    ordered = bits.permute(0, 2, 5, 3, 6, 7, 1, 4)
    return ordered.reshape(LATENT_CHANNELS, 48, 2, 2)


def _pass_out(vae: AutoencoderKL) -> None:
    """Let the latents through normalisation, SiLU and the last convolutions unchanged."""
    encoder, quant = vae.encoder, vae.quant_conv
    normalise, last = encoder.conv_norm_out, encoder.conv_out
    groups, channels = normalise.num_groups, normalise.num_channels
    size, each = channels // groups, LATENT_CHANNELS // groups
    spread = HOLD * ((size - 2 * each) / size) ** 0.5
    hold = encoder.mid_block.resnets[-1].conv2
    move = encoder.down_blocks[-1].resnets[0].conv_shortcut
    move.weight.zero_()
    normalise.weight.fill_(spread)
    normalise.bias.fill_(LIFT)
    for latent in range(LATENT_CHANNELS):
        place = (latent // each) * size + latent % each
        move.weight[place, latent, 0, 0] = 1
        # Its negative beside it keeps the group's mean at zero.
        move.weight[place + each, latent, 0, 0] = -1
        last.weight[latent, place, 1, 1] = 1
        last.bias[latent] = -LIFT
    for group in range(groups):
        constants = torch.arange(size - 2 * each) % 2 * 2.0 - 1
        hold.bias[group * size + 2 * each : (group + 1) * size] = HOLD * constants
    quant.weight.zero_()
    quant.bias.zero_()
    for latent in range(LATENT_CHANNELS):
        quant.weight[latent, latent, 0, 0] = 1
    quant.bias[LATENT_CHANNELS:] = -14.0  # It encodes to a point.
