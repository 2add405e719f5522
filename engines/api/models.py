"""What a model is, as seen from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a request asks for; each kind has one engine."""

    TEXT = "text"
    IMAGE = "image"
    BACKGROUND = "background"
    UPSCALE = "upscale"
    MUSIC = "music"
    SOUND = "sound"
    PLAN = "plan"
    TRAIN = "train"
    FIT = "fit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of the library.

    `sha256` is of the weights (of the sorted list of files for a folder) and
    is empty until it was computed. `architecture` is a short name such as
    "llama", "stable-diffusion", "triptych-score".
    """

    id: str
    kind: Kind
    name: str
    path: str
    format: str
    architecture: str
    size_bytes: int
    licence: str = ""
    source: str = ""
    restrictions: str = ""
    sha256: str = ""
