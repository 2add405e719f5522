"""A user's own autoencoder in the place of a model's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
from safetensors import SafetensorError, safe_open

from engines import devices
from engines.api import ModelRefused, ModelSpec, Role
from engines.catalog import Catalog
from engines.formats.json_reader import read_object
from engines.formats.safetensors import read_header
from engines.image import loading, residence
from engines.image.flows.library import vae_family
from engines.image.loading import name_of
from engines.image.parts import Parts, key
from engines.image.sizes import has_settings, part_weights
from engines.memory.weights.footprints import Footprint, footprint

_MISFITS = (
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)
_PREFIXES = ("first_stage_model.", "vae.")
_DIFFUSERS_MARK = "encoder.down_blocks.0.resnets.0.conv1.weight"
_OLD_ATTENTION = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
"""How diffusers named the layers of an autoencoder's attention before version 0.12."""


def put_in(path: str, parts: Parts, catalog: Catalog, device: str) -> Parts:
    """Return a model's parts with the autoencoder at `path`; only its header is read.

    A file says nothing of how its latents are scaled, so the model's own scale
    is taken; a folder has a configuration of its own.

    Raises:
        ModelMissing: nothing is there.
        ModelRefused: it is no autoencoder, or its latents are not the model's.
    """
    spec = catalog.check(path)
    if spec.role is not Role.VAE or spec.architecture != "vae":
        raise ModelRefused(path, "it is not an autoencoder (VAE) for pictures")
    own, place = parts.settings("vae"), Path(spec.path)
    settings = read_object(_folder(place) / "config.json") if place.is_dir() else own
    wanted = int(own.get("latent_channels", 4))
    found = settings.get("latent_channels", 4) if place.is_dir() else spec.channels
    if found != 0 and found != wanted:
        raise ModelRefused(
            path, f"its latents have {found} channels, those of this picture model {wanted}"
        )
    family = vae_family(spec) if parts.flow else ""
    if family and family != parts.flow:
        raise ModelRefused(path, "it is the VAE of another family than this picture model's")
    precision = residence.precision("vae", device, settings)
    component = residence.component(
        key(name_of(spec), "vae", precision),
        part_weights(_folder(place)) if place.is_dir() else _weigh(place),
        precision,
        _loader(spec, settings, precision),
        device,
        exact=True,  # its pictures would show what 8 bits lose
    )
    return replace(parts, vae=component, vae_settings=settings, preview=())


def _folder(place: Path) -> Path:
    return place if has_settings(place) else place / "vae"


def _weigh(path: Path) -> Footprint:
    return footprint(read_header(path).tensors)


def _loader(spec: ModelSpec, settings: dict[str, Any], precision: Any) -> Callable[[str], Any]:
    place = Path(spec.path)
    if place.is_dir():
        return loading.loader(_folder(place), "AutoencoderKL", precision)

    def load(device: str) -> Any:
        try:
            with devices.own_default_precision():
                made = _filled(_weights(place), settings, precision)
            return made.eval().requires_grad_(False).to(device)
        except _MISFITS as error:
            raise ModelRefused(spec.path, "it does not fit this picture model") from error

    return load


def _weights(path: Path) -> dict[str, Any]:
    """Read a file's tensors by their names within the autoencoder."""
    with safe_open(path, framework="pt") as opened:
        names = list(opened.keys())
        prefix = next((p for p in _PREFIXES if any(name.startswith(p) for name in names)), "")
        return {
            name.removeprefix(prefix): opened.get_tensor(name)
            for name in names
            if name.startswith((prefix + "encoder.", prefix + "decoder.", prefix + "quant_conv."))
            or name.startswith(prefix + "post_quant_conv.")
        }


def _filled(weights: dict[str, Any], settings: dict[str, Any], precision: Any) -> Any:
    """Make an autoencoder of either layout's weights."""
    if _DIFFUSERS_MARK not in weights:
        weights = diffusers.loaders.single_file_utils.convert_ldm_vae_checkpoint(weights, settings)
    made = diffusers.AutoencoderKL.from_config(settings)
    made.load_state_dict(dict(_current(*one) for one in weights.items()), strict=True)
    return made.to(precision)


def _current(name: str, value: Any) -> tuple[str, Any]:
    """Bring a tensor of an older version to what diffusers takes today."""
    for old, new in _OLD_ATTENTION.items():
        name = name.replace(old, new)
    if ".attentions." in name and value.ndim == 4:  # a convolution of one pixel
        value = value[..., 0, 0]
    return name, value
