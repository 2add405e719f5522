"""From a request and a model's defaults to settled values for each picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from engines.api import BadRequest, ImageRequest
from engines.api.checks import SEEDS
from engines.image import outpainting, png
from engines.image.card import Card
from engines.image.flows import flow
from engines.image.outpainting import Sides
from engines.image.pipelines import Drawing, States
from engines.image.words.dynamic_prompts import Wording

if TYPE_CHECKING:
    from engines.image.parts import Parts

MOST_START_SHARE = 2.0
"""A start picture keeps its size up to this many times the model's own area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A request with every default filled in.

    Attributes:
        finished_px: Width and height of the result; what is drawn beyond it, to
            reach a multiple of the model's step, is cut off.
        step_px: What the sides that are drawn are multiples of.
        guided: The network is asked twice at each step: with the prompt and without.
        along_flow: Its pipeline counts the steps from a start as those of flows do.
        start: What all pictures start from.
        mask: L, white where the start is redrawn.
        enlarged: What each picture of a second drawing starts from.
        wordings: The words of each picture.
        steps_before: The steps of the first drawing, in the second.
    """

    request: ImageRequest
    width_px: int
    height_px: int
    finished_px: tuple[int, int]
    step_px: int
    steps: int
    guidance: float
    guided: bool
    along_flow: bool = False
    start: Image.Image | None = None
    mask: Image.Image | None = None
    enlarged: tuple[Image.Image, ...] = ()
    wordings: tuple[Wording, ...] = ()
    steps_before: int = 0

    @property
    def count(self) -> int:
        """How many pictures."""
        return self.request.count

    @property
    def strength(self) -> float:
        """The strength, never so small that no step would be left."""
        return self._at_least_one_step(self.request.strength)

    @property
    def steps_run(self) -> int:
        """How many steps one picture really takes."""
        if self.start is None and not self.enlarged:
            return self.steps
        return self._steps_with(self.strength)

    @property
    def steps_total(self) -> int:
        """How many steps the whole job takes, a second drawing with it."""
        total = self.steps_before + self.count * self.steps_run
        if self.draws_again:
            second = self._at_least_one_step(self.request.hires_strength)
            total += self.count * self._steps_with(second)
        return total

    @property
    def draws_again(self) -> bool:
        """There will be a second drawing after this one."""
        return self.request.hires > 1 and not self.enlarged

    @property
    def stage(self) -> str:
        """What is being done, to the user."""
        return "refining" if self.enlarged else "drawing"

    def seed(self, number: int) -> int:
        """Return the seed of picture `number`."""
        return (self.request.seed + number) % SEEDS

    def chosen(self, number: int) -> str:
        """Return the prompt of picture `number` if choices in it were left open, else nothing."""
        prompt = self.wordings[number].prompt
        return "" if prompt == self.request.prompt else prompt

    def alone(self, number: int) -> Settled:
        """Return picture `number` as if it were the only one, to look at what it starts from."""
        start = self.enlarged[number] if self.enlarged else self.start
        return replace(self, start=start, enlarged=())

    def drawing(self, number: int, states: States) -> Drawing:
        """Return picture `number`, of a prompt that was read."""
        return Drawing(
            seed=self.seed(number),
            width_px=self.width_px,
            height_px=self.height_px,
            steps=self.steps,
            guidance=self.guidance,
            states=states,
            start=self.enlarged[number] if self.enlarged else self.start,
            mask=self.mask,
            strength=self.strength,
            variation=self.request.variation,
            variation_seed=self.request.variation_seed,
        )

    def kept(self, image: Image.Image) -> Image.Image:
        """Lay what was redrawn over the start; outside the mask the start's own pixels stay."""
        if self.start is None or self.mask is None:
            return image
        return Image.composite(image, self.start, self.mask)

    def finished(self, image: Image.Image) -> Image.Image:
        """Return a picture as it is handed out, at its own size."""
        image = self.kept(image)
        return image.crop((0, 0, *self.finished_px)) if image.size != self.finished_px else image

    def _at_least_one_step(self, strength: float) -> float:
        return min(1.0, max(strength, 1.001 / self.steps))

    def _steps_with(self, strength: float) -> int:
        if self.along_flow:
            return flow.steps_run(self.steps, strength)
        return max(1, min(self.steps, int(self.steps * strength)))


def settle(request: ImageRequest, about: Card, parts: Parts) -> Settled:
    """Fill in size, steps and guidance, and fit start and mask to the size.

    Raises:
        BadRequest: start and mask cannot be read or do not fit together.
    """
    start = png.decode(request.init, "the picture to start from") if request.init else None
    mask = png.decode(request.mask, "the mask") if request.mask else None
    if start is not None and mask is not None and start.size != mask.size:
        raise BadRequest("the mask and the picture to start from differ in size")
    if start is not None and any(request.outpaint):
        start, mask, finished_px = _extended(request, start, mask, parts)
        width_px, height_px = start.size
    else:
        width_px, height_px = finished_px = _size(request, start, parts)
    guidance = request.guidance if request.guidance >= 0 else about.guidance
    return Settled(
        request=request,
        width_px=width_px,
        height_px=height_px,
        finished_px=finished_px,
        step_px=parts.step_px,
        steps=request.steps or about.steps,
        guidance=guidance,
        guided=parts.is_guided(guidance),
        along_flow=bool(parts.flow),
        start=_fit(start, (width_px, height_px), "RGB"),
        mask=_fit(mask, (width_px, height_px), "L"),
    )


def again(settled: Settled, images: list[Image.Image]) -> Settled:
    """Return the second drawing, of what the first one gave.

    A picture is enlarged in its pixels, by Lanczos' filter, and encoded again.
    Enlarging its latents would save that, but an autoencoder's latents are no
    picture: of the starter's, decoded, those made larger by a bilinear filter
    lose a quarter of the fine gradients and are 30 dB away from the enlarged
    picture, by the nearest value they show blocks; through pixels it is 36 dB.
    A strength high enough to draw that away takes the composition with it.
    """
    request, factor = settled.request, settled.request.hires
    drawn_px = settled.width_px, settled.height_px
    width_px, height_px = size_px = (
        _stepped(drawn_px[0] * factor, settled.step_px),
        _stepped(drawn_px[1] * factor, settled.step_px),
    )
    finished_px = (
        round(settled.finished_px[0] * width_px / drawn_px[0]),
        round(settled.finished_px[1] * height_px / drawn_px[1]),
    )
    return replace(
        settled,
        request=replace(request, strength=request.hires_strength, count=len(images)),
        width_px=width_px,
        height_px=height_px,
        finished_px=finished_px,
        start=_fit(settled.start, size_px, "RGB"),
        mask=_fit(settled.mask, size_px, "L"),
        enlarged=tuple(
            settled.kept(image).resize(size_px, Image.Resampling.LANCZOS) for image in images
        ),
        steps_before=len(images) * settled.steps_run,
    )


def _extended(
    request: ImageRequest, start: Image.Image, mask: Image.Image | None, parts: Parts
) -> tuple[Image.Image, Image.Image, tuple[int, int]]:
    """Return the start with its sides guessed, its mask, and the size that is wanted of it.

    The start's own pixels stay as they are unless the whole would be too large.
    """
    left_px, above_px, right_px, below_px = request.outpaint
    sides = Sides(left_px=left_px, above_px=above_px, right_px=right_px, below_px=below_px)
    whole_px = sides.around(start.size)
    if request.width_px and request.height_px:
        scale = min(request.width_px / whole_px[0], request.height_px / whole_px[1])
    else:
        scale = _scale_within(whole_px, parts.side_px)
    if scale != 1:
        sides = sides.scaled(scale)
    inside_px = max(8, round(start.width * scale)), max(8, round(start.height * scale))
    start, mask = _fitted(start, inside_px, "RGB"), _fit(mask, inside_px, "L")
    wanted_px = sides.around(inside_px)
    more_px = (-wanted_px[0] % parts.step_px, -wanted_px[1] % parts.step_px)
    # What is drawn beyond the wanted size only makes it a multiple of the step.
    padded = replace(
        sides, right_px=sides.right_px + more_px[0], below_px=sides.below_px + more_px[1]
    )
    return (
        outpainting.extend(start, padded, request.seed),
        outpainting.mask(inside_px, padded, mask),
        wanted_px,
    )


def _fit(image: Image.Image | None, size_px: tuple[int, int], mode: str) -> Image.Image | None:
    return None if image is None else _fitted(image, size_px, mode)


def _fitted(image: Image.Image, size_px: tuple[int, int], mode: str) -> Image.Image:
    """Bring a picture to a size and a mode; what is transparent becomes white."""
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert(mode).resize(size_px, Image.Resampling.LANCZOS)


def _size(request: ImageRequest, start: Image.Image | None, parts: Parts) -> tuple[int, int]:
    """Return the size asked for, else the start's within reason, else the model's own."""
    step_px, side_px = parts.step_px, parts.side_px
    if request.width_px and request.height_px:
        return _stepped(request.width_px, step_px), _stepped(request.height_px, step_px)
    if start is None:
        return (
            _stepped(request.width_px or side_px, step_px),
            _stepped(request.height_px or side_px, step_px),
        )
    scale = _scale_within(start.size, side_px)
    return _stepped(start.width * scale, step_px), _stepped(start.height * scale, step_px)


def _scale_within(size_px: tuple[int, int], side_px: int) -> float:
    """Return by how much a picture is made smaller, as it would be too large for the model."""
    most = MOST_START_SHARE * side_px**2
    return min(1.0, math.sqrt(most / (size_px[0] * size_px[1])))


def _stepped(side_px: float, step_px: int) -> int:
    return max(2 * step_px, round(side_px / step_px) * step_px)
