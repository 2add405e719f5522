"""A line of figures after each turn of a training, on fixed pictures."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

import torch

from engines.training.image.stream import Captioned, Stream
from engines.training.image.unet_phase import UnetTraining, measure
from engines.training.image.vae import psnr_db
from engines.training.image.vae_phase import DecoderTraining

MEASURED: Final = 160
DECODED: Final = 24
FIXED_BATCH: Final = 1_000_000_007
"""The number of the batch that is measured; training never gets that far."""


def mixed(stream: Stream, count: int) -> Captioned:
    """Draw about `count` fixed pictures with each kind in its exact share, for fair comparison."""
    shares = stream.pictures.shares
    parts = [
        stream.batch(FIXED_BATCH + place, max(1, round(share * count)), kind=kind)
        for place, (kind, share) in enumerate(shares.items())
    ]
    return Captioned(
        torch.cat([part.latents for part in parts]),
        torch.cat([part.states for part in parts]),
        tuple(caption for part in parts for caption in part.captions),
    )


class Journal:
    """Measures the running means and appends to a file, one JSON object a line."""

    def __init__(self, path: Path, known: Stream, held: Stream) -> None:
        self._path = path
        self._held_stream = held
        self._known = mixed(known, MEASURED)
        self._held = mixed(held, MEASURED)
        self._empty = known.captions.of([""])[0]
        self._begun = time.monotonic()

    def write(self, decoder: DecoderTraining, unet: UnetTraining) -> dict[str, float]:
        """Measure now; return and append the figures."""
        pixels, _ = self._held_stream.pixels(FIXED_BATCH, DECODED)
        with decoder.trainee.wearing_mean(), unet.trainee.wearing_mean():
            unet.model.eval()
            figures = {
                "flow_loss_train": measure(unet.model, self._known),
                "flow_loss_held": measure(unet.model, self._held),
                "flow_loss_without_text": measure(unet.model, self._held, self._empty),
                "vae_psnr_held_db": psnr_db(decoder.model, pixels),
            }
        row = {
            "minutes": (time.monotonic() - self._begun) / 60,
            "samples": unet.trainee.step * unet.shape.batch,
            "decoder_steps": decoder.trainee.step,
            "loss": unet.loss,
            **figures,
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: round(value, 5) for name, value in row.items()}) + "\n")
        return figures
