"""Train the UNet in turns on a stream of pictures; measure it."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

from engines.api import Run
from engines.training.image.checkpoint import Trainee
from engines.training.image.stream import Captioned, Stream
from engines.training.image.unet import (
    DROPPED_CAPTIONS,
    UnetShape,
    build_unet,
    draw_times,
    flow_loss,
)

REPORT_EVERY: Final = 10
WEIGHT_DECAY: Final = 0.01


class UnetTraining:
    """A UNet in training; `out` holds its checkpoint `unet.safetensors`.

    Args:
        compiled: Compile the UNet, if this machine can: it takes a minute or two at the start.
    """

    def __init__(
        self,
        stream: Stream,
        out: Path,
        shape: UnetShape,
        seed: int,
        device: str,
        *,
        compiled: bool = False,
    ) -> None:
        torch.manual_seed(seed)
        self.shape = shape
        self._stream, self._seed, self._device = stream, seed, device
        self._closing = replace(stream, pictures=replace(stream.pictures, closing=True))
        unet = build_unet(shape).to(device)
        if device == "cpu":
            # The fused attention's way back took a quarter of a step on a processor (measured).
            unet.set_attn_processor(AttnProcessor())
        # Compiled, a step took 0.79 of its time on a processor (measured).
        self._forward = torch.compile(unet) if compiled and can_compile() else unet
        self.trainee = Trainee(unet, shape.rate.highest, decay=WEIGHT_DECAY)
        self._path = out / "unet.safetensors"
        self.trainee.load(self._path)
        self._first = self.trainee.step
        self.loss = 0.0

    @property
    def model(self) -> UNet2DConditionModel:
        """The UNet itself."""
        model = self.trainee.model
        assert isinstance(model, UNet2DConditionModel)
        return model

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.trainee.step >= self.shape.steps

    def turn(self, deadline_s: float, run: Run) -> None:
        """Train until `deadline_s` of `time.monotonic` or the end; then save."""
        self.model.train()
        try:
            while not self.done and time.monotonic() < deadline_s:
                self._step()
                step = self.trainee.step
                if step % REPORT_EVERY == 0:
                    told = f"loss {self.loss:.4f}"
                    run.step(step, self.shape.steps, told, stage="picture model")
        finally:
            self.trainee.save(self._path)

    def _step(self) -> None:
        step = self.trainee.step
        number = self._seed + step
        stream, rate, number_in_phase = self._stream, self.shape.rate, step
        if step >= rate.steps:
            stream, rate, number_in_phase = self._closing, self.shape.closing, step - rate.steps
        data = stream.batch(number, self.shape.batch, dropped=DROPPED_CAPTIONS)
        generator = torch.Generator().manual_seed(number)
        noise = torch.randn(data.latents.shape, generator=generator)
        times = draw_times(len(noise), generator)
        batch = (data.latents, data.states, times, noise)
        with torch.autocast(self._device, torch.bfloat16):
            loss = flow_loss(self._forward, *(part.to(self._device) for part in batch))
        self.trainee.advance(loss, rate.at(number_in_phase, step - self._first))
        value = loss.item()
        self.loss = value if self.loss == 0 else 0.98 * self.loss + 0.02 * value


def can_compile() -> bool:
    """Tell whether torch finds a C++ compiler as it needs one (on Windows it seldom does)."""
    return sys.platform == "linux" and shutil.which("g++") is not None


@torch.no_grad()
def measure(unet: UNet2DConditionModel, data: Captioned, empty: Tensor | None = None) -> float:
    """Return the flow loss on all of `data`, at fixed times and noise.

    Args:
        empty: The states (24, 384) of the empty caption, to measure without the text.
    """
    generator = torch.Generator().manual_seed(0)
    total = 0.0
    for start in range(0, len(data.latents), 32):
        latents = data.latents[start : start + 32]
        states = data.states[start : start + 32]
        if empty is not None:
            states = empty.expand_as(states)
        noise = torch.randn(latents.shape, generator=generator)
        times = draw_times(len(latents), generator)
        batch = (latents, states, times, noise)
        with torch.autocast(unet.device.type, torch.bfloat16):
            loss = flow_loss(unet, *(part.to(unet.device) for part in batch))
        total += len(latents) * loss.item()
    return total / len(data.latents)
