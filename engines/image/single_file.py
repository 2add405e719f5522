"""One weights file of the Stable Diffusion family, read with no other file than our own.

Such a file holds weights under the names of the original programs. Layer
sizes are facts of each family and lie in `resources/families`; diffusers
renames the weights. Only what is drawn with is read: no optimiser, no average.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import diffusers
import transformers
from diffusers.loaders.single_file_utils import (
    SingleFileComponentError,
    create_diffusers_clip_model_from_ldm,
)
from safetensors import SafetensorError, safe_open

from engines import devices
from engines.api import ModelRefused, ModelSpec
from engines.formats.safetensors import Tensor, read_header
from engines.image import clip_words, prediction, previews
from engines.image.loading import (
    BYTES_ON_CARD,
    BYTES_ON_CPU,
    MODELS,
    TOKENIZER_BYTES,
    Decoder,
    default_side_px,
    scheduler_config,
)
from engines.image.pipelines import FILLING_CHANNELS
from engines.library import fingerprint
from engines.memory.lease import Component

FAMILIES = Path(__file__).resolve().parents[2] / "resources" / "families"

FOLDERS = {
    "stable-diffusion": "stable-diffusion-1",
    "stable-diffusion-2": "stable-diffusion-2",
    "stable-diffusion-xl": "stable-diffusion-xl",
}
"""Architecture -> folder of its configuration."""

FILLS = {
    "stable-diffusion": (clip_words.END,),
    "stable-diffusion-2": (clip_words.NOTHING,),
    "stable-diffusion-xl": (clip_words.END, clip_words.NOTHING),
}
"""Architecture -> what each of its tokenizers fills a short prompt up with."""

CHANNELS = (4, FILLING_CHANNELS)
"""What a UNet may take: latents, or latents, mask and masked latents to fill in."""

_UNET = "model.diffusion_model."
_PREFIXES = {
    "unet": (_UNET,),
    "vae": ("first_stage_model.",),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0."),
    "text_encoder_2": ("conditioner.embedders.1.",),
}
_PREDICTIONS = {"epsilon": prediction.EPSILON, "v": prediction.VELOCITY}
_RESOLUTION = re.compile(r"(\d{3,4})x(\d{3,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleFile:
    """What a file says of itself without being loaded.

    `prediction` is empty if it does not say what its UNet predicts;
    `zero_snr` is set if its noise schedule ends in nothing but noise.
    """

    path: Path
    architecture: str
    config: Path
    channels: int
    prediction: str
    zero_snr: bool
    side_px: int
    elements: int


def read(spec: ModelSpec) -> SingleFile:
    """Read a file's header and find its family's configuration.

    Raises:
        ModelRefused: it is of a variant that cannot be drawn with here.
    """
    folder = FOLDERS.get(spec.architecture)
    if folder is None:
        raise ModelRefused(spec.path, f"single files of {spec.architecture} are not known here")
    config = FAMILIES / folder
    header = read_header(Path(spec.path))
    used = [tensor for name, tensor in header.tensors.items() if name.startswith(_all_prefixes())]
    return SingleFile(
        path=Path(spec.path),
        architecture=spec.architecture,
        config=config,
        channels=_channels(header.tensors, spec),
        prediction=_prediction(header.tensors, header.metadata),
        zero_snr="ztsnr" in header.tensors,
        side_px=_side_px(header.metadata) or default_side_px(config),
        elements=sum(prod(tensor.shape) for tensor in used),
    )


def component(file: SingleFile, on: str) -> Component[dict[str, Any]]:
    """Return one component that loads all parts, by the names pipelines know them by.

    Besides the parts it gives "scheduler", the settings for its sampler.

    Args:
        on: The device it will lie on, "cpu" or "cuda"; for its size.
    """
    width = BYTES_ON_CPU if on == "cpu" else BYTES_ON_CARD
    size_bytes = file.elements * width + TOKENIZER_BYTES
    return Component(
        key=f"image:{file.path}:{fingerprint(file.path)}",
        size_bytes=size_bytes,
        load=lambda device: _load(file, device),
    )


def _load(file: SingleFile, device: str) -> dict[str, Any]:
    parts = _tokenizers(file)
    for name in MODELS:
        if (file.config / name / "config.json").is_file():
            parts[name] = _part(file, name, device)
    parts["scheduler"] = _settings(file, parts["unet"])
    parts["vae"] = Decoder(parts["vae"], previews.fit(parts["vae"]))
    return parts


def _part(file: SingleFile, name: str, device: str) -> Any:
    """Load one part, so that no more than one is held in two precisions."""
    precision = devices.dtype(device)
    try:
        weights = _weights(file.path, _PREFIXES[name])
        if name in ("unet", "vae"):
            made = getattr(diffusers, MODELS[name]).from_single_file(
                weights,
                config=str(file.config),
                subfolder=name,
                local_files_only=True,
                torch_dtype=precision,
                **({"in_channels": file.channels} if name == "unet" else {}),
            )
        else:
            made = create_diffusers_clip_model_from_ldm(
                getattr(transformers, MODELS[name]),
                weights,
                subfolder=name,
                config=str(file.config),
                torch_dtype=precision,
                local_files_only=True,
            )
        return made.eval().requires_grad_(False).to(device)
    except _MISFITS as error:
        raise ModelRefused(str(file.path), f"its {name} does not fit its family") from error


_MISFITS = (
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,  # what was not in the file stays without values, and cannot move
    SafetensorError,
    SingleFileComponentError,
    TypeError,
    ValueError,
)


def _weights(path: Path, prefixes: tuple[str, ...]) -> dict[str, Any]:
    with safe_open(path, framework="pt") as opened:
        names = [name for name in opened.keys() if name.startswith(prefixes)]  # noqa: SIM118
        return {name: opened.get_tensor(name) for name in names}


def _tokenizers(file: SingleFile) -> dict[str, Any]:
    names = ("tokenizer", "tokenizer_2")
    fills = FILLS[file.architecture]
    return {name: clip_words.tokenizer(fill) for name, fill in zip(names, fills, strict=False)}


def _settings(file: SingleFile, unet: Any) -> dict[str, Any]:
    """Return the settings of the sampler, fitted to what the file was trained for."""
    settings = scheduler_config(file.config)
    settings["prediction_type"] = file.prediction or prediction.measure(unet)
    if file.zero_snr:
        # Lin and others 2024, arXiv:2305.08891: such a model starts from the very last time.
        settings |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return settings


def _all_prefixes() -> tuple[str, ...]:
    return tuple(prefix for prefixes in _PREFIXES.values() for prefix in prefixes)


def _channels(tensors: Mapping[str, Tensor], spec: ModelSpec) -> int:
    """Return how many channels the UNet takes, of those known here."""
    first = tensors.get(_UNET + "input_blocks.0.0.weight")
    channels = first.shape[1] if first is not None and len(first.shape) == 4 else 0
    if channels not in CHANNELS:
        raise ModelRefused(
            spec.path,
            f"its UNet takes {channels} channels; known are 4 (to draw) and 9 (to fill in)",
        )
    if any(name.startswith("edm_") for name in tensors):
        raise ModelRefused(spec.path, "it was trained on another noise schedule (EDM)")
    return channels


def _prediction(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Return what the file says its UNet predicts: a mark among the tensors, or metadata."""
    if "v_pred" in tensors:
        return prediction.VELOCITY
    return _PREDICTIONS.get(metadata.get("modelspec.prediction_type", ""), "")


def _side_px(metadata: Mapping[str, str]) -> int:
    """Return the side of the pictures it was trained on, or 0 if it does not say."""
    stated = _RESOLUTION.fullmatch(metadata.get("modelspec.resolution", ""))
    side_px = max(int(stated[1]), int(stated[2])) if stated else 0
    return side_px // 8 * 8 if 256 <= side_px <= 2048 else 0
