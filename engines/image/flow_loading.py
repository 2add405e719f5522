"""From a diffusers folder of Stable Diffusion 3 or Flux to its parts, each leased by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.api import ModelRefused, ModelSpec
from engines.formats.json_reader import read_object
from engines.image import loading
from engines.image.card import Card
from engines.image.flow import CHANNELS, FLOWS, FLUX, SD3
from engines.image.parts import Parts
from engines.image.sizes import default_side_px, has_settings
from engines.memory.lease import Component

TRANSFORMERS = {SD3: "SD3Transformer2DModel", FLUX: "FluxTransformer2DModel"}

WORDS = {
    SD3: {
        "text_encoder": "CLIPTextModelWithProjection",
        "text_encoder_2": "CLIPTextModelWithProjection",
        "text_encoder_3": "T5EncoderModel",
    },
    FLUX: {"text_encoder": "CLIPTextModel", "text_encoder_2": "T5EncoderModel"},
}
"""What reads prompts, and the only class each may be."""

T5 = {SD3: "text_encoder_3", FLUX: "text_encoder_2"}
"""Which of them is T5. The first of the two does without, and reads less well."""

OPTIONAL = {(SD3, "text_encoder_3")}


def tokenizer_of(encoder: str) -> str:
    """Return the name of the tokenizer that goes with a text encoder."""
    return encoder.replace("text_encoder", "tokenizer")


def folder_parts(spec: ModelSpec, about: Card, device: str) -> Parts:
    """Return the parts of a folder.

    Args:
        about: What its card says.
        device: Where they will lie, "cpu" or "cuda".

    Raises:
        ModelRefused: one of them is missing, or it does not draw from words alone.
    """
    folder, flow = Path(spec.path), FLOWS[spec.architecture]
    channels = read_object(folder / "transformer" / "config.json").get("in_channels", 0)
    check_channels(spec, flow, channels)
    if not has_settings(folder / "vae"):
        raise ModelRefused(spec.path, "its vae is missing")
    return Parts(
        model=spec.id,
        config=folder,
        words=folder_words(spec, flow, device),
        unet=loading.part(spec, "transformer", TRANSFORMERS[flow], device),
        vae=loading.part(spec, "vae", loading.MODELS["vae"], device),
        scheduler=loading.scheduler_config(folder),
        side_px=about.side_px or default_side_px(folder),
        channels=channels,
        preview=about.preview,
        flow=flow,
    )


def folder_words(spec: ModelSpec, flow: str, device: str) -> dict[str, Component[Any]]:
    """Return what reads prompts in a folder.

    Raises:
        ModelRefused: a part that is needed is missing.
    """
    folder = Path(spec.path)
    found: dict[str, Component[Any]] = {}
    for name, class_name in WORDS[flow].items():
        tokenizer = tokenizer_of(name)
        if has_settings(folder / name) and (folder / tokenizer).is_dir():
            found[name] = loading.part(spec, name, class_name, device)
            kind = "T5Tokenizer" if name == T5[flow] else "CLIPTokenizer"
            found[tokenizer] = loading.tokenizer(spec, tokenizer, device, kind)
        elif (flow, name) not in OPTIONAL:
            raise ModelRefused(spec.path, f"its {name} or its {tokenizer} is missing")
    return found


def check_channels(spec: ModelSpec, flow: str, channels: int) -> None:
    """Refuse a transformer that takes more than latents.

    Raises:
        ModelRefused: it was made to fill in, or to follow a depth or an edge picture.
    """
    if channels != CHANNELS[flow]:
        raise ModelRefused(
            spec.path,
            f"its transformer takes {channels} channels, so it does not draw from words alone; "
            f"only those that take {CHANNELS[flow]} are used here",
        )
