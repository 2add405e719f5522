"""Train the UNet on latents made before, until the time is over; measure it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

from engines.api import Run
from engines.image.starter_text import PromptReader
from engines.training.image.checkpoint import Trainee
from engines.training.image.unet import (
    DROPPED_CAPTIONS,
    UnetShape,
    build_unet,
    draw_times,
    flow_loss,
)

SAVE_EVERY_S = 180.0
REPORT_EVERY = 10
WARM_STEPS = 200
STEADY_SHARE = 0.6
"""Of the time the rate stays; then it falls in a line to nothing (WSD schedule)."""


@dataclass(frozen=True)
class Captioned:
    """Latents (count, 16, side, side) and, for each, the row of its caption in `states`."""

    latents: Tensor
    states: Tensor
    rows: Tensor


def read_captions(
    reader: PromptReader, captions: tuple[str, ...], run: Run
) -> tuple[Tensor, Tensor]:
    """Return the states of the distinct captions (the first is empty) and each one's row."""
    distinct = ["", *sorted(set(captions) - {""})]
    place = {caption: row for row, caption in enumerate(distinct)}
    parts = []
    for start in range(0, len(distinct), 64):
        parts.append(reader.read(distinct[start : start + 64]).half())
        run.step(start, len(distinct), stage="reading captions")
    return torch.cat(parts), torch.tensor([place[caption] for caption in captions])


def _batch(data: Captioned, shape: UnetShape, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw latents, states, times and noise of one step."""
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(len(data.rows), (shape.batch,), generator=generator)
    dropped = torch.rand(shape.batch, generator=generator) < DROPPED_CAPTIONS
    rows = torch.where(dropped, 0, data.rows[index])
    latents = data.latents[index].float()
    noise = torch.randn(latents.shape, generator=generator)
    return latents, data.states[rows].float(), draw_times(shape.batch, generator), noise


def _rate(shape: UnetShape, done: int, share: float) -> float:
    """Return the learning rate after `done` steps of this run, `share` of the time over."""
    fall = max(0.0, min(1.0, (1 - share) / (1 - STEADY_SHARE)))
    return shape.learning_rate * min(1.0, (done + 1) / WARM_STEPS) * max(fall, 0.01)


def train_unet(
    data: Captioned,
    out: Path,
    shape: UnetShape,
    seed: int,
    run: Run,
    minutes: float,
    device: str = "cpu",
) -> tuple[UNet2DConditionModel, int]:
    """Train for `minutes` or `shape.steps`; return the model with its running mean, and the steps.

    `out` holds the checkpoint `unet.safetensors`, from which training goes on.
    """
    torch.manual_seed(seed)
    unet = build_unet(shape).to(device)
    if device == "cpu":
        # The fused attention's way back took a quarter of a step on a processor (measured).
        unet.set_attn_processor(AttnProcessor())
    trainee = Trainee(unet, shape.learning_rate, ema=0.999, decay=0.01)
    path = out / "unet.safetensors"
    trainee.load(path)
    first, begun = trainee.step, time.monotonic()
    saved, slow = begun, 0.0
    while trainee.step < shape.steps and time.monotonic() - begun < minutes * 60:
        share = (time.monotonic() - begun) / (minutes * 60)
        batch = _batch(data, shape, seed + trainee.step)
        with torch.autocast(device, torch.bfloat16):
            loss = flow_loss(unet, *(part.to(device) for part in batch))
        trainee.advance(loss, _rate(shape, trainee.step - first, share))
        slow = loss.item() if slow == 0 else 0.98 * slow + 0.02 * loss.item()
        if trainee.step % REPORT_EVERY == 0:
            run.step(trainee.step, shape.steps, f"loss {slow:.4f}", stage="picture model")
        if time.monotonic() - saved > SAVE_EVERY_S:
            trainee.save(path)
            saved = time.monotonic()
    trainee.save(path)
    trainee.wear_mean()
    return unet.eval(), trainee.step


@torch.no_grad()
def measure(
    unet: UNet2DConditionModel, data: Captioned, *, with_text: bool = True, count: int = 256
) -> float:
    """Return the flow loss on the first `count` pictures, at fixed times and noise."""
    generator = torch.Generator().manual_seed(0)
    total, done = 0.0, 0
    for start in range(0, min(count, len(data.rows)), 32):
        index = slice(start, min(start + 32, count))
        latents = data.latents[index].float()
        rows = data.rows[index] if with_text else torch.zeros_like(data.rows[index])
        noise = torch.randn(latents.shape, generator=generator)
        times = draw_times(len(latents), generator)
        batch = (latents, data.states[rows].float(), times, noise)
        loss = flow_loss(unet, *(part.to(unet.device) for part in batch))
        total += len(latents) * loss.item()
        done += len(latents)
    return total / done
