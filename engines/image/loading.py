"""From a diffusers folder of the library to its parts, each leased by itself.

Only the classes named here are ever made; nothing in a model's folder can
name another. Every part is read from safetensors, by local path.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import transformers

from engines import devices
from engines.api import ModelRefused, ModelSpec
from engines.formats.json_reader import MOST_BYTES, read_object
from engines.image import residence
from engines.image.card import Card
from engines.image.parts import READER, Parts, key
from engines.image.sizes import (
    TOKENIZER_BYTES,
    TOKENIZERS,
    default_side_px,
    has_settings,
    part_weights,
)
from engines.image.words.starter_text import PromptReader
from engines.library import fingerprint
from engines.memory.lease import Component

diffusers.utils.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()

MODELS = {
    "unet": "UNet2DConditionModel",
    "vae": "AutoencoderKL",
    "text_encoder": "CLIPTextModel",
    "text_encoder_2": "CLIPTextModelWithProjection",
}
"""The parts with weights, and the only class each may be."""

FEWEST_TOKENS = 3
"""A beginning, a word and an end: prompts are cut into chunks that hold less than the encoder."""

MOST_LAYERS = 1_000
"""Of one kind in a part; the largest model known has 80."""


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


def folder_parts(spec: ModelSpec, about: Card, device: str, reader: ModelSpec | None) -> Parts:
    """Return the parts of a diffusers folder.

    Args:
        about: What its card says.
        device: Where they will lie, "cpu" or "cuda".
        reader: The model that reads its prompts, if it has no text encoder.

    Raises:
        ModelRefused: one of them is missing.
    """
    folder = Path(spec.path)
    found = {
        name: part(spec, folder / name, name, class_name, device)
        for name, class_name in MODELS.items()
        if has_settings(folder / name)
    }
    if not {"unet", "vae"} <= found.keys():
        raise ModelRefused(spec.path, "its unet or its vae is missing")
    unet, vae = found.pop("unet"), found.pop("vae")
    if reader is not None:
        found = {READER: reader_part(reader, device)}
    elif "text_encoder" not in found:
        raise ModelRefused(spec.path, "its text encoder is missing")
    else:
        for name in TOKENIZERS:
            if (folder / name).is_dir():
                found[name] = _tokenizer(spec, name, device)
    channels = read_object(folder / "unet" / "config.json").get("in_channels", 4)
    return Parts(
        model=spec.id,
        config=folder,
        words=found,
        unet=unet,
        vae=vae,
        scheduler=scheduler_config(folder),
        side_px=about.side_px or default_side_px(folder),
        channels=int(channels),
        preview=about.preview,
    )


def reader_part(spec: ModelSpec, device: str) -> Component[PromptReader]:
    """Return the component that reads prompts for the starter."""
    folder = Path(spec.path)
    precision = devices.dtype("cpu")  # the starter was trained with its full precision
    return Component(
        key=key(spec.id, READER, precision),
        size_bytes=part_weights(folder).whole_bytes(precision.itemsize),
        load=lambda device: PromptReader(folder, device),
    )


def name_of(spec: ModelSpec) -> str:
    """Name a model so that other files under the same id are not taken for it."""
    return f"{spec.id}-{fingerprint(Path(spec.path))[:8]}"


def part(spec: ModelSpec, folder: Path, name: str, class_name: str, device: str) -> Component[Any]:
    """Return the component of one part with weights.

    Args:
        spec: The model that it is of.
        folder: Where it lies.
        class_name: The only class of diffusers or transformers that it may be.
    """
    settings = read_object(folder / "config.json")
    _check_settings(folder, settings)
    precision = residence.precision(name, device, settings)
    return residence.component(
        key(name_of(spec), name, precision),
        part_weights(folder),
        precision,
        loader(folder, class_name, precision),
        device,
        exact=name == "vae",  # its pictures would show what 8 bits lose
    )


def loader(folder: Path, class_name: str, precision: Any) -> Callable[[str], Any]:
    """Return what loads one part."""
    library = diffusers if hasattr(diffusers, class_name) else transformers

    def load(device: str) -> Any:
        try:
            with devices.own_default_precision():
                model, told = getattr(library, class_name).from_pretrained(
                    folder,
                    local_files_only=True,
                    use_safetensors=True,
                    torch_dtype=precision,
                    variant=None if _has_plain(folder) else "fp16",
                    output_loading_info=True,
                )
                if library is diffusers and told["missing_keys"]:
                    raise ValueError(f"no weights for {sorted(told['missing_keys'])[:3]}")
        except MemoryError:
            raise
        except Exception as error:  # damaged settings are answered with errors of all kinds
            raise ModelRefused(str(folder), "its weights do not fit its configuration") from error
        return model.eval().requires_grad_(False).to(device)

    return load


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    """Refuse settings that the libraries would take as they are, to build without end.

    Raises:
        ModelRefused: there are layers without number.
    """
    for name, value in settings.items():
        counts = value if isinstance(value, list) else [value]
        if "layers" in name and any(isinstance(n, int) and n > MOST_LAYERS for n in counts):
            raise ModelRefused(str(folder), f"its setting {name} is {str(value)[:40]}")


def _tokenizer(spec: ModelSpec, name: str, device: str) -> Component[Any]:
    """Return the component of one of CLIP's tokenizers."""
    return Component(
        key=f"image:{name_of(spec)}:{name}:words",
        size_bytes=residence.in_main_memory(TOKENIZER_BYTES, device),
        load=tokenizer_loader(Path(spec.path) / name, "CLIPTokenizer"),
    )


def tokenizer_loader(folder: Path, class_name: str) -> Callable[[str], Any]:
    """Return what reads the words in a folder, with the one class that it may be."""

    def load(_device: str) -> Any:
        try:
            words = getattr(transformers, class_name).from_pretrained(folder, local_files_only=True)
            if not words.model_max_length >= FEWEST_TOKENS:
                raise ValueError(f"room for {words.model_max_length} tokens")
        except Exception as error:  # what reads them in Rust raises no narrower class
            raise ModelRefused(str(folder), "its words cannot be read") from error
        return words

    return load


def _has_plain(folder: Path) -> bool:
    return any(".fp16." not in file.name for file in folder.glob("*.safetensors"))
