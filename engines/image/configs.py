"""Where the configuration of a single weights file comes from: never from the network.

A `.safetensors` file of the Stable Diffusion family holds weights only.
Tokenizer and layer sizes are borrowed from a diffusers folder of the same
family in the library.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engines.api import ModelRefused, ModelSpec


def config_folder(spec: ModelSpec, library: Iterable[ModelSpec]) -> Path:
    """Return a diffusers folder of the same family.

    Raises:
        ModelRefused: the library holds none.
    """
    for other in library:
        if other.format == "diffusers" and other.architecture == spec.architecture:
            return Path(other.path)
    raise ModelRefused(
        spec.path,
        f"it is one file of the {spec.architecture} family, which needs a diffusers folder of "
        "that family in the library to take its tokenizer and configuration from",
    )
