"""Does the model draw the colours a prompt names? Measured against the generator's own.

Eighteen palettes are asked for twice; each picture is given to the palette
whose own gradients lie nearest in mean and spread of colour.
"""

from __future__ import annotations

import diffusers
import numpy as np
import numpy.typing as npt
from diffusers import AutoencoderKL, UNet2DConditionModel

from engines.api import Run
from engines.image import pipelines
from engines.image.backgrounds import BY_FAMILY, draw_family
from engines.image.loading import Decoder
from engines.image.palettes import PALETTES, Palette
from engines.image.starter_text import PromptReader
from engines.image.vocabulary import caption
from engines.training.image.data import SIDE_PX

FAMILIES = ("mountains", "waves")
STEPS = 16
GUIDANCE = 4.0

Signature = npt.NDArray[np.float32]


def signature(pixels: npt.NDArray[np.uint8]) -> Signature:
    """Return the deciles of the three colours, (27,)."""
    flat = pixels.reshape(-1, 3).astype(np.float32)
    return np.percentile(flat, np.arange(10, 100, 10), axis=0).astype(np.float32).ravel()


def _drawn(palette: Palette, family: str, seed: int) -> Signature:
    size = SIDE_PX, SIDE_PX
    drawn = draw_family(BY_FAMILY[family], palette, seed, size, grain=0.0)
    return signature(np.asarray(drawn.image))


def accuracy(
    vae: AutoencoderKL, unet: UNet2DConditionModel, reader: PromptReader, run: Run
) -> tuple[tuple[str, float], ...]:
    """Return the shares of pictures with the palette asked for: the model's, and real ones'."""
    from engines.training.image.export import scheduler

    parts = {"vae": Decoder(vae, ((0.0, 0.0, 0.0),)), "unet": unet}
    pipeline = pipelines.assemble(parts, scheduler(), from_picture=False)
    right = {"colour_word_accuracy": 0, "colour_word_accuracy_of_real_pictures": 0}
    total = len(PALETTES) * len(FAMILIES)
    for family in FAMILIES:
        known = [np.mean([_drawn(p, family, s) for s in range(6)], axis=0) for p in PALETTES]
        for number, palette in enumerate(PALETTES):
            run.step(number, len(PALETTES), stage="measuring")
            ours = _asked(pipeline, reader, caption(family, palette.name))
            for name, seen in zip(right, (ours, _drawn(palette, family, 100)), strict=True):
                nearest = min(range(len(known)), key=lambda i: np.abs(known[i] - seen).mean())
                right[name] += nearest == number
    return tuple((name, count / total) for name, count in right.items())


def _asked(pipeline: diffusers.DiffusionPipeline, reader: PromptReader, prompt: str) -> Signature:
    """Draw one picture and return its signature."""
    states = reader.read([prompt, ""])
    drawing = pipelines.Drawing(
        prompt=prompt,
        negative="",
        seed=1,
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        steps=STEPS,
        guidance=GUIDANCE,
        states=(states[:1], states[1:]),
    )
    image = pipelines.draw(pipeline, drawing, lambda *step: step[3])
    return signature(np.asarray(image))
