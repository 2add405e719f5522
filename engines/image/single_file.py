"""One weights file of the Stable Diffusion family, read with no other file than our own.

Such a file holds weights under the names of the original programs. Layer
sizes are facts of each family and lie in `resources/families`; diffusers
renames the weights. Only what is drawn with is read: no optimiser, no average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from engines.formats.json_reader import read_object
from engines.formats.safetensors import Tensor, read_header
from engines.image import prediction, residence
from engines.image.loading import MODELS, name_of, scheduler_config
from engines.image.parts import FILLING_CHANNELS, Parts, key
from engines.image.sizes import (
    PREFIXES,
    TOKENIZER_BYTES,
    TOKENIZERS,
    UNET_PREFIX,
    default_side_px,
    family_folder,
    file_weights,
    stated_side_px,
)
from engines.image.words import clip_words
from engines.memory.lease import Component
from engines.memory.weights.footprints import Footprint

FILLS = {
    "stable-diffusion": (clip_words.END,),
    "stable-diffusion-2": (clip_words.NOTHING,),
    "stable-diffusion-xl": (clip_words.END, clip_words.NOTHING),
}
"""Architecture -> what each of its tokenizers fills a short prompt up with."""

CHANNELS = (4, FILLING_CHANNELS)
"""What a UNet may take: latents, or latents, mask and masked latents to fill in."""

_PREDICTIONS = {"epsilon": prediction.EPSILON, "v": prediction.VELOCITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleFile:
    """What a file says of itself without being loaded.

    `prediction` is empty if it does not say what its UNet predicts;
    `zero_snr` is set if its noise schedule ends in nothing but noise;
    `weights` tells how large each part is.
    """

    path: Path
    architecture: str
    config: Path
    channels: int
    prediction: str
    zero_snr: bool
    side_px: int
    weights: Mapping[str, Footprint]


def read(spec: ModelSpec) -> SingleFile:
    """Read a file's header and find its family's configuration.

    Raises:
        ModelRefused: it is of a variant that cannot be drawn with here.
    """
    config = family_folder(spec)
    header = read_header(Path(spec.path))
    return SingleFile(
        path=Path(spec.path),
        architecture=spec.architecture,
        config=config,
        channels=_channels(header.tensors, spec),
        prediction=_prediction(header.tensors, header.metadata),
        zero_snr="ztsnr" in header.tensors,
        side_px=stated_side_px(header.metadata) or default_side_px(config),
        weights=file_weights(header.tensors, config),
    )


def file_parts(spec: ModelSpec, device: str) -> Parts:
    """Return the parts of a single file, each read by itself.

    Args:
        device: Where they will lie, "cpu" or "cuda".

    Raises:
        ModelRefused: as `read`.
    """
    file, model = read(spec), name_of(spec)
    found = {name: _part(file, model, name, device) for name in file.weights}
    unet, vae = found.pop("unet"), found.pop("vae")
    return Parts(
        model=spec.id,
        config=file.config,
        words=found | _tokenizers(file, model, device),
        unet=unet,
        vae=vae,
        scheduler=_settings(file),
        side_px=file.side_px,
        channels=file.channels,
        silent=not file.prediction,
    )


def _part(file: SingleFile, model: str, name: str, device: str) -> Component[Any]:
    config = read_object(file.config / name / "config.json")
    precision = residence.precision(name, device, config)
    return residence.component(
        key(model, name, precision),
        file.weights[name],
        precision,
        lambda device: _load(file, name, precision).to(device),
        device,
        exact=name == "vae",  # its pictures would show what 8 bits lose
    )


def _load(file: SingleFile, name: str, precision: Any) -> Any:
    """Load one part into main memory."""
    try:
        weights = _weights(file.path, PREFIXES[name])
        with devices.own_default_precision():
            made = _filled(file, name, precision, weights)
        # What was not in the file stays without values, and cannot be moved.
        return made.eval().requires_grad_(False).to("cpu")
    except MISFITS as error:
        raise ModelRefused(str(file.path), f"its {name} does not fit its family") from error


def _filled(file: SingleFile, name: str, precision: Any, weights: dict[str, Any]) -> Any:
    """Make a part by its family's configuration, with the file's weights."""
    if name in ("unet", "vae"):
        return getattr(diffusers, MODELS[name]).from_single_file(
            weights,
            config=str(file.config),
            subfolder=name,
            local_files_only=True,
            torch_dtype=precision,
            **({"in_channels": file.channels} if name == "unet" else {}),
        )
    return create_diffusers_clip_model_from_ldm(
        getattr(transformers, MODELS[name]),
        weights,
        subfolder=name,
        config=str(file.config),
        torch_dtype=precision,
        local_files_only=True,
    )


MISFITS = (
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    SafetensorError,
    SingleFileComponentError,
    TypeError,
    ValueError,
)


def _weights(path: Path, prefixes: tuple[str, ...]) -> dict[str, Any]:
    with safe_open(path, framework="pt") as opened:
        names = [name for name in opened.keys() if name.startswith(prefixes)]  # noqa: SIM118
        return {name: opened.get_tensor(name) for name in names}


def _tokenizers(file: SingleFile, model: str, device: str) -> dict[str, Component[Any]]:
    """Return the tokenizers as components of main memory."""

    def loader(fill: str) -> Callable[[str], Any]:
        return lambda _device: clip_words.tokenizer(fill)

    return {
        name: Component(
            key=f"image:{model}:{name}:words",
            size_bytes=residence.in_main_memory(TOKENIZER_BYTES, device),
            load=loader(fill),
        )
        for name, fill in zip(TOKENIZERS, FILLS[file.architecture], strict=False)
    }


def _settings(file: SingleFile) -> dict[str, Any]:
    """Return the settings of the sampler, fitted to what the file says it was trained for."""
    settings = scheduler_config(file.config)
    if file.prediction:
        settings["prediction_type"] = file.prediction
    if file.zero_snr:
        # Lin and others 2024, arXiv:2305.08891: such a model starts from the very last time.
        settings |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
    return settings


def _channels(tensors: Mapping[str, Tensor], spec: ModelSpec) -> int:
    """Return how many channels the UNet takes, of those known here."""
    first = tensors.get(UNET_PREFIX + "input_blocks.0.0.weight")
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
