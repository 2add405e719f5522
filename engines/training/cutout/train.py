"""Train the cut-out network on composites, first small, then at its own size; then export.

All of it lies in `TrainRequest.out` and is taken up again from there after a
stop at any moment; the network is written to `out/model`. `TrainRequest.data`
names folders with the packages of `engines.training.image.sources`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from engines.api import Run, TrainRequest, TrainResult
from engines.image.cutouts import matting
from engines.image.cutouts.needs import FILE
from engines.memory.lease import Working
from engines.services import Services
from engines.training.cutout.composites import Composites
from engines.training.image.bank import Bytes, open_or_make
from engines.training.image.checkpoint import Trainee
from engines.training.image.train import fix_threads

WEIGHTS_DECAY: Final = 0.01
WORKING_BYTES: Final = 3_000_000_000
SAVED_EVERY: Final = 100
MEASURED: Final = 200
MEASURED_BATCH: Final = 1_000_000_007
"""The number of the batch that is measured; training never gets that far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Sizes of a preset.

    Attributes:
        scenes: How many scenes are drawn as grounds.
        early: Steps on pictures of half the side, four times as many in a batch.
        late: Steps on whole ones.
        batch: Pictures of a step of the later ones.
        rate: The highest learning rate; it rises over 100 steps and falls as a cosine.
    """

    scenes: int
    early: int
    late: int
    batch: int
    rate: float

    @property
    def steps(self) -> int:
        return self.early + self.late

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        falling = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))
        return self.rate * min(1.0, (step + 1) / 100) * falling + 1e-6


RECIPES = {
    "cpu": Recipe(scenes=1_500, early=1_000, late=1_300, batch=8, rate=2e-3),
    "gpu": Recipe(scenes=6_000, early=6_000, late=6_000, batch=64, rate=2e-3),
}


def train(request: TrainRequest, run: Run, services: Services) -> TrainResult:
    """Train until the minutes are over or the recipe is done; export what there is.

    Raises:
        BadRequest: a data folder is missing, or a package in it is broken.
    """
    recipe, out = RECIPES[request.preset], Path(request.out)
    end_s = time.monotonic() + request.minutes * 60
    fix_threads()
    working = Working(operation="cutout.train", estimate_bytes=WORKING_BYTES)
    with services.memory.lease(working=working, run=run):
        device = services.memory.device

        def step(done: int, total: int) -> None:
            run.step(done, total, stage="drawing scenes")

        bank = open_or_make(
            out / "bank", request.data, recipe.scenes, side_px=matting.SIDE_PX, step=step
        )
        torch.manual_seed(request.seed)
        network = matting.CutoutNet().to(device=device, memory_format=torch.channels_last)
        trainee = Trainee(network, recipe.rate, decay=WEIGHTS_DECAY)
        trainee.load(out / "network.safetensors")
        _learn(trainee, Composites(bank), recipe, out, end_s, run)
        trainee.wear_mean()
        figures = measure(network, Composites(bank, held=True), device, run)
        folder = export(network, out / "model")
    return TrainResult(path=str(folder), steps=trainee.step, figures=tuple(figures.items()))


def _learn(
    trainee: Trainee, composites: Composites, recipe: Recipe, out: Path, end_s: float, run: Run
) -> None:
    """Take steps until the recipe or the time is over; save now and then and at the end."""
    network = trainee.model.train()
    place = next(network.parameters()).device
    begun, last = trainee.step, 0.0
    for pictures, mattes in _batches(composites, recipe, begun):
        run.step(trainee.step, recipe.steps, stage=f"training, loss {last:.4f}")
        given, wanted = _tensors(pictures, mattes, str(place), small=trainee.step < recipe.early)
        with torch.autocast(place.type, torch.bfloat16):
            logits = network(given)
        loss = _loss(logits.float(), wanted)
        trainee.advance(loss, recipe.rate_at(trainee.step))
        last = loss.item()
        if trainee.step % SAVED_EVERY == 0:
            trainee.save(out / "network.safetensors")
        if time.monotonic() > end_s:
            break
    if trainee.step > begun:
        trainee.save(out / "network.safetensors")


def _batches(composites: Composites, recipe: Recipe, begun: int) -> Iterator[tuple[Bytes, Bytes]]:
    """Draw the batches of the steps that are left, one ahead of its use."""
    with ThreadPoolExecutor(1, "composites") as drawer:
        counts = [recipe.batch * (4 if n < recipe.early else 1) for n in range(recipe.steps)]
        coming = (
            drawer.submit(composites.batch, begun, counts[begun]) if begun < len(counts) else None
        )
        for number in range(begun + 1, len(counts) + 1):
            ready, coming = coming, None
            if number < len(counts):
                coming = drawer.submit(composites.batch, number, counts[number])
            if ready is not None:
                yield ready.result()


def _tensors(
    pictures: Bytes, mattes: Bytes, device: str, *, small: bool = False
) -> tuple[Tensor, Tensor]:
    """Return pictures (n, 3, side, side) of -1 to 1 and mattes (n, 1, side, side) of 0 to 1."""
    given = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    wanted = torch.from_numpy(mattes).to(device)[:, None].float() / 255
    if small:
        given, wanted = functional.avg_pool2d(given, 2), functional.avg_pool2d(wanted, 2)
    return given.contiguous(memory_format=torch.channels_last), wanted


def _loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy for each pixel, the distance of the mattes, and their overlap as a whole."""
    matte = torch.sigmoid(logits)
    both = (matte * wanted).sum((1, 2, 3))
    either = (matte + wanted - matte * wanted).sum((1, 2, 3))
    overlap = 1 - ((both + 1) / (either + 1)).mean()
    crossed = functional.binary_cross_entropy_with_logits(logits, wanted)
    return crossed + functional.l1_loss(matte, wanted) + 0.5 * overlap


@torch.no_grad()
def measure(
    network: torch.nn.Module, composites: Composites, device: str, run: Run
) -> dict[str, float]:
    """Return the mean overlap (IoU, of pictures with a subject) and distance (MAE) of mattes."""
    network.eval()
    overlaps: list[float] = []
    distances: list[float] = []
    for number in range(0, MEASURED, 8):
        run.step(number, MEASURED, stage="measuring")
        pictures, mattes = composites.batch(MEASURED_BATCH + number, 8)
        given, wanted = _tensors(pictures, mattes, device)
        matte = torch.sigmoid(network(given).float())
        distances += (matte - wanted).abs().mean((1, 2, 3)).tolist()
        inside, truth = matte > 0.5, wanted > 0.5
        both, either = (inside & truth).sum((1, 2, 3)), (inside | truth).sum((1, 2, 3))
        overlaps += [
            float(b) / float(e)
            for b, e, t in zip(both, either, truth.sum((1, 2, 3)), strict=True)
            if t > 0
        ]
    return {"iou": float(np.mean(overlaps)), "mae": float(np.mean(distances))}


def export(network: torch.nn.Module, folder: Path) -> Path:
    """Write the weights in half precision, as the application ships them."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / FILE)
    return folder
