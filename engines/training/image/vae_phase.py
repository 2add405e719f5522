"""Train the decoder in turns on pieces of pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import numpy as np
import torch
from diffusers import AutoencoderKL

from engines.api import Run
from engines.training.image.checkpoint import Trainee
from engines.training.image.stream import Stream
from engines.training.image.vae import VaeShape, build_vae, crops, decoder_loss, latents_of

REPORT_EVERY: Final = 20
WEIGHT_DECAY: Final = 1e-4


class DecoderTraining:
    """An autoencoder whose decoder is in training; `out` holds its checkpoint `vae.safetensors`."""

    def __init__(self, stream: Stream, out: Path, shape: VaeShape, seed: int, device: str) -> None:
        torch.manual_seed(seed)
        self.shape = shape
        self._stream, self._seed, self._device = stream, seed, device
        self.model: AutoencoderKL = build_vae(shape, stream.code).to(device)
        highest = shape.rate.highest
        decoder = self.model.decoder
        self.trainee = Trainee(decoder, highest, decay=WEIGHT_DECAY)
        self._path = out / "vae.safetensors"
        self.trainee.load(self._path)
        self._first = self.trainee.step

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.trainee.step >= self.shape.rate.steps

    def turn(self, deadline_s: float, run: Run) -> None:
        """Train until `deadline_s` of `time.monotonic` or the end; then save."""
        try:
            while not self.done and time.monotonic() < deadline_s:
                loss = self._step()
                step = self.trainee.step
                if step % REPORT_EVERY == 0:
                    told = f"loss {loss:.4f}"
                    run.step(step, self.shape.rate.steps, told, stage="autoencoder")
        finally:
            self.trainee.save(self._path)

    def _step(self) -> float:
        step = self.trainee.step
        number = self._seed + step
        pixels, _ = self._stream.pixels(number, self.shape.batch)
        rng = np.random.default_rng([3, number])
        image = crops(pixels, rng)
        latents = latents_of(self._stream.code, image, rng)
        with torch.autocast(self._device, torch.bfloat16):
            loss = decoder_loss(self.model, latents.to(self._device), image.to(self._device))
        self.trainee.advance(loss, self.shape.rate.at(step, step - self._first))
        return loss.item()
