"""What happens after each step of the sampler: progress, preview, cancel, and keeping
the part of a picture that is not redrawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engines import devices
from engines.api import Run
from engines.image import previews, tiny_previews
from engines.image.finite import check_numbers
from engines.image.tiny_previews import Decoder


@dataclass(frozen=True, slots=True)
class Kept:
    """The start's latents and where they stay: `mask` is 1 where the picture is redrawn."""

    latents: Tensor
    mask: Tensor
    noise: Tensor

    def hold(self, latents: Tensor, scheduler: Any, done: int) -> Tensor:
        """Put the start back outside the mask, as noisy as the rest is before step `done`."""
        times = scheduler.timesteps
        known = self.latents.to(latents)
        if done < len(times):
            known = scheduler.add_noise(known, self.noise.to(latents), times[done : done + 1])
        mask = self.mask.to(latents)
        return mask * latents + (1 - mask) * known


def keep(latents: Tensor, mask: Image.Image, seed: int) -> Kept:
    """Keep the start outside the mask, which is white where the picture is redrawn.

    Args:
        latents: The start's, (1, channels, height/8, width/8).
    """
    shape = latents.shape[-2:]
    spread = torch.frombuffer(bytearray(mask.convert("L").tobytes()), dtype=torch.uint8)
    spread = spread.view(1, 1, mask.height, mask.width).float() / 255
    # Any touch of white in a latent's block redraws the whole block.
    small = torch.nn.functional.adaptive_max_pool2d(spread, shape)
    noise = torch.randn(latents.shape, generator=devices.generator(seed))
    return Kept(latents, small.to(latents), noise)


def picture_tensor(image: Image.Image) -> Tensor:
    """Turn a picture into (1, 3, height, width) from -1 to 1."""
    flat = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return flat.view(1, image.height, image.width, 3).permute(0, 3, 1, 2).float() / 127.5 - 1


def _as_they_are(latents: Tensor) -> Tensor:
    return latents


@dataclass(slots=True)
class Watch:
    """The callback of a pipeline, for one picture of a job.

    `before` steps of `total` were done for earlier pictures; this one takes
    `steps`, however often its sampler asks, of `model`. `spread` brings
    latents into the form (1, channels, height/8, width/8).
    """

    run: Run
    before: int
    total: int
    rows: previews.Rows
    steps: int
    stage: str = "drawing"
    kept: Kept | None = None
    spread: Callable[[Tensor], Tensor] = _as_they_are
    tiny: Decoder | None = None
    model: str = ""
    done: int = field(default=0, init=False)

    def __call__(
        self, pipeline: Any, number: int, time: Any, tensors: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Report one step; raises `Cancelled` and `ModelRefused` from within the pipeline."""
        latents = tensors["latents"]
        check_numbers(latents, self.model)
        if self.kept is not None:
            place = int((pipeline.scheduler.timesteps == time).nonzero()[-1]) + 1
            latents = self.kept.hold(latents, pipeline.scheduler, place)
        self.done += 1
        shown = _clean(pipeline.scheduler, latents)
        # Some samplers ask twice for a step.
        calls = max(pipeline.num_timesteps, self.done)
        self.run.step(
            self.before + self.steps * self.done // calls,
            self.total,
            tiny_previews.draw(self.tiny, self.spread(shown), self.rows),
            stage=self.stage,
        )
        return {"latents": latents}


def _clean(scheduler: Any, latents: Tensor) -> Tensor:
    """Return the scheduler's guess of the finished latents if it keeps one."""
    guesses = getattr(scheduler, "model_outputs", None)
    kind = str(scheduler.config.get("algorithm_type", ""))
    if isinstance(guesses, list) and guesses and guesses[-1] is not None and kind.endswith("++"):
        return guesses[-1]
    return latents
