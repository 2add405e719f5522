"""The long phase: the UNet turns noise into latents, one picture after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from engines.image import (
    compiling,
    dressing,
    loras,
    needs,
    pipelines,
    prediction,
    samplers,
    stepping,
)
from engines.image.autoencoding import Start
from engines.image.compiling import Compiler
from engines.image.dressing import Dressing
from engines.image.flows import flow
from engines.image.guiding import Call, through
from engines.image.loras import Lora
from engines.image.pipelines import States
from engines.image.recent import Recent
from engines.image.sitting import Held, Sitting
from engines.image.tiny_previews import Decoder
from engines.memory.ladder import Ladder, Rung
from engines.memory.lease import Working


class Forward(nn.Module):
    """A UNet whose calls can be repeated, and cut in two if the device is short.

    Attributes:
        unet: The UNet as it is held now.
        dressing: What has a say in each call.
        pipeline: What asks; it knows how often it will. None while the UNet is only measured.
        step: How often it asked for the picture that is drawn.
        regions: The states of the words for parts of that picture.
        ladder: The way down; set once, as its rungs speak of this.
        compiler: Takes back what it did to the UNet if that fails; None while it is only measured.
        in_halves: Each row of a call is worked on by itself: the prompt after the empty prompt.
    """

    ladder: Ladder
    pipeline: Any = None
    compiler: Compiler | None = None
    key: str = ""

    def __init__(self, unet: nn.Module, dressing: Dressing) -> None:
        super().__init__()
        self.unet = unet
        self.dressing = dressing
        self.step = 0
        self.regions: tuple[States, ...] = ()
        self.in_halves = False

    def __getattr__(self, name: str) -> Any:
        """Answer for the UNet: pipelines ask it for its configuration, device and layers."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("unet"), name)

    def forward(self, latents: Tensor, time: Any, **more: Any) -> tuple[Tensor]:
        """Predict, (rows, channels, height/8, width/8), as the only one of a tuple."""
        steps = self.pipeline.num_timesteps if self.pipeline else 1
        call = Call(
            latents=latents,
            time=time,
            more=more,
            step=self.step,
            steps=steps,
            regions=self.regions,
        )
        answer = self.ladder(lambda: through(self.dressing.guides, self._predict)(call))
        self.step += 1
        return (answer,)

    def _predict(self, call: Call) -> Tensor:
        latents, more = call.latents, dict(call.more)
        if not self.in_halves:
            return self._ask(latents, call.time, more)
        rows = len(latents)
        return torch.cat(
            [
                self._ask(latents[row : row + 1], _row(call.time, row, rows), _row(more, row, rows))
                for row in range(rows)
            ]
        )

    def _ask(self, latents: Tensor, time: Any, more: dict[str, Any]) -> Tensor:
        """Ask the UNet itself; once more, if what was compiled of it fails."""
        try:
            return self._told(latents, time, more)
        except compiling.FAULTS as error:
            if not (self.compiler and self.compiler.gives_up(self.unet, self.key, error)):
                raise
        return self._told(latents, time, more)

    def _told(self, latents: Tensor, time: Any, more: dict[str, Any]) -> Tensor:
        answer: Tensor = self.unet(latents, time, **more)[0]
        return answer


class FlowForward(Forward):
    """The same for a transformer, which is asked by the names of its arguments."""

    def forward(self, *_none: Any, **more: Any) -> tuple[Tensor]:
        """Predict, in the form of the latents: Flux has them packed."""
        return super().forward(more.pop("hidden_states"), more.pop("timestep"), **more)

    def _told(self, latents: Tensor, time: Any, more: dict[str, Any]) -> Tensor:
        answer: Tensor = self.unet(hidden_states=latents, timestep=time, **more)[0]
        return answer


def _row(value: Any, row: int, rows: int) -> Any:
    """Return what of an argument belongs to one row of a call."""
    if isinstance(value, dict):
        return {name: _row(inner, row, rows) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_row(inner, row, rows) for inner in value]
    if isinstance(value, Tensor) and value.ndim and len(value) == rows:
        return value[row : row + 1]
    return value


def denoise_all(
    sitting: Sitting, states: Sequence[States], start: Start, known: Recent[str]
) -> list[Tensor]:
    """Return the finished latents of all pictures of a job, on the processor.

    Args:
        states: Of the words of each picture.
        known: What silent models were found to predict.
    """
    settled, parts = sitting.settled, sitting.parts
    # Who asked to finish during the first drawing wants what it gave to be drawn out.
    ends_early = not (settled.enlarged and sitting.run.token.finishing)
    guided = parts.is_guided(settled.guidance)
    alone = needs.denoising(parts, settled.width_px, settled.height_px, guided=guided)
    working = dressing.working(alone, sitting.aids)
    component = loras.wearable(parts.unet, sitting.uses)
    leased = (component, *sitting.tiny, *sitting.worn, *dressing.components(sitting.aids))
    with sitting.memory.lease(*leased, working=working, run=sitting.run) as (unet, *loaded):
        tiny = loaded.pop(0) if sitting.tiny else None
        worn = loaded[: len(sitting.worn)]
        dress = Dressing(sitting, loaded[len(sitting.worn) :])
        kind = FlowForward if parts.flow else Forward
        forward = _forward(sitting, kind(unet, dress), worn, working)
        forward.compiler, forward.key = sitting.compiler, parts.unet.key
        settings = dict(parts.scheduler)
        if parts.silent:
            settings["prediction_type"] = known.get(parts.unet.key) or known.put(
                parts.unet.key, prediction.measure(forward)
            )
        with _dressed(forward, sitting, worn), dress.on(forward.unet, forward.ladder):
            # Outside the UNet's own calls a shortage costs the steps of one picture.
            drawn: list[Tensor] = []
            for number in range(settled.count):
                if drawn and ends_early and sitting.run.token.finishing:
                    break
                drawn.append(
                    forward.ladder(
                        partial(_denoise, sitting, forward, settings, states, start, tiny, number)
                    )
                )
            return drawn


def _denoise(
    sitting: Sitting,
    forward: Forward,
    settings: dict[str, Any],
    states: Sequence[States],
    start: Start,
    tiny: Decoder | None,
    number: int,
) -> Tensor:
    """Draw one of the pictures; may be called again."""
    settled, parts = sitting.settled, sitting.parts
    drawing = settled.drawing(number, states[number])
    forward.step, forward.regions = 0, drawing.states.regions
    spread = _spreading(sitting)
    watch = stepping.Watch(
        sitting.run,
        settled.steps_before + number * settled.steps_run,
        settled.steps_total,
        start.rows,
        steps=settled.steps_run,
        stage=settled.stage,
        spread=spread,
        tiny=tiny,
        model=parts.model,
    )
    if start.kept is not None and drawing.mask is not None:
        watch.kept = stepping.keep(start.kept, drawing.mask, drawing.seed)
    pipeline = pipelines.assemble(
        pipelines.drawing_name(parts, drawing),
        vae=start.encoded,
        scheduler=samplers.make(settings, settled.request.sampler),
        **{"transformer" if parts.flow else "unet": forward},
    )
    forward.pipeline = pipeline
    size = settled.width_px, settled.height_px
    plain = not (sitting.worn or sitting.aids)
    if sitting.compiler.prepare(forward.unet, parts.unet.key, size, plain=plain):
        sitting.run.step(watch.before, watch.total, stage="compiling")
    try:
        latents = spread(pipelines.denoise(pipeline, drawing, watch)).cpu()
        sitting.compiler.done(parts.unet.key, size)
        return latents
    finally:
        forward.pipeline = None  # each holds the other, and with it the UNet


def _spreading(sitting: Sitting) -> Callable[[Tensor], Tensor]:
    parts = sitting.parts
    factor = 2 ** (len(parts.settings("vae").get("block_out_channels", (0,) * 4)) - 1)
    return flow.spreading(parts.flow, sitting.settled.height_px, factor)


def _forward(sitting: Sitting, forward: Forward, worn: Sequence[Lora], working: Working) -> Forward:
    """Give a leased UNet its way down."""

    def halve() -> bool:
        forward.in_halves = sitting.parts.is_guided(sitting.settled.guidance)
        return forward.in_halves

    def take(smaller: Any) -> None:
        sitting.dress(smaller, "unet", worn)
        forward.unet = smaller
        forward.dressing.move_to(smaller)

    rungs = [
        Rung(name="smaller batch", climb=halve),
        *forward.dressing.rungs(),
        *Held(sitting, loras.wearable(sitting.parts.unet, sitting.uses), take).rungs(),
    ]
    forward.ladder = Ladder(sitting.memory, sitting.run, working, rungs)
    return forward


@contextmanager
def _dressed(forward: Forward, sitting: Sitting, worn: Sequence[Lora]) -> Iterator[None]:
    """Have the LoRAs on the UNet for a `with` block."""
    try:
        forward.ladder(lambda: sitting.dress(forward.unet, "unet", worn))
        yield
    finally:
        if worn:
            loras.take_off(forward.unet, "unet")
