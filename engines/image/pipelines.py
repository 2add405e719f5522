"""Put leased parts together into a diffusers pipeline and let it draw one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffusers
import torch
from PIL import Image
from torch import Tensor

from engines import devices
from engines.image.loading import Decoder

OnStep = Callable[[Any, int, Any, dict[str, Tensor]], dict[str, Tensor]]
LARGE_PIXELS = 1024 * 1024
"""Above this the autoencoder works in tiles, so that its memory stays bounded."""

FILLING_CHANNELS = 9
"""What a UNet trained to fill in takes: latents, their mask, and the masked start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One picture to draw, all values settled; `start` is None when it begins from noise.

    `mask` is white where the start is redrawn.
    `states` are the prompt's and the empty prompt's token states for a model
    without a text encoder of its own, else None.
    """

    prompt: str
    negative: str
    seed: int
    width_px: int
    height_px: int
    steps: int
    guidance: float
    start: Image.Image | None = None
    mask: Image.Image | None = None
    strength: float = 1.0
    states: tuple[Tensor, Tensor] | None = None


def assemble(parts: dict[str, Any], scheduler: Any, *, from_picture: bool) -> Any:
    """Make the pipeline that fits the parts; `from_picture` makes it start from one."""
    sdxl = "text_encoder_2" in parts
    task = "Img2Img" if from_picture else ""
    if parts["unet"].config.in_channels == FILLING_CHANNELS:
        task = "Inpaint"
    class_name = f"StableDiffusion{'XL' if sdxl else ''}{task}Pipeline"
    decoder: Decoder = parts["vae"]
    named = {
        "unet": parts["unet"],
        "vae": decoder.vae,
        "text_encoder": parts.get("text_encoder"),
        "tokenizer": parts.get("tokenizer"),
        "scheduler": scheduler,
    }
    if sdxl:
        named |= {"text_encoder_2": parts["text_encoder_2"], "tokenizer_2": parts["tokenizer_2"]}
        named["add_watermarker"] = False
    else:
        named |= {"safety_checker": None, "feature_extractor": None}
        named["requires_safety_checker"] = False
    pipeline = getattr(diffusers, class_name)(**named)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Any, drawing: Drawing, on_step: OnStep) -> Image.Image:
    """Run the pipeline; the noise comes from the seed on the processor, whatever the device."""
    if drawing.width_px * drawing.height_px > LARGE_PIXELS:
        pipeline.vae.enable_tiling()
    else:
        pipeline.vae.disable_tiling()
    asked: dict[str, Any] = {
        "num_inference_steps": drawing.steps,
        "guidance_scale": drawing.guidance,
        "generator": devices.generator(drawing.seed),
        "callback_on_step_end": on_step,
        "callback_on_step_end_tensor_inputs": ["latents"],
        "output_type": "pil",
    }
    if drawing.states is None:
        asked |= {"prompt": drawing.prompt, "negative_prompt": drawing.negative}
    else:
        prompted, empty = (state.to(pipeline.unet.dtype) for state in drawing.states)
        asked |= {"prompt_embeds": prompted, "negative_prompt_embeds": empty}
    if fills_in(pipeline):
        asked |= _to_fill_in(drawing)
    elif drawing.start is None:
        asked |= {"width": drawing.width_px, "height": drawing.height_px}
    else:
        asked |= {"image": drawing.start, "strength": drawing.strength}
    with torch.inference_mode():
        return pipeline(**asked).images[0]


def fills_in(pipeline: Any) -> bool:
    """Say whether the pipeline's UNet sees the mask and the start itself."""
    return bool(pipeline.unet.config.in_channels == FILLING_CHANNELS)


def _to_fill_in(drawing: Drawing) -> dict[str, Any]:
    """Return what a pipeline that fills in wants; without a start it redraws a grey picture."""
    size = drawing.width_px, drawing.height_px
    return {
        "image": drawing.start or Image.new("RGB", size, "grey"),
        "mask_image": drawing.mask or Image.new("L", size, "white"),
        "strength": 1.0 if drawing.start is None else drawing.strength,
        "width": drawing.width_px,
        "height": drawing.height_px,
    }
