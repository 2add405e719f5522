"""Pictures whose subject is known to the pixel: cut-outs put before grounds.

The cut-outs are drawings. So that the network learns what stands before what,
and not what a drawing looks like, a part of them is filled with a piece of a
photograph or of a scene, and pictures are blurred, darkened and made grainy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engines.training.image.bank import HELD_PHOTOGRAPH_ONE_IN, Bank, Bytes

Floats = npt.NDArray[np.float32]

GROUND_SHARES: Final = {"photograph": 0.45, "scene": 0.35, "plain": 0.20}
LEAST_SIDE, MOST_SIDE = 0.35, 1.05
"""Of a thing, in sides of the picture."""

FILLED_SHARE: Final = 0.25
"""Of the things: their drawing gives way to a piece of a photograph or scene."""

SECOND_SHARE: Final = 0.2
EMPTY_SHARE: Final = 0.02
SHADOW_SHARE: Final = 0.35
SOFT_SHARE: Final = 0.35


@dataclass(frozen=True)
class Composites:
    """An endless source of pictures with their mattes; with `held` of what is never trained on."""

    bank: Bank
    held: bool = False

    @cached_property
    def _things(self) -> npt.NDArray[np.int64]:
        return np.array([n for n, t in enumerate(self.bank.things) if t.held == self.held])

    @cached_property
    def _photographs(self) -> npt.NDArray[np.int64]:
        numbers = np.arange(len(self.bank.places))
        return numbers[(numbers % HELD_PHOTOGRAPH_ONE_IN == 0) == self.held]

    def batch(self, number: int, count: int) -> tuple[Bytes, Bytes]:
        """Draw batch `number`: pictures (count, side, side, 3) and mattes (count, side, side)."""
        rng = np.random.default_rng([7, int(self.held), number])
        drawn = [self.draw(rng) for _ in range(count)]
        return np.stack([p for p, _ in drawn]), np.stack([m for _, m in drawn])

    def draw(self, rng: np.random.Generator) -> tuple[Bytes, Bytes]:
        """Make one picture and its matte."""
        side = self.bank.side_px
        ground = self._ground(rng)
        matte = Image.new("L", (side, side))
        count = 0 if rng.random() < EMPTY_SHARE else 1 + (rng.random() < SECOND_SHARE)
        for _ in range(count):
            ground, matte = self._stand(ground, matte, rng)
        if rng.random() < SOFT_SHARE:
            ground = _softened(ground, rng)
        return _lit(np.asarray(ground), rng), np.asarray(matte)

    def _ground(self, rng: np.random.Generator) -> Image.Image:
        """Return what lies behind, of the whole size."""
        kind = str(rng.choice(list(GROUND_SHARES), p=list(GROUND_SHARES.values())))
        side = self.bank.side_px
        if kind == "plain":
            return _plain(side, rng)
        if kind == "photograph" and len(self._photographs):
            image = self._piece_of_photograph(rng)
        else:
            image = self._piece_of_scene(rng)
        if rng.random() < 0.25:  # as a lens would that looks at the subject
            image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(1, 5))))
        return image

    def _piece_of_photograph(self, rng: np.random.Generator) -> Image.Image:
        whole = self.bank.photographs[int(rng.choice(self._photographs))]
        return self._piece(whole, int(rng.uniform(0.35, 1.0) * whole.shape[0]), rng)

    def _piece_of_scene(self, rng: np.random.Generator) -> Image.Image:
        scenes = self.bank.held_scenes if self.held else self.bank.scenes
        whole = scenes[int(rng.integers(len(scenes)))]
        return self._piece(whole, int(rng.uniform(0.6, 1.0) * whole.shape[0]), rng)

    def _piece(self, whole: Bytes, side: int, rng: np.random.Generator) -> Image.Image:
        """Cut a square of that side, mirror it half of the time, and bring it to size."""
        top = int(rng.integers(0, whole.shape[0] - side + 1))
        left = int(rng.integers(0, whole.shape[1] - side + 1))
        piece = whole[top : top + side, left : left + side]
        piece = piece[:, ::-1] if rng.random() < 0.5 else piece
        image = Image.fromarray(np.ascontiguousarray(piece))
        return image.resize((self.bank.side_px,) * 2, Image.Resampling.BILINEAR)

    def _stand(
        self, ground: Image.Image, matte: Image.Image, rng: np.random.Generator
    ) -> tuple[Image.Image, Image.Image]:
        """Put one thing somewhere before the ground; return picture and matte."""
        whole = self.bank.side_px
        thing = self._thing(rng)
        side = int(whole * rng.uniform(LEAST_SIDE, MOST_SIDE))
        thing = thing.resize((side, side), Image.Resampling.BILINEAR)
        thing = thing.rotate(float(rng.normal(0, 12)), Image.Resampling.BILINEAR, expand=True)
        # Most of a thing is in the picture, and more often low than high.
        reach = 0.5 * (whole - thing.width) + rng.normal(0, 0.13, 2) * whole
        left, top = int(reach[0]), int(reach[1] + 0.05 * whole)
        if rng.random() < SHADOW_SHARE:
            ground = _shadowed(ground, thing, (left, top + whole // 40), rng)
        ground, matte = ground.copy(), matte.copy()
        ground.paste(thing, (left, top), thing)
        matte.paste(255, (left, top), thing.getchannel("A"))
        return ground, matte

    def _thing(self, rng: np.random.Generator) -> Image.Image:
        """Return a cut-out, its colours changed or its inside filled."""
        pixels = np.asarray(self.bank.cutouts[int(rng.choice(self._things))])
        pixels = pixels[:, ::-1] if rng.random() < 0.5 else pixels
        image = Image.fromarray(np.ascontiguousarray(pixels))
        if rng.random() < FILLED_SHARE:
            photograph = rng.random() < 0.6 and len(self._photographs) > 0
            filling = (self._piece_of_photograph if photograph else self._piece_of_scene)(rng)
            filling = filling.resize(image.size)
            inside = Image.blend(filling, image.convert("RGB"), float(rng.uniform(0, 0.6)))
            inside.putalpha(image.getchannel("A"))
            return inside
        if rng.random() < 0.3:
            hue, saturation, value = image.convert("RGB").convert("HSV").split()
            turn = int(rng.integers(256))
            hue = hue.point(lambda old: (old + turn) % 256)
            turned = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
            turned.putalpha(image.getchannel("A"))
            return turned
        return image


def _plain(side: int, rng: np.random.Generator) -> Image.Image:
    """Return one colour that turns into another across the picture."""
    white = rng.random() < 0.3
    start = np.full(3, 250.0) if white else rng.uniform(0, 255, 3)
    end = np.clip(start + rng.normal(0, 8 if white else 45, 3), 0, 255)
    angle = rng.uniform(0, 2 * np.pi)
    place = np.linspace(-0.5, 0.5, side)
    along = np.clip(np.cos(angle) * place[None] + np.sin(angle) * place[:, None] + 0.5, 0, 1)
    return Image.fromarray((start + (end - start) * along[:, :, None]).astype(np.uint8))


def _shadowed(
    ground: Image.Image, thing: Image.Image, place: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Darken the ground below a thing; a shadow belongs to the ground."""
    strength = float(rng.uniform(0.2, 0.6))
    shadow = Image.new("L", ground.size)
    shadow.paste(thing.getchannel("A").point(lambda alpha: alpha * strength), place)
    soft = shadow.filter(ImageFilter.BoxBlur(float(rng.uniform(2, 10))))
    return Image.composite(Image.new("RGB", ground.size), ground, soft)


def _softened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Lose what a small picture loses that was enlarged."""
    side = int(image.width * rng.uniform(0.3, 0.9))
    small = image.resize((side, side), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BICUBIC)


def _lit(pixels: Bytes, rng: np.random.Generator) -> Bytes:
    """Change light and contrast a little, and add grain."""
    values = pixels.astype(np.float32)
    mean = values.mean()
    values = (values - mean) * rng.uniform(0.7, 1.25) + mean * rng.uniform(0.75, 1.2)
    if rng.random() < 0.4:
        values += rng.normal(0, rng.uniform(1, 9), values.shape).astype(np.float32)
    return np.clip(values, 0, 255).astype(np.uint8)
