"""What can be asked of the engines that make pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engines.api.checks import check_seed, check_side, check_within, check_words
from engines.api.errors import BadRequest
from engines.api.models import Kind

FACTORS = (2, 4, 8, 16)
"""How many times a picture can be enlarged."""

PREPROCESSORS = ("", "canny", "lineart", "scribble", "tile", "depth")
"""What is made of a picture before it steers; "" takes it as it is."""


def _check_factor(factor: int) -> None:
    if factor not in FACTORS:
        raise BadRequest(f"a picture is enlarged 2, 4, 8 or 16 times, not {factor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraUse:
    """A LoRA file and how strongly it counts."""

    path: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlUse:
    """A picture (PNG) that steers through a ControlNet or a T2I adapter of the library.

    It counts from `start` to `end`, shares of the steps. `depth_model` is the
    path of the depth model that "depth" needs.
    """

    path: str
    picture: bytes
    preprocessor: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    depth_model: str = ""

    def __post_init__(self) -> None:
        check_within("the weight of a control", self.weight, 0, 2)
        check_within("the start of a control", self.start, 0, 1)
        check_within("the end of a control", self.end, self.start, 1)
        if self.preprocessor not in PREPROCESSORS:
            raise BadRequest(
                f"a control is made by {', '.join(PREPROCESSORS[1:])}, not {self.preprocessor!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceUse:
    """A picture (PNG) whose look is taken over through an IP-Adapter of the library.

    `encoder` is the path of the image encoder, looked for in the library if empty.
    """

    path: str
    picture: bytes
    weight: float = 0.6
    encoder: str = ""

    def __post_init__(self) -> None:
        check_within("the weight of a reference", self.weight, 0, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPrompt:
    """Words for a part of the picture: where `mask` (PNG, any size) is white."""

    prompt: str
    mask: bytes
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_words("the prompt of a region", self.prompt)
        check_within("the weight of a region", self.weight, 0, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """Pictures to draw.

    Sides are exact; 0 means the model's own size. `steps` 0 and
    `guidance` below 0 mean the model's own defaults. `count` pictures have the
    seeds `seed`, `seed + 1`, ...; each draws its own choice from the
    `{a|b}` and `__wildcards__` of the prompt.

    With `init` the picture starts from that one; with `mask` (white is
    redrawn) only there. `outpaint` makes the start larger by so many pixels
    left, above, right and below, and draws what is new. `variation` mixes the
    noise of `variation_seed` into the seed's, from 0 (none) to 1 (all).
    `hires` draws once more, so many times larger, from the enlarged picture,
    with `hires_strength`. A `tiling` picture fits to itself on all sides.

    `clip_skip` leaves out so many of the last layers of CLIP. `vae`, the
    `embeddings` (textual inversions, called by the stem of their file's name)
    and the `loras` are paths. `upscale` enlarges the result, with the
    `upscaler`: "" the fast one, "x4plus", or a model's path. A `cutout`
    leaves out what is behind the subject.
    """

    kind: ClassVar[Kind] = Kind.IMAGE
    prompt: str
    seed: int
    model: str = ""
    negative: str = ""
    width_px: int = 0
    height_px: int = 0
    steps: int = 0
    guidance: float = -1.0
    sampler: str = ""
    count: int = 1
    init: bytes = b""
    mask: bytes = b""
    strength: float = 0.7
    outpaint: tuple[int, ...] = ()
    variation: float = 0.0
    variation_seed: int = 0
    hires: float = 1.0
    hires_strength: float = 0.5
    tiling: bool = False
    clip_skip: int = 0
    vae: str = ""
    embeddings: tuple[str, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    controls: tuple[ControlUse, ...] = ()
    references: tuple[ReferenceUse, ...] = ()
    regions: tuple[RegionPrompt, ...] = ()
    upscale: int = 1
    upscaler: str = ""
    cutout: bool = False

    def __post_init__(self) -> None:
        check_words("the prompt", self.prompt)
        check_seed(self.seed)
        check_seed(self.variation_seed)
        if self.width_px or self.height_px:
            check_side(self.width_px, self.height_px)
        check_within("steps", self.steps, 0, 500)
        check_within("the guidance", self.guidance, -1, 50)
        check_within("the number of pictures", self.count, 1, 64)
        check_within("the strength", self.strength, 0, 1)
        check_within("the variation", self.variation, 0, 1)
        check_within("the factor of the second drawing", self.hires, 1, 4)
        check_within("the strength of the second drawing", self.hires_strength, 0, 1)
        check_within("the layers of CLIP to skip", self.clip_skip, 0, 11)
        if self.upscale != 1:
            _check_factor(self.upscale)
        if self.mask and not self.init:
            raise BadRequest("a mask needs a picture to start from")
        self._check_outpaint()

    def _check_outpaint(self) -> None:
        if not self.outpaint:
            return
        if len(self.outpaint) != 4:
            raise BadRequest("a picture is made larger left, above, right and below")
        for side in self.outpaint:
            check_within("the pixels to add at a side", side, 0, 4096)
        if not self.init:
            raise BadRequest("only a picture to start from can be made larger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One direction of a grid: a field of `ImageRequest` and its values as text.

    `name` is a plain field ("steps", "sampler", "seed", ...), "lora:N" for the
    weight of the N-th LoRA, counted from 1, or "prompt": then each value
    stands in the place of the first in the prompt.
    """

    name: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        check_within("the number of values of an axis", len(self.values), 1, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRequest:
    """One picture for each choice of values along one, two or three axes, and a sheet of all."""

    kind: ClassVar[Kind] = Kind.GRID
    base: ImageRequest
    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        check_within("the number of axes", len(self.axes), 1, 3)
        cells = 1
        for axis in self.axes:
            cells *= len(axis.values)
        check_within("the number of pictures of a grid", cells, 1, 256)
        if len({axis.name for axis in self.axes}) < len(self.axes):
            raise BadRequest("two axes of a grid are the same")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundRequest:
    """A procedural background, drawn at any size in an instant.

    The family (mountains, skyline, waves, ...) is found in `prompt`;
    `palette` is two to six colours "#rrggbb" from dark to light, or empty to
    take them from the prompt's words.
    """

    kind: ClassVar[Kind] = Kind.BACKGROUND
    prompt: str
    seed: int
    width_px: int
    height_px: int
    palette: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_words("the prompt", self.prompt)
        check_seed(self.seed)
        check_side(self.width_px, self.height_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscaleRequest:
    """A picture to enlarge `factor` (2, 4, 8 or 16) times.

    `model` is "" for the fast one, "x4plus", or the path of a model of the library.
    """

    kind: ClassVar[Kind] = Kind.UPSCALE
    png: bytes
    factor: int = 4
    model: str = ""

    def __post_init__(self) -> None:
        _check_factor(self.factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutRequest:
    """A picture whose subject is wanted without what is behind it; the result has alpha.

    `model` is "" for our own, or the path of one of the library.
    """

    kind: ClassVar[Kind] = Kind.CUTOUT
    png: bytes
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRequest:
    """What a control would be shown of a picture: its edges, lines, strokes, colours or depth.

    The result is one picture, made smaller so that no side is over `longest_px`.
    """

    kind: ClassVar[Kind] = Kind.TRACE
    png: bytes
    preprocessor: str
    depth_model: str = ""
    longest_px: int = 512

    def __post_init__(self) -> None:
        if self.preprocessor not in PREPROCESSORS[1:]:
            raise BadRequest(
                f"a picture is traced by {', '.join(PREPROCESSORS[1:])}, not {self.preprocessor!r}"
            )
        check_within("the longest side", self.longest_px, 64, 2048)
