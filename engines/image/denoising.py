"""The long phase: the UNet turns noise into latents, one picture after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from engines.image import loras, needs, pipelines, prediction, samplers, stepping
from engines.image.autoencoding import Start
from engines.image.guiding import Call, Guide, through
from engines.image.loras import Lora
from engines.image.pipelines import States
from engines.image.recent import Recent
from engines.image.sitting import Held, Sitting
from engines.memory.ladder import Ladder, Rung
from engines.memory.lease import Working


class Forward(nn.Module):
    """A UNet whose calls can be repeated, and cut in two if the device is short.

    Attributes:
        unet: The UNet as it is held now.
        guides: What has a say in each call.
        step: Which of the `steps` of the picture is drawn.
        ladder: The way down; set once, as its rungs speak of this.
        in_halves: Each row of a call is worked on by itself: the prompt after the empty prompt.
    """

    ladder: Ladder

    def __init__(self, unet: nn.Module) -> None:
        super().__init__()
        self.unet = unet
        self.guides: Sequence[Guide] = ()
        self.step = self.steps = 0
        self.in_halves = False

    def __getattr__(self, name: str) -> Any:
        """Answer for the UNet: pipelines ask it for its configuration, device and layers."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("unet"), name)

    def forward(self, latents: Tensor, time: Any, **more: Any) -> tuple[Tensor]:
        """Predict, (rows, channels, height/8, width/8), as the only one of a tuple."""
        call = Call(latents=latents, time=time, more=more, step=self.step, steps=self.steps)
        answer = self.ladder(lambda: through(self.guides, self._predict)(call))
        self.step += 1
        return (answer,)

    def _predict(self, call: Call) -> Tensor:
        latents, more = call.latents, dict(call.more)
        if not self.in_halves:
            return self.unet(latents, call.time, **more)[0]
        rows = len(latents)
        return torch.cat(
            [
                self.unet(latents[row : row + 1], call.time, **_row(more, row, rows))[0]
                for row in range(rows)
            ]
        )


def _row(value: Any, row: int, rows: int) -> Any:
    """Return what of an argument belongs to one row of a call."""
    if isinstance(value, dict):
        return {name: _row(inner, row, rows) for name, inner in value.items()}
    if isinstance(value, Tensor) and value.ndim and len(value) == rows:
        return value[row : row + 1]
    return value


def denoise_all(sitting: Sitting, states: States, start: Start, known: Recent[str]) -> list[Tensor]:
    """Return the finished latents of all pictures of a job, on the processor.

    Args:
        known: What silent models were found to predict.
    """
    settled, parts = sitting.settled, sitting.parts
    working = needs.denoising(parts, settled.width_px, settled.height_px, guided=settled.guided)
    component = loras.wearable(parts.unet, sitting.uses)
    aided = [part for aid in sitting.aids for part in aid.components]
    leased = (component, *sitting.worn, *aided)
    with sitting.memory.lease(*leased, working=working, run=sitting.run) as (unet, *loaded):
        worn, beside = loaded[: len(sitting.worn)], iter(loaded[len(sitting.worn) :])
        forward = _forward(sitting, unet, worn, working)
        settings = dict(parts.scheduler)
        if parts.silent:
            settings["prediction_type"] = known.get(parts.unet.key) or known.put(
                parts.unet.key, prediction.measure(forward)
            )
        with _dressed(forward, sitting, worn), ExitStack() as stack:
            forward.guides = [
                stack.enter_context(
                    aid.dressed(forward.unet, list(islice(beside, len(aid.components))))
                )
                for aid in sitting.aids
            ]
            # Outside the UNet's own calls a shortage costs the steps of one picture.
            return [
                forward.ladder(partial(_denoise, sitting, forward, settings, states, start, number))
                for number in range(settled.count)
            ]


def _denoise(
    sitting: Sitting,
    forward: Forward,
    settings: dict[str, Any],
    states: States,
    start: Start,
    number: int,
) -> Tensor:
    """Draw one of the pictures; may be called again."""
    settled, parts = sitting.settled, sitting.parts
    drawing = settled.drawing(number, states)
    per_picture = settled.steps_run
    forward.step, forward.steps = 0, per_picture
    watch = stepping.Watch(
        sitting.run, number * per_picture, settled.count * per_picture, start.rows
    )
    if start.kept is not None and drawing.mask is not None:
        watch.kept = stepping.keep(start.kept, drawing.mask, drawing.seed)
    pipeline = pipelines.assemble(
        pipelines.name_of(
            xl=parts.is_xl, fills_in=parts.fills_in, from_picture=drawing.start is not None
        ),
        unet=forward,
        vae=start.encoded,
        scheduler=samplers.make(settings, settled.request.sampler),
    )
    return pipelines.denoise(pipeline, drawing, watch).cpu()


def _forward(sitting: Sitting, unet: Any, worn: Sequence[Lora], working: Working) -> Forward:
    """Give a leased UNet its way down."""
    forward = Forward(unet)

    def halve() -> bool:
        forward.in_halves = sitting.settled.guided
        return forward.in_halves

    def take(smaller: Any) -> None:
        sitting.dress(smaller, "unet", worn)
        forward.unet = smaller

    rungs = [
        Rung(name="smaller batch", climb=halve),
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
