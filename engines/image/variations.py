"""Variations of a picture: another seed's noise mixed into its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engines import devices

if TYPE_CHECKING:
    from engines.image.pipelines import Drawing

ALMOST_PARALLEL = 1e-6


def slerp(share: float, first: Tensor, second: Tensor) -> Tensor:
    """Go so much of the way from one noise to another along the sphere, shapes equal.

    Shoemake 1985, "Animating rotation with quaternion curves": a straight mix
    of two noises would be weaker than either, which gives washed-out pictures.
    """
    one, two = first.double().flatten(), second.double().flatten()
    cosine = torch.dot(one, two) / (one.norm() * two.norm())
    angle = torch.acos(cosine.clamp(-1, 1))
    if torch.sin(angle).abs() < ALMOST_PARALLEL:
        return torch.lerp(first, second, share)
    mixed = torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * two
    return (mixed / torch.sin(angle)).view_as(first).to(first)


def vary(pipeline: Any, drawing: Drawing, asked: dict[str, Any]) -> None:
    """Have a pipeline begin from a drawing's mixed noise; change nothing without a variation.

    The seed's own noise is drawn as the pipeline would draw it, so that all
    that it draws later stays the same, and the smallest variation is next to none.

    Args:
        asked: What the pipeline will be called with.
    """
    if not drawing.variation:
        return
    is_filling = "Inpaint" in type(pipeline).__name__
    if drawing.start is None or (is_filling and drawing.strength >= 1):
        asked["latents"] = _from_noise(pipeline, drawing, asked)
    else:
        covers = "add_noise" if hasattr(pipeline.scheduler, "add_noise") else "scale_noise"
        _stir(pipeline.scheduler, covers, drawing)


def _from_noise(pipeline: Any, drawing: Drawing, asked: dict[str, Any]) -> Tensor:
    """Draw and mix the noise that a pipeline would begin with, in the form that it takes."""
    channels = pipeline.vae.config.latent_channels
    factor = pipeline.vae_scale_factor
    shape = (1, channels, drawing.height_px // factor, drawing.width_px // factor)
    dtype = asked["prompt_embeds"].dtype
    noise = _mixed(torch.randn(shape, generator=asked["generator"], dtype=dtype), drawing)
    pack = getattr(pipeline, "_pack_latents", None)
    if pack is not None and drawing.start is None:
        noise = pack(noise, *shape)
    return noise.to(asked["prompt_embeds"].device)


def _stir(scheduler: Any, name: str, drawing: Drawing) -> None:
    """Have a scheduler mix the noise it covers a start with: in the next call of `name`."""
    plain = getattr(scheduler, name)
    place = 2 if name == "scale_noise" else 1  # (start, time, noise) or (start, noise, time)

    def once(*given: Any) -> Tensor:
        setattr(scheduler, name, plain)
        values = list(given)
        values[place] = _mixed(values[place], drawing)
        covered: Tensor = plain(*values)
        return covered

    setattr(scheduler, name, once)


def _mixed(noise: Tensor, drawing: Drawing) -> Tensor:
    generator = devices.generator(drawing.variation_seed)
    other = torch.randn(noise.shape, generator=generator, dtype=noise.dtype)
    return slerp(drawing.variation, noise, other.to(noise.device))
