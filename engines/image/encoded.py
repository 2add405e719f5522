"""The pictures a drawing starts from, encoded in a phase before it.

A pipeline asks its autoencoder for the latents of a start picture in the
middle of its own work. It is given `Encoded` in the autoencoder's place, which
knows the answers already; the random draw from them stays the pipeline's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from torch import Tensor

from engines.image.parts import Parts
from engines.image.pipelines import canvas
from engines.image.settling import Settled


class Encoded:
    """Answers as an autoencoder whose pictures were all encoded before.

    Attributes:
        config: The autoencoder's own.
    """

    def __init__(self, config: Any, known: Sequence[tuple[Tensor, Tensor]]) -> None:
        self.config = config
        self._known = known

    def encode(self, picture: Tensor) -> AutoencoderKLOutput:
        """Return the distribution of a picture's latents.

        Raises:
            LookupError: it was not encoded before.
        """
        for seen, moments in self._known:
            if seen.shape == picture.shape and torch.equal(seen.to(picture), picture):
                spread = DiagonalGaussianDistribution(moments.to(picture))
                return AutoencoderKLOutput(latent_dist=spread)
        raise LookupError("a picture was not encoded before the drawing")

    def to(self, *place: Any, **precision: Any) -> Self:
        """Stay: a pipeline asks its autoencoder to change precision around encoding."""
        return self


def pictures_of(settled: Settled, config: Any, parts: Parts) -> tuple[Tensor, ...]:
    """Return the pictures a pipeline will ask for, as it hands them to the autoencoder."""
    factor = 2 ** (len(config.block_out_channels) - 1)
    reader = VaeImageProcessor(vae_scale_factor=factor)
    masked_too = parts.fills_in or (bool(parts.flow) and settled.mask is not None)
    if not masked_too:
        return () if settled.start is None else (reader.preprocess(settled.start),)
    masks = VaeImageProcessor(
        vae_scale_factor=factor, do_normalize=False, do_binarize=True, do_convert_grayscale=True
    )
    size = {"height": settled.height_px, "width": settled.width_px}
    start, mask = canvas((settled.width_px, settled.height_px), settled.start, settled.mask)
    whole = reader.preprocess(start, **size).to(torch.float32)
    masked = whole * (masks.preprocess(mask, **size) < 0.5)
    return (masked,) if settled.start is None else (whole, masked)
