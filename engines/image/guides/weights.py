"""Guides' weights from folders and single files, into classes that are named here only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from engines import devices
from engines.api import EngineError, ModelRefused, ModelSpec
from engines.formats.json_reader import read_object
from engines.formats.safetensors import read_header
from engines.image import residence
from engines.image.loading import name_of
from engines.image.parts import key
from engines.image.sizes import part_weights, weights_of
from engines.memory.lease import Component
from engines.memory.weights.footprints import Footprint

Shapes = Mapping[str, tuple[int, ...]]


def component(
    spec: ModelSpec, part: str, device: str, load: Callable[[], torch.nn.Module]
) -> Component[Any]:
    """Return a guide's network as a component; smaller only in ways that change nothing.

    Args:
        part: What it is called in the memory's books, such as "controlnet".
        load: Loads it into main memory, in the device's precision.
    """
    precision = devices.dtype(device)
    return residence.component(
        key(name_of(spec), part, precision),
        weighed(spec),
        precision,
        lambda place: load().eval().requires_grad_(False).to(place),
        device,
        exact=True,
    )


def weighed(spec: ModelSpec) -> Footprint:
    """Count the weights of a file or folder."""
    path = Path(spec.path)
    return part_weights(path) if path.is_dir() else weights_of(path)


def shapes_of(spec: ModelSpec) -> Shapes:
    """Return the shapes in a file, or in all files of a folder, from their headers."""
    path = Path(spec.path)
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    return {
        name: tensor.shape for file in files for name, tensor in read_header(file).tensors.items()
    }


def settings_of(spec: ModelSpec) -> dict[str, Any]:
    """Read the configuration of a folder; a file has none."""
    place = Path(spec.path) / "config.json"
    return read_object(place) if place.is_file() else {}


def read(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a file."""
    with safe_open(path, framework="pt") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def from_folder(made_by: Any, path: str, precision: torch.dtype) -> Any:
    """Load a folder of diffusers or transformers as the one class it may be of."""
    plain = any(".fp16." not in file.name for file in Path(path).glob("*.safetensors"))
    with refusing(path), devices.own_default_precision():
        return made_by.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            torch_dtype=precision,
            variant=None if plain else "fp16",
        )


def filled(
    make: Callable[[], torch.nn.Module],
    weights: Mapping[str, Tensor],
    path: str,
    precision: torch.dtype,
) -> Any:
    """Make a network and give it just these weights.

    Raises:
        ModelRefused: there are too many, too few, or of other shapes.
    """
    with refusing(path):
        with devices.own_default_precision(), torch.device("meta"):
            made = make()
        cast = {name: tensor.to(precision) for name, tensor in weights.items()}
        made.load_state_dict(cast, strict=True, assign=True)
        return made


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Turn the libraries' errors into one."""
    try:
        yield
    except (EngineError, MemoryError):
        raise
    except Exception as error:  # damaged settings are answered with errors of all kinds
        raise ModelRefused(path, "its weights are not those of what it says it is") from error
