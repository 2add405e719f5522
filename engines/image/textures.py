"""Pictures that fit to themselves on all sides: convolutions that look around the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.models.downsampling import Downsample2D
from PIL import Image
from torch import Tensor, nn

LAP_PX = 64
"""How far a picture that was decoded in tiles is drawn past its end, to fade into its beginning."""

WIDEST_FILTER_PX = 16
"""How far Lanczos' filter looks around a pixel, at most, when a picture gets a little smaller."""


@contextmanager
def circular(network: nn.Module) -> Iterator[None]:
    """Have a network see its picture as a torus for a `with` block; then it is as it was."""
    padded = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and any(layer.padding)
    ]
    hooks = [
        layer.conv.register_forward_pre_hook(_around)
        for layer in network.modules()
        # An autoencoder's way down is padded at two sides only, outside its convolution.
        if isinstance(layer, Downsample2D) and layer.use_conv and layer.padding == 0
    ]
    try:
        for layer in padded:
            layer.padding_mode = "circular"
        yield
    finally:
        for layer in padded:
            layer.padding_mode = "zeros"
        for hook in hooks:
            hook.remove()


def _around(layer: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put the first column and row in the place of the nought after the last."""
    values: Tensor = given[0].clone()
    values[..., -1] = values[..., 0]
    values[..., -1, :] = values[..., 0, :]
    return (values, *given[1:])


def lapped(latents: Tensor, px_per_latent: int) -> Tensor:
    """Continue latents (1, channels, h, w) with their beginning, right and below."""
    lap = min(LAP_PX // px_per_latent, *latents.shape[-2:])
    wide = torch.cat([latents, latents[..., :lap]], dim=-1)
    return torch.cat([wide, wide[..., :lap, :]], dim=-2)


def closed(image: Image.Image, size_px: tuple[int, int]) -> Image.Image:
    """Fade what a picture shows past its end into its beginning, and cut it to its size."""
    for turn in (None, Image.Transpose.TRANSPOSE):
        length_px = size_px[0] if turn is None else size_px[1]
        image = image if turn is None else image.transpose(turn)
        image = _closed_across(image, length_px)
        image = image if turn is None else image.transpose(turn)
    return image


def resized(image: Image.Image, size_px: tuple[int, int]) -> Image.Image:
    """Bring a picture that fits to itself to a size, looking around its edges for it."""
    around_px = min(WIDEST_FILTER_PX, image.width, image.height)
    wide = Image.new(image.mode, (image.width + 2 * around_px, image.height + 2 * around_px))
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            place = around_px + across * image.width, around_px + down * image.height
            wide.paste(image, place)
    inside = (around_px, around_px, around_px + image.width, around_px + image.height)
    return wide.resize(size_px, Image.Resampling.LANCZOS, box=inside)


def _closed_across(image: Image.Image, width_px: int) -> Image.Image:
    lap_px = image.width - width_px
    beyond = image.crop((width_px, 0, image.width, image.height))
    begin = image.crop((0, 0, lap_px, image.height))
    ramp = Image.new("L", (lap_px, 1))
    ramp.putdata([round(255 * place / lap_px) for place in range(lap_px)])
    done = image.crop((0, 0, width_px, image.height))
    done.paste(Image.composite(begin, beyond, ramp.resize(begin.size)), (0, 0))
    return done


class Texture:
    """The aid that has the UNet draw a texture; it says nothing to its calls."""

    components: tuple[Any, ...] = ()

    def prepare(self, sitting: Any) -> None:
        """Need nothing."""

    @contextmanager
    def dressed(self, unet: nn.Module, loaded: Any) -> Iterator[Callable[..., Tensor]]:
        """Have the UNet see a torus."""
        with circular(unet):
            yield lambda call, ask: ask(call)
