"""Train the starter picture model from nothing: pictures, autoencoder, UNet, export.

Each phase leaves its work in `TrainRequest.out` and is taken up again from
there; the finished diffusers folder lies in `out/model`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor

from engines import devices
from engines.api import Kind, Run, TrainRequest, TrainResult
from engines.image.starter_text import PromptReader
from engines.services import Services
from engines.training.image import colours
from engines.training.image.data import PictureSet, load_or_draw, read_cutouts
from engines.training.image.export import READER, export, preview_rows
from engines.training.image.unet import UnetShape
from engines.training.image.unet_phase import Captioned, measure, read_captions, train_unet
from engines.training.image.vae import VaeShape, encode, linear_floor_db, psnr_db, standardise
from engines.training.image.vae_phase import train_vae

HELD_PICTURES = 400
MEASURED_PICTURES = 128
VAE_SHARE = 0.2
"""Of the time given, at most, for the autoencoder."""

Figures = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Sizes of a preset; `working_bytes` is what training it takes."""

    pictures: int
    vae: VaeShape
    unet: UnetShape
    working_bytes: int


RECIPES = {
    "cpu": Recipe(pictures=14_000, vae=VaeShape(), unet=UnetShape(), working_bytes=2_500_000_000),
    "gpu": Recipe(
        pictures=60_000,
        vae=VaeShape(channels=(64, 128, 256, 256), batch=64, learning_rate=5e-4, steps=8000),
        unet=UnetShape(
            channels=(128, 256, 384), heads=(4, 8, 12), layers=2, batch=256, learning_rate=5e-4
        ),
        working_bytes=16_000_000_000,
    ),
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the first phase leaves: the autoencoder and the latents of both sets."""

    vae: AutoencoderKL
    train: Tensor
    held: Tensor


def train(request: TrainRequest, run: Run, services: Services) -> TrainResult:
    """Train until the minutes are over or the recipe is done; measure and export.

    Raises:
        BadRequest: a data folder is missing or empty.
        ModelMissing: MiniLM, which reads the captions, is not in the library.
    """
    reader_folder = Path(services.catalog.get(READER, Kind.TEXT).path)
    cutouts = read_cutouts(request.data)
    recipe, out = RECIPES[request.preset], Path(request.out)
    begun = time.monotonic()
    devices.fix_threads()
    with services.memory.lease(working_bytes=recipe.working_bytes, run=run):
        device = services.memory.device

        def step(done: int, total: int) -> None:
            run.step(done, total, stage="drawing pictures")

        train_set = load_or_draw(out / "data", recipe.pictures, cutouts, step=step)
        held_set = load_or_draw(out / "data", HELD_PICTURES, cutouts, held=True, step=step)
        limit_s = begun + VAE_SHARE * request.minutes * 60
        encoded = _encode(request, recipe, (train_set, held_set), run, limit_s, device)
        reader = PromptReader(reader_folder)
        states, rows = read_captions(reader, train_set.captions + held_set.captions, run)
        count = len(train_set.captions)
        data = Captioned(encoded.train, states, rows[:count])
        held = Captioned(encoded.held, states, rows[count:])
        left = max(0.1, request.minutes - (time.monotonic() - begun) / 60)
        unet, steps = train_unet(data, out, recipe.unet, request.seed, run, left, device)
        shown = train_set.pixels[:512], encoded.train[:512]
        folder = out / "model"
        export(folder, encoded.vae, unet, preview_rows(*shown))
        figures = (
            *_measured(encoded.vae, train_set, held_set),
            ("flow_loss_train", measure(unet, data)),
            ("flow_loss_held", measure(unet, held)),
            ("flow_loss_without_text", measure(unet, held, with_text=False)),
            *colours.accuracy(encoded.vae, unet, reader, run),
        )
    return TrainResult(path=str(folder), steps=steps, figures=figures)


def _measured(vae: AutoencoderKL, train_set: PictureSet, held_set: PictureSet) -> Figures:
    """Return what the autoencoder keeps of held-out pictures, and what a linear one would."""
    held = held_set.pixels[:MEASURED_PICTURES]
    return (
        ("vae_psnr_held_db", psnr_db(vae, held)),
        ("linear_floor_db", linear_floor_db(train_set.pixels[:1500], held)),
    )


def _encode(
    request: TrainRequest,
    recipe: Recipe,
    sets: tuple[PictureSet, PictureSet],
    run: Run,
    limit_s: float,
    device: str,
) -> Encoded:
    """Return the trained autoencoder and all latents, from `out` if they were made before."""
    out = Path(request.out)
    path = out / "latents.safetensors"
    if path.is_file():
        vae = AutoencoderKL.from_pretrained(out / "vae", local_files_only=True).to(device).eval()
        kept = load_file(path)
        return Encoded(vae, kept["train"], kept["held"])
    train_set, held_set = sets
    vae = train_vae(train_set.pixels, out, recipe.vae, request.seed, run, limit_s, device)
    run.step(0, 1, stage="encoding")
    latents = standardise(vae, encode(vae, train_set.pixels))
    encoded = Encoded(vae, latents, encode(vae, held_set.pixels))
    vae.save_pretrained(out / "vae")
    part = path.with_suffix(".part")
    save_file({"train": encoded.train, "held": encoded.held}, part)
    part.replace(path)
    return encoded
