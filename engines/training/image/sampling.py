"""Draw many pictures at once with a model folder, as the picture engine draws one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import Tensor

from engines.api import BadRequest, Run
from engines.formats.json_reader import read_object
from engines.image import card
from engines.training.image.bank import Bytes
from engines.training.image.stream import CaptionStates

BATCH: Final = 16


@dataclass(frozen=True)
class Model:
    """The parts of a model folder, and how its card says to draw."""

    folder: Path
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    steps: int
    guidance: float
    side_px: int


def load(folder: Path) -> Model:
    """Read a model folder that `export` wrote.

    Raises:
        BadRequest: there is none.
    """
    if not (folder / card.NAME).is_file():
        raise BadRequest(f"there is no trained picture model in {folder}")
    about: dict[str, Any] = read_object(folder / card.NAME)
    parts: list[Any] = []
    for kind, name in ((AutoencoderKL, "vae"), (UNet2DConditionModel, "unet")):
        part = kind.from_pretrained(folder / name, local_files_only=True, use_safetensors=True)
        parts.append(part.float().eval().requires_grad_(False))
    return Model(
        folder, parts[0], parts[1], int(about["steps"]), float(about["guidance"]),
        int(about["side_px"]),
    )  # fmt: skip


def noise(model: Model, seeds: list[int]) -> Tensor:
    """Return the starting noise of each seed, as the pipeline makes it."""
    side = model.side_px // 8
    shape = (1, model.unet.config.in_channels, side, side)
    return torch.cat(
        [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )


@torch.inference_mode()
def draw_batch(model: Model, states: Tensor, empty: Tensor, start: Tensor) -> Bytes:
    """Draw one picture for each of `states` (count, 24, 384) from its noise."""
    scheduler = DPMSolverMultistepScheduler.from_pretrained(model.folder / "scheduler")
    scheduler.set_timesteps(model.steps)
    latents = start * scheduler.init_noise_sigma
    both = torch.cat([empty.expand_as(states), states])
    for time in scheduler.timesteps:
        twice = scheduler.scale_model_input(torch.cat([latents, latents]), time)
        plain, asked = model.unet(twice, time, both).sample.float().chunk(2)
        flow = plain + model.guidance * (asked - plain)
        latents = scheduler.step(flow, time, latents).prev_sample
    image = model.vae.decode(latents / model.vae.config.scaling_factor).sample.float()
    values = ((image / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    pixels: Bytes = values.permute(0, 2, 3, 1).numpy()
    return pixels


def draw(
    model: Model, captions: CaptionStates, prompts: list[str], run: Run, *, first_seed: int = 0
) -> Bytes:
    """Draw one picture for each prompt, (count, side, side, 3), in bfloat16 where it is faster."""
    empty = captions.of([""])
    parts = []
    for start in range(0, len(prompts), BATCH):
        run.step(start, len(prompts), stage="drawing pictures")
        part = prompts[start : start + BATCH]
        seeds = list(range(first_seed + start, first_seed + start + len(part)))
        states, begun = captions.of(part), noise(model, seeds)
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(draw_batch(model, states, empty, begun))
    return np.concatenate(parts)
