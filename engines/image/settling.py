"""From a request and a model's defaults to settled values for each picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from engines.api import BadRequest, ImageRequest
from engines.api.checks import SEEDS
from engines.image import png
from engines.image.card import Card
from engines.image.pipelines import Drawing, States

MOST_START_SHARE = 2.0
"""A start picture keeps its size up to this many times the model's own area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A request with every default filled in."""

    request: ImageRequest
    width_px: int
    height_px: int
    steps: int
    guidance: float
    start: Image.Image | None = None
    mask: Image.Image | None = None

    @property
    def count(self) -> int:
        """How many pictures."""
        return self.request.count

    @property
    def strength(self) -> float:
        """The strength, never so small that no step would be left."""
        return min(1.0, max(self.request.strength, 1.001 / self.steps))

    @property
    def steps_run(self) -> int:
        """How many steps one picture really takes."""
        if self.start is None:
            return self.steps
        return max(1, min(self.steps, int(self.steps * self.strength)))

    @property
    def guided(self) -> bool:
        """The UNet is asked twice at each step: with the prompt and without."""
        return self.guidance > 1

    def seed(self, number: int) -> int:
        """Return the seed of picture `number`."""
        return (self.request.seed + number) % SEEDS

    def drawing(self, number: int, states: States) -> Drawing:
        """Return picture `number`, of a prompt that was read."""
        return Drawing(
            seed=self.seed(number),
            width_px=self.width_px,
            height_px=self.height_px,
            steps=self.steps,
            guidance=self.guidance,
            states=states,
            start=self.start,
            mask=self.mask,
            strength=self.strength,
        )


def settle(request: ImageRequest, about: Card, side_px: int) -> Settled:
    """Fill in size, steps and guidance, and fit start and mask to the size.

    Raises:
        BadRequest: start and mask cannot be read or do not fit together.
    """
    start = png.decode(request.init, "the picture to start from") if request.init else None
    mask = png.decode(request.mask, "the mask") if request.mask else None
    if start is not None and mask is not None and start.size != mask.size:
        raise BadRequest("the mask and the picture to start from differ in size")
    width_px, height_px = _size(request, start, side_px)
    return Settled(
        request=request,
        width_px=width_px,
        height_px=height_px,
        steps=request.steps or about.steps,
        guidance=request.guidance if request.guidance >= 0 else about.guidance,
        start=_fit(start, width_px, height_px, "RGB"),
        mask=_fit(mask, width_px, height_px, "L"),
    )


def _fit(image: Image.Image | None, width_px: int, height_px: int, mode: str) -> Image.Image | None:
    """Bring a picture to a size and a mode; what is transparent becomes white."""
    if image is None:
        return None
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert(mode).resize((width_px, height_px), Image.Resampling.LANCZOS)


def _size(request: ImageRequest, start: Image.Image | None, side_px: int) -> tuple[int, int]:
    """Return the size asked for, else the start's within reason, else the model's own."""
    if request.width_px and request.height_px:
        return request.width_px, request.height_px
    if start is None:
        return request.width_px or side_px, request.height_px or side_px
    most = MOST_START_SHARE * side_px**2
    scale = min(1.0, math.sqrt(most / (start.width * start.height)))
    return _eights(start.width * scale), _eights(start.height * scale)


def _eights(side_px: float) -> int:
    return max(16, round(side_px / 8) * 8)
