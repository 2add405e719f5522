"""From a model of the library to the parts of a diffusers pipeline, each leased by itself.

Only the classes named here are ever made; nothing in a model's folder can
name another. Every part is read from safetensors, by local path.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import diffusers
import transformers

from engines import devices
from engines.api import ModelRefused, ModelSpec
from engines.formats.json_reader import MOST_BYTES, read_object
from engines.formats.safetensors import read_header
from engines.image import previews
from engines.image.starter_text import PromptReader
from engines.memory.lease import Component

diffusers.utils.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()

BYTES_ON_CPU, BYTES_ON_CARD = 4, 2
TOKENIZER_BYTES = 20_000_000

MODELS = {
    "unet": "UNet2DConditionModel",
    "vae": "AutoencoderKL",
    "text_encoder": "CLIPTextModel",
    "text_encoder_2": "CLIPTextModelWithProjection",
}
"""The parts with weights, and the only class each may be."""

TOKENIZERS = ("tokenizer", "tokenizer_2")


@dataclass(frozen=True, slots=True)
class Decoder:
    """An autoencoder and the map of its latents to preview colours."""

    vae: Any
    preview: previews.Rows


def scheduler_config(folder: Path) -> dict[str, Any]:
    """Read the settings of a folder's own scheduler.

    diffusers itself writes `-Infinity` into them, which `read_object` refuses.
    """
    path = folder / "scheduler" / "scheduler_config.json"
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= MOST_BYTES else ""
        config = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelRefused(str(path), "the settings of its scheduler cannot be read") from error
    if not isinstance(config, dict):
        raise ModelRefused(str(path), "the settings of its scheduler are no object")
    return config


def default_side_px(folder: Path) -> int:
    """Return the side of the pictures a folder's UNet was trained on."""
    config = read_object(folder / "unet" / "config.json")
    blocks = read_object(folder / "vae" / "config.json").get("block_out_channels", ())
    side = config.get("sample_size", 64)
    side = side[0] if isinstance(side, list) else side
    return int(side) * 2 ** (max(len(blocks), 1) - 1)


def folder_parts(spec: ModelSpec, preview: previews.Rows, device: str) -> dict[str, Component[Any]]:
    """Return the components of a diffusers folder by the names pipelines know them by."""
    folder = Path(spec.path)
    parts: dict[str, Component[Any]] = {}
    for name, class_name in MODELS.items():
        if (folder / name / "config.json").is_file():
            parts[name] = Component(
                key=f"image:{spec.path}:{name}",
                size_bytes=_weights_bytes(folder / name, device),
                load=_model_loader(folder / name, class_name, preview),
            )
    for name in TOKENIZERS:
        if (folder / name).is_dir():
            parts[name] = Component(
                key=f"image:{spec.path}:{name}",
                size_bytes=TOKENIZER_BYTES,
                load=_tokenizer_loader(folder / name),
            )
    if not {"unet", "vae"} <= parts.keys():
        raise ModelRefused(spec.path, "its unet or its vae is missing")
    return parts


def reader_part(folder: Path) -> Component[PromptReader]:
    """Return the component that reads prompts for the starter."""
    return Component(
        key=f"reader:{folder}",
        size_bytes=_weights_bytes(folder, "cpu"),
        load=lambda device: PromptReader(folder, device),
    )


def _width(device: str) -> int:
    """Return the bytes of one weight on a device."""
    return BYTES_ON_CPU if device == "cpu" else BYTES_ON_CARD


def _elements(path: Path) -> int:
    return sum(prod(tensor.shape) for tensor in read_header(path).tensors.values())


def _weights_bytes(folder: Path, device: str) -> int:
    """Return how much a part's weights take once loaded."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelRefused(str(folder), "there are no .safetensors weights in it")
    # A folder may carry a half-precision variant beside the weights; one of them is loaded.
    plain = [file for file in files if ".fp16." not in file.name] or files
    return sum(_elements(file) for file in plain) * _width(device)


def _model_loader(folder: Path, class_name: str, preview: previews.Rows) -> Callable[[str], Any]:
    """Return what loads one part and, for the autoencoder, its preview map."""

    def load(device: str) -> Any:
        library = diffusers if hasattr(diffusers, class_name) else transformers
        variant = None if _has_plain(folder) else "fp16"
        try:
            model = getattr(library, class_name).from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                torch_dtype=devices.dtype(device),
                variant=variant,
            )
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelRefused(str(folder), "its weights do not fit its configuration") from error
        model.eval().requires_grad_(False).to(device)
        if class_name == "AutoencoderKL":
            return Decoder(model, preview or previews.fit(model))
        return model

    return load


def _has_plain(folder: Path) -> bool:
    return any(".fp16." not in file.name for file in folder.glob("*.safetensors"))


def _tokenizer_loader(folder: Path) -> Callable[[str], Any]:
    def load(device: str) -> Any:
        return transformers.CLIPTokenizer.from_pretrained(folder, local_files_only=True)

    return load
