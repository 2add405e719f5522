"""Small pictures of a drawing under way: a linear map from latents to colours."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor

from engines.api import Pixels
from engines.image.finite import check_numbers

Rows = tuple[tuple[float, float, float], ...]


@torch.no_grad()
def fit(vae: Any) -> Rows:
    """Fit the map for any autoencoder by decoding a few smooth random latents.

    Returns:
        One row of (red, green, blue) per latent channel, and a last row to add.
    """
    channels = vae.config.latent_channels
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(6, channels, 3, 3, generator=generator) * 1.3
    latents = torch.nn.functional.interpolate(coarse, size=8, mode="bilinear")
    given = latents.to(device=get_module_execution_device(vae), dtype=vae.dtype)
    scaled = given / vae.config.scaling_factor + (vae.config.shift_factor or 0)
    image = vae.decode(scaled).sample.float().cpu()
    check_numbers(image, "the autoencoder")
    small = torch.nn.functional.adaptive_avg_pool2d(image, 8)
    return solve(latents, small)


def solve(latents: Tensor, small: Tensor) -> Rows:
    """Return the least-squares map from latents (n, c, h, w) to colours (n, 3, h, w)."""
    # In double precision, or the last digits would depend on where memory happens to lie.
    known = latents.double().permute(0, 2, 3, 1).flatten(0, 2)
    known = torch.cat([known, known.new_ones(len(known), 1)], 1)
    wanted = small.double().permute(0, 2, 3, 1).flatten(0, 2)
    rows = torch.linalg.lstsq(known, wanted).solution
    return tuple((float(r), float(g), float(b)) for r, g, b in rows)


def draw(latents: Tensor, rows: Rows) -> Pixels:
    """Turn the first picture of latents (batch, c, h, w) into a preview of h x w pixels."""
    table = torch.tensor(rows, dtype=torch.float32)
    values = latents[0].float().cpu().permute(1, 2, 0)
    colours = values @ table[:-1] + table[-1]
    pixels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    height, width, _ = pixels.shape
    return Pixels(width_px=width, height_px=height, rgb=pixels.numpy().tobytes())
