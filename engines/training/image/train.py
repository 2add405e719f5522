"""Train the starter picture model: its material, then decoder and UNet in turns, then export.

All of it lies in `TrainRequest.out` and is taken up again from there after a
stop at any moment; the finished diffusers folder is written to `out/model`.
`TrainRequest.data` names folders with the packages of `sources`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file

from engines import devices
from engines.api import Kind, Run, TrainRequest, TrainResult
from engines.image.words.starter_text import PromptReader
from engines.memory.lease import Working
from engines.services import Services
from engines.training.image import transform
from engines.training.image.bank import SIDE_PX, Bank, open_or_make
from engines.training.image.export import READER, export, preview_rows
from engines.training.image.journal import Journal
from engines.training.image.pictures import Pictures
from engines.training.image.rate import Rate
from engines.training.image.stream import CaptionStates, Stream
from engines.training.image.transform import Transform
from engines.training.image.unet import UnetShape
from engines.training.image.unet_phase import UnetTraining
from engines.training.image.vae import VaeShape
from engines.training.image.vae_phase import DecoderTraining

FITTED_PICTURES: Final = 3000
TURN_S: Final = 600.0
"""Decoder and UNet take turns of this length together; after each both are saved."""
DECODER_SHARE: Final = 0.1
"""Of a turn, as long as the decoder has steps left: it is good long before the UNet."""
LONG_MINUTES: Final = 30.0
"""Trainings over this length are worth the time that compiling takes."""
COLOURED_PICTURES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Sizes of a preset; `working_bytes` is what training it takes."""

    scenes: int
    side_px: int
    vae: VaeShape
    unet: UnetShape
    working_bytes: int


RECIPES = {
    "cpu": Recipe(
        scenes=20_000,
        side_px=SIDE_PX,
        vae=VaeShape(),
        unet=UnetShape(),
        working_bytes=3_500_000_000,
    ),
    "gpu": Recipe(
        scenes=40_000,
        side_px=256,
        vae=VaeShape(
            channels=(32, 64, 128, 256),
            batch=64,
            rate=Rate(highest=1e-3, steps=12_000, steady=3_000),
        ),
        unet=UnetShape(
            channels=(128, 256, 384),
            heads=(4, 8, 12),
            layers=2,
            latent_side=32,
            batch=256,
            rate=Rate(highest=5e-4, steps=12_000, steady=4_000),
        ),
        working_bytes=24_000_000_000,
    ),
}


def train(request: TrainRequest, run: Run, services: Services) -> TrainResult:
    """Train until the minutes are over or the recipe is done; export what there is.

    Raises:
        BadRequest: a data folder is missing, or a package in it is broken.
        ModelMissing: MiniLM, which reads the captions, is not in the library.
    """
    reader_folder = Path(services.catalog.get(READER, Kind.TEXT).path)
    recipe, out = RECIPES[request.preset], Path(request.out)
    end_s = time.monotonic() + request.minutes * 60
    fix_threads()
    working = Working(operation="image.train", estimate_bytes=recipe.working_bytes)
    with services.memory.lease(working=working, run=run):
        device = services.memory.device
        bank = _material(request, recipe, run)
        code = _transform(out, bank)
        captions = CaptionStates(PromptReader(reader_folder))
        known, held = (Stream(Pictures(bank, held=held), code, captions) for held in (False, True))
        decoder = DecoderTraining(known, out, recipe.vae, request.seed, device)
        unet = UnetTraining(
            known,
            out,
            recipe.unet,
            request.seed,
            device,
            compiled=request.minutes > LONG_MINUTES,
        )
        figures: dict[str, float] = {}
        journal = Journal(out / "journal.jsonl", known, held)
        while not (unet.done and decoder.done) and time.monotonic() < end_s:
            _turn(decoder, unet, end_s, run)
            figures = journal.write(decoder, unet)
        folder = export_means(out, decoder, unet, known)
    return TrainResult(path=str(folder), steps=unet.trainee.step, figures=tuple(figures.items()))


def fix_threads() -> None:
    """Use as many threads as OMP_NUM_THREADS says, if it does: small steps gain little by more."""
    devices.fix_threads()
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        torch.set_num_threads(int(asked))


def _material(request: TrainRequest, recipe: Recipe, run: Run) -> Bank:
    """Make the bank, or open it if it was made before."""

    def step(done: int, total: int) -> None:
        run.step(done, total, stage="drawing scenes")

    folder = Path(request.out) / "bank"
    return open_or_make(folder, request.data, recipe.scenes, side_px=recipe.side_px, step=step)


def _transform(out: Path, bank: Bank) -> Transform:
    """Fit the linear transform, or read the one that training began with."""
    path = out / "transform.safetensors"
    if path.is_file():
        return Transform(**load_file(path))
    code = transform.fit(Pictures(bank).many(FITTED_PICTURES, seed=0))
    save_file({"rows": code.rows, "shift": code.shift}, path)
    return code


def _turn(decoder: DecoderTraining, unet: UnetTraining, end_s: float, run: Run) -> None:
    """Let the decoder and the UNet train a while, one after the other."""
    begun = time.monotonic()
    share = 0.0 if decoder.done else 1.0 if unet.done else DECODER_SHARE
    length_s = min(TURN_S, end_s - begun)
    decoder.turn(begun + share * length_s, run)
    unet.turn(begun + length_s, run)


def export_means(out: Path, decoder: DecoderTraining, unet: UnetTraining, known: Stream) -> Path:
    """Write the running means as a model folder."""
    pixels = known.pictures.many(COLOURED_PICTURES, seed=1)
    rows = preview_rows(pixels, transform.apply(known.code, pixels))
    folder = out / "model"
    with decoder.trainee.wearing_mean(), unet.trainee.wearing_mean():
        export(folder, decoder.model, unet.model, rows, side_px=known.pictures.bank.side_px)
    return folder
