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

from engines import devices
from engines.api import Kind, Run, TrainRequest, TrainResult
from engines.image.starter_text import PromptReader
from engines.services import Services
from engines.training.image import colours, transform
from engines.training.image.data import Bytes, PictureSet, load_or_draw, read_cutouts
from engines.training.image.export import READER, export, preview_rows
from engines.training.image.transform import Transform
from engines.training.image.unet import UnetShape
from engines.training.image.unet_phase import Captioned, measure, read_captions, train_unet
from engines.training.image.vae import VaeShape, psnr_db
from engines.training.image.vae_phase import train_vae

HELD_PICTURES = 400
MEASURED_PICTURES = 128
FITTED_PICTURES = 3000
VAE_SHARE = 0.25
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
        vae=VaeShape(channels=(32, 64, 128, 256), batch=64, learning_rate=1e-3, steps=12_000),
        unet=UnetShape(
            channels=(128, 256, 384), heads=(4, 8, 12), layers=2, batch=256, learning_rate=5e-4
        ),
        working_bytes=16_000_000_000,
    ),
}


@dataclass(frozen=True, slots=True)
class Sets:
    """The pictures to learn from and those kept apart."""

    train: PictureSet
    held: PictureSet


def train(request: TrainRequest, run: Run, services: Services) -> TrainResult:
    """Train until the minutes are over or the recipe is done; measure and export.

    Raises:
        BadRequest: a data folder is missing or empty.
        ModelMissing: MiniLM, which reads the captions, is not in the library.
    """
    reader_folder = Path(services.catalog.get(READER, Kind.TEXT).path)
    recipe, out = RECIPES[request.preset], Path(request.out)
    begun = time.monotonic()
    devices.fix_threads()
    with services.memory.lease(working_bytes=recipe.working_bytes, run=run):
        device = services.memory.device
        sets = _draw(request, recipe, run)
        code = _transform(out, sets.train.pixels)
        limit_s = begun + VAE_SHARE * request.minutes * 60
        pixels = sets.train.pixels
        vae = train_vae(pixels, code, out, recipe.vae, request.seed, run, limit_s, device)
        reader = PromptReader(reader_folder)
        known, held = _captioned(sets, code, reader, run)
        left = max(0.1, request.minutes - (time.monotonic() - begun) / 60)
        unet, steps = train_unet(known, out, recipe.unet, request.seed, run, left, device)
        folder = out / "model"
        export(folder, vae, unet, preview_rows(pixels[:512], known.latents[:512]))
        figures = (
            *_kept_by(vae, code, sets.held.pixels[:MEASURED_PICTURES]),
            ("flow_loss_train", measure(unet, known)),
            ("flow_loss_held", measure(unet, held)),
            ("flow_loss_without_text", measure(unet, held, with_text=False)),
            *colours.accuracy(vae, unet, reader, run),
        )
    return TrainResult(path=str(folder), steps=steps, figures=figures)


def _draw(request: TrainRequest, recipe: Recipe, run: Run) -> Sets:
    """Draw both sets of pictures, or read them from `out` if they were drawn before."""
    cutouts = read_cutouts(request.data)
    folder = Path(request.out) / "data"

    def step(done: int, total: int) -> None:
        run.step(done, total, stage="drawing pictures")

    return Sets(
        load_or_draw(folder, recipe.pictures, cutouts, step=step),
        load_or_draw(folder, HELD_PICTURES, cutouts, held=True, step=step),
    )


def _transform(out: Path, pixels: Bytes) -> Transform:
    """Fit the linear transform, or read the one that training began with."""
    path = out / "transform.safetensors"
    if path.is_file():
        return Transform(**load_file(path))
    code = transform.fit(pixels[:FITTED_PICTURES])
    save_file({"rows": code.rows, "shift": code.shift}, path)
    return code


def _captioned(
    sets: Sets, code: Transform, reader: PromptReader, run: Run
) -> tuple[Captioned, Captioned]:
    """Return latents and caption states of both sets."""
    states, rows = read_captions(reader, sets.train.captions + sets.held.captions, run)
    count = len(sets.train.captions)
    return (
        Captioned(transform.apply(code, sets.train.pixels), states, rows[:count]),
        Captioned(transform.apply(code, sets.held.pixels), states, rows[count:]),
    )


def _kept_by(vae: AutoencoderKL, code: Transform, held: Bytes) -> Figures:
    """Return what the autoencoder keeps of held-out pictures, and what a linear one would."""
    return (
        ("vae_psnr_held_db", psnr_db(vae, held)),
        ("linear_floor_db", transform.floor_db(code, held)),
    )
