"""diffusers' pipelines, given only the network that draws: states come in, latents go out.

The pipeline keeps its own order of random numbers and its own arithmetic, so
that a picture is bit for bit what the whole pipeline draws. What it would ask
of the autoencoder was worked out before, see `engines.image.encoded`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import diffusers
import torch
from PIL import Image
from torch import Tensor

from engines import devices
from engines.image import variations
from engines.image.flows import flow

if TYPE_CHECKING:
    from engines.image.parts import Parts

OnStep = Callable[[Any, int, Any, dict[str, Tensor]], dict[str, Tensor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """What was read of a prompt and of what is not wanted, each (1, tokens, width).

    `pooled` and `pooled_empty` are (1, width), and None except for models
    that are told the prompt as a whole too; `empty` may be None without guidance.
    `regions` are the states of the words for parts of the picture.
    """

    prompted: Tensor
    empty: Tensor | None = None
    pooled: Tensor | None = None
    pooled_empty: Tensor | None = None
    regions: tuple[States, ...] = ()


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
    variation: float = 0.0
    variation_seed: int = 0


def name_of(*, xl: bool, fills_in: bool = False, from_picture: bool = False) -> str:
    """Return the name of the pipeline for a model and a task."""
    task = "Img2Img" if from_picture else ""
    return f"StableDiffusion{'XL' if xl else ''}{'Inpaint' if fills_in else task}Pipeline"


def reading_name(parts: Parts) -> str:
    """Return the name of the pipeline that reads a model's prompts."""
    return flow.class_name(parts.flow) if parts.flow else name_of(xl=parts.is_xl)


def drawing_name(parts: Parts, drawing: Drawing) -> str:
    """Return the name of the pipeline for a picture."""
    from_picture = drawing.start is not None
    if parts.flow:
        masked = drawing.mask is not None
        return flow.class_name(parts.flow, from_picture=from_picture, masked=masked)
    return name_of(xl=parts.is_xl, fills_in=parts.fills_in, from_picture=from_picture)


def assemble(class_name: str, **parts: Any) -> Any:
    """Make a pipeline of some of its parts; the others are None."""
    maker = getattr(diffusers, class_name)
    known = inspect.signature(maker.__init__).parameters
    named: dict[str, Any] = {n: None for n, one in known.items() if one.default is one.empty}
    for switch in ("add_watermarker", "requires_safety_checker"):
        if switch in known:
            named[switch] = False
    del named["self"]
    pipeline = maker(**named | parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def denoise(pipeline: Any, drawing: Drawing, on_step: OnStep) -> Tensor:
    """Run the pipeline down to the finished latents, in the form the pipeline has them.

    The noise comes from the seed on the processor, whatever the device.
    """
    states, is_flow = drawing.states, hasattr(pipeline, "transformer")
    network = pipeline.transformer if is_flow else pipeline.unet
    place = {"device": network.device, "dtype": network.dtype}
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
    if is_flow:
        asked |= _along_a_flow(drawing)
    elif "Inpaint" in type(pipeline).__name__:
        asked |= _to_fill_in(drawing)
    elif drawing.start is None:
        asked |= {"width": drawing.width_px, "height": drawing.height_px}
    else:
        asked |= {"image": drawing.start, "strength": drawing.strength}
    variations.vary(pipeline, drawing, asked)
    with torch.inference_mode():
        latents: Tensor = pipeline(**asked).images
    return latents


Canvas = tuple[Image.Image, Image.Image]
"""A picture to fill in and its mask."""


def canvas(size_px: tuple[int, int], start: Image.Image | None, mask: Image.Image | None) -> Canvas:
    """Return start and mask for a model that fills in; without them all of a grey picture."""
    return start or Image.new("RGB", size_px, "grey"), mask or Image.new("L", size_px, "white")


def _along_a_flow(drawing: Drawing) -> dict[str, Any]:
    asked: dict[str, Any] = {"width": drawing.width_px, "height": drawing.height_px}
    if drawing.start is not None:
        asked |= {"image": drawing.start, "strength": drawing.strength}
        if drawing.mask is not None:
            asked["mask_image"] = drawing.mask
    return asked


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
