"""How much cutting out takes, from a file's header alone and without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engines.api import ModelSpec
from engines.image.sizes import weights_of
from engines.memory.lease import Working

OURS: Final = "triptych-cutout"
FILE: Final = "model.safetensors"
"""The weights in a folder of ours."""

OUR_WORKING_BYTES: Final = 60_000_000
FILE_WORKING: Final = 6
"""What a network of the user's takes to work, in times of its weights; 1024 px take much."""

PIXEL_BYTES: Final = 12
"""Of the picture, in and out, in main memory."""

USUAL_PIXELS: Final = 1024 * 1024


def weights_bytes(spec: ModelSpec, device: str) -> int:
    """Return what the network holds of a device; one of the user's stays in main memory."""
    if spec.architecture == OURS:
        return weights_of(Path(spec.path) / FILE).whole_bytes(4)
    return spec.size_bytes if device == "cpu" else 0


def looking(spec: ModelSpec, device: str, pixels: int = USUAL_PIXELS) -> Working:
    """Return what it takes to cut out of a picture of so many pixels."""
    here = device == "cpu"
    if spec.architecture == OURS:
        network_bytes = OUR_WORKING_BYTES
    else:
        network_bytes = FILE_WORKING * spec.size_bytes if here else 0
    return Working(
        operation="cutout.look",
        estimate_bytes=network_bytes + (PIXEL_BYTES * pixels if here else 0),
        model=spec.id,
        size=pixels,
    )
