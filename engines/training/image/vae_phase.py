"""Train the decoder for a number of steps or minutes, resuming where it stopped."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from engines.api import Run
from engines.training.image.checkpoint import Trainee
from engines.training.image.data import Bytes
from engines.training.image.transform import Transform
from engines.training.image.vae import (
    VaeShape,
    build_vae,
    crops,
    decoder_loss,
    latents_of,
    vae_rate,
)

SAVE_EVERY_S = 180.0
REPORT_EVERY = 20


def train_vae(
    pixels: Bytes,
    transform: Transform,
    out: Path,
    shape: VaeShape,
    seed: int,
    run: Run,
    deadline_s: float,
    device: str = "cpu",
) -> AutoencoderKL:
    """Return the autoencoder with the decoder's running mean as weights.

    Args:
        pixels: Pictures, (count, side, side, 3).
        out: Folder of the checkpoint `vae.safetensors`.
        deadline_s: When to stop at the latest, by `time.monotonic`; the
            learning rate falls with the steps, so a stop before is a loss.
        device: "cpu" or "cuda".
    """
    torch.manual_seed(seed)
    vae = build_vae(shape, transform).to(device)
    trainee = Trainee(vae.decoder, shape.learning_rate, ema=0.995, decay=1e-4)
    path = out / "vae.safetensors"
    trainee.load(path)
    saved = time.monotonic()
    while trainee.step < shape.steps and time.monotonic() < deadline_s:
        rng = np.random.default_rng([seed, trainee.step])
        image = crops(pixels, shape.batch, rng)
        latents = latents_of(transform, image, rng)
        with torch.autocast(device, torch.bfloat16):
            loss = decoder_loss(vae, latents.to(device), image.to(device))
        trainee.advance(loss, vae_rate(trainee.step, shape))
        if trainee.step % REPORT_EVERY == 0:
            run.step(trainee.step, shape.steps, f"loss {loss.item():.4f}", stage="autoencoder")
        if time.monotonic() - saved > SAVE_EVERY_S:
            trainee.save(path)
            saved = time.monotonic()
    trainee.save(path)
    trainee.wear_mean()
    return vae.eval()
