"""From a request and a model's defaults to settled values for each picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from engines.api import BadRequest, ImageRequest
from engines.api.checks import SEEDS
from engines.image import framing, png
from engines.image.card import Card
from engines.image.flows import flow
from engines.image.framing import Frame
from engines.image.pipelines import Drawing, States
from engines.image.words.dynamic_prompts import Wording

if TYPE_CHECKING:
    from engines.image.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A request with every default filled in.

    Attributes:
        frame: The size of the result, and of what is drawn.
        guided: The network is asked twice at each step: with the prompt and without.
        along_flow: Its pipeline counts the steps from a start as those of flows do.
        start: What all pictures start from.
        mask: L, white where the start is redrawn.
        enlarged: What each picture of a second drawing starts from.
        wordings: The words of each picture.
        steps_before: The steps of the first drawing, in the second.
    """

    request: ImageRequest
    frame: Frame
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
    def width_px(self) -> int:
        """Of what is drawn."""
        return self.frame.drawn_px[0]

    @property
    def height_px(self) -> int:
        """Of what is drawn."""
        return self.frame.drawn_px[1]

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
        return self.frame.cut(self.kept(image))

    def _at_least_one_step(self, strength: float) -> float:
        return min(1.0, max(strength, 1.001 / self.steps))

    def _steps_with(self, strength: float) -> int:
        if self.along_flow:
            return flow.steps_run(self.steps, strength)
        return max(1, min(self.steps, int(self.steps * strength)))


def settle(request: ImageRequest, about: Card, parts: Parts) -> Settled:
    """Fill in size, steps and guidance, and fit start and mask to the size.

    Raises:
        BadRequest: start and mask cannot be read or do not fit together, or the
            model cannot draw what is asked.
    """
    if request.tiling and parts.flow:
        raise BadRequest(
            "this model sees a picture as a whole, and cannot draw a texture that fits to itself; "
            "Stable Diffusion 1.5, 2 and XL can"
        )
    start = png.decode(request.init, "the picture to start from") if request.init else None
    mask = png.decode(request.mask, "the mask") if request.mask else None
    if start is not None and mask is not None and start.size != mask.size:
        raise BadRequest("the mask and the picture to start from differ in size")
    if start is not None and any(request.outpaint):
        larger = framing.extension(request, start.size, parts.step_px, parts.side_px)
        frame, mask = larger.frame, larger.mask(mask)
        start = larger.start(start, request.seed)
    else:
        frame = framing.frame(request, start.size if start else None, parts.step_px, parts.side_px)
        start, mask = _laid(start, frame, "RGB"), _laid(mask, frame, "L")
    guidance = request.guidance if request.guidance >= 0 else about.guidance
    return Settled(
        request=request,
        frame=frame,
        steps=request.steps or about.steps,
        guidance=guidance,
        guided=parts.is_guided(guidance),
        along_flow=bool(parts.flow),
        start=start,
        mask=mask,
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
    request, small = settled.request, settled.frame
    large = small.enlarged(request.hires)
    return replace(
        settled,
        request=replace(request, strength=request.hires_strength, count=len(images)),
        frame=large,
        start=_enlarged(settled.start, small, large),
        mask=_enlarged(settled.mask, small, large),
        enlarged=tuple(large.laid(settled.finished(image), "RGB") for image in images),
        steps_before=len(images) * settled.steps_run,
    )


def _laid(image: Image.Image | None, frame: Frame, mode: str) -> Image.Image | None:
    return None if image is None else frame.laid(image, mode)


def _enlarged(image: Image.Image | None, small: Frame, large: Frame) -> Image.Image | None:
    """Return what was laid into a frame, laid into a larger one."""
    return None if image is None else large.laid(small.cut(image), image.mode)
