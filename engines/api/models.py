"""What a model is and what the memory holds, as seen from outside."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One thing that is in the device's memory now."""

    key: str
    size_bytes: int
    leased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStatus:
    """A picture of the device's memory at one moment; replaced, never changed."""

    device: str
    budget_bytes: int
    used_bytes: int
    working_bytes: int
    residents: tuple[Resident, ...] = ()
