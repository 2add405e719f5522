"""What a picture's file can say about how it was made, whichever tool wrote it."""

from __future__ import annotations

from dataclasses import dataclass


class MetadataError(Exception):
    """What a picture's file says about its making cannot be read; `reason` is in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A model or LoRA as a file names it.

    `digest` is hexadecimal: the sha256 of the file, its first letters, or
    what else the tool computes; empty if it says none.
    """

    name: str = ""
    digest: str = ""
    weight: float = 1.0

    def __bool__(self) -> bool:
        return bool(self.name or self.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A picture that steered: by a ControlNet or adapter, or by its look.

    `picture` is its sha256, only in our own files. `making` is what was made
    of it first ("canny"), `beside` the name of a further model that took.
    `start` and `end` are shares of the steps.
    """

    model: Named
    picture: str = ""
    making: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSettings:
    """How a picture was made, as far as its file says so.

    Words are empty and numbers None where it says nothing. `kind` is the
    value of `engines.api.Kind` it was asked by. The sizes are those that
    were painted, before any enlarging by `upscale`. `sampler` is in our own
    words, see `samplers`. `init` and `mask` are sha256 of the pictures it
    started from. `clip_skip` counts as A1111 does: 1 leaves no layer out.
    `hires` is by how much a second drawing was larger. `more` is further
    fields of the request as (name, JSON text), only in our own files.
    """

    tool: str
    version: str = ""
    kind: str = "image"
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    sampler: str = ""
    guidance: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    model: Named = Named()
    loras: tuple[Named, ...] = ()
    init: str = ""
    mask: str = ""
    strength: float | None = None
    upscale: int | None = None
    clip_skip: int | None = None
    vae: str = ""
    variation: float | None = None
    variation_seed: int | None = None
    hires: float | None = None
    hires_strength: float | None = None
    tiling: bool = False
    embeddings: tuple[Named, ...] = ()
    controls: tuple[Guide, ...] = ()
    references: tuple[Guide, ...] = ()
    upscaler: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is enough to make a picture like it."""
        return bool(self.prompt or self.seed is not None or self.model)
