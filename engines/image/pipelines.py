"""diffusers' pipelines, given the UNet alone: prompts come in as states, latents go out.

The pipeline keeps its own order of random numbers and its own arithmetic, so
that a picture is bit for bit what the whole pipeline draws. What it would ask
of the autoencoder was worked out before, see `engines.image.encoded`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from PIL import Image
from torch import Tensor

from engines import devices

OnStep = Callable[[Any, int, Any, dict[str, Tensor]], dict[str, Tensor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """What was read of a prompt and of what is not wanted, each (1, tokens, width).

    `pooled` and `pooled_empty` are (1, width), and None except for models
    that are told the prompt as a whole too; `empty` may be None without guidance.
    """

    prompted: Tensor
    empty: Tensor | None = None
    pooled: Tensor | None = None
    pooled_empty: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One picture to draw, all values settled; `start` is None when it begins from noise.

    `mask` is white where the start is redrawn.
    """

    seed: int
    width_px: int
    height_px: int
    steps: int
    guidance: float
    states: States
    start: Image.Image | None = None
    mask: Image.Image | None = None
    strength: float = 1.0


def name_of(*, xl: bool, fills_in: bool = False, from_picture: bool = False) -> str:
    """Return the name of the pipeline for a model and a task."""
    task = "Img2Img" if from_picture else ""
    return f"StableDiffusion{'XL' if xl else ''}{'Inpaint' if fills_in else task}Pipeline"


def assemble(class_name: str, **parts: Any) -> Any:
    """Make a pipeline of some of its parts; the others are None."""
    named = dict.fromkeys(("unet", "vae", "text_encoder", "tokenizer", "scheduler")) | parts
    if "XL" in class_name:
        named = dict.fromkeys(("text_encoder_2", "tokenizer_2")) | named
        named["add_watermarker"] = False
    else:
        named |= {"safety_checker": None, "feature_extractor": None}
        named["requires_safety_checker"] = False
    pipeline = getattr(diffusers, class_name)(**named)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def denoise(pipeline: Any, drawing: Drawing, on_step: OnStep) -> Tensor:
    """Run the pipeline down to the finished latents, (1, channels, height/8, width/8).

    The noise comes from the seed on the processor, whatever the device.
    """
    unet, states = pipeline.unet, drawing.states
    place = {"device": unet.device, "dtype": unet.dtype}
    asked: dict[str, Any] = {
        "prompt_embeds": states.prompted,
        "negative_prompt_embeds": states.empty,
        "num_inference_steps": drawing.steps,
        "guidance_scale": drawing.guidance,
        "generator": devices.generator(drawing.seed),
        "callback_on_step_end": on_step,
        "callback_on_step_end_tensor_inputs": ["latents"],
        "output_type": "latent",
    }
    if states.pooled is not None:
        asked["pooled_prompt_embeds"] = states.pooled
        asked["negative_pooled_prompt_embeds"] = states.pooled_empty
    for name, value in asked.items():
        if isinstance(value, Tensor):
            asked[name] = value.to(**place)
    if "Inpaint" in type(pipeline).__name__:
        asked |= _to_fill_in(drawing)
    elif drawing.start is None:
        asked |= {"width": drawing.width_px, "height": drawing.height_px}
    else:
        asked |= {"image": drawing.start, "strength": drawing.strength}
    with torch.inference_mode():
        latents: Tensor = pipeline(**asked).images
    return latents


Canvas = tuple[Image.Image, Image.Image]
"""A picture to fill in and its mask."""


def canvas(size_px: tuple[int, int], start: Image.Image | None, mask: Image.Image | None) -> Canvas:
    """Return start and mask for a model that fills in; without them all of a grey picture."""
    return start or Image.new("RGB", size_px, "grey"), mask or Image.new("L", size_px, "white")


def _to_fill_in(drawing: Drawing) -> dict[str, Any]:
    size_px = drawing.width_px, drawing.height_px
    start, mask = canvas(size_px, drawing.start, drawing.mask)
    return {
        "image": start,
        "mask_image": mask,
        "strength": 1.0 if drawing.start is None else drawing.strength,
        "width": drawing.width_px,
        "height": drawing.height_px,
    }
