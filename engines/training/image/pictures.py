"""Put training pictures together from a bank, another one each time.

A picture is a thing on a scene, a thing on one colour, a scene, or a piece of
a photograph, mirrored, moved, scaled and, where the caption then says the
colour, turned in hue. No two are the same, so a small model cannot learn them
by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engines.image.words.vocabulary import OBJECTS
from engines.training.image import captions, concepts
from engines.training.image.bank import HELD_PHOTOGRAPH_ONE_IN, Bank, Bytes, Thing
from engines.training.image.captions import Ground
from engines.training.image.colour_words import colour_word, opaque

SHARES: Final = {"thing on a scene": 0.36, "thing": 0.24, "scene": 0.30, "photograph": 0.10}
OCCUPIED: Final = ("lighthouse",)
"""Families whose middle is taken, so nothing is put before them."""

STYLE_WEIGHTS: Final = {"3d": 5.0}
"""The style that comes unasked is seen more often; the others count 1."""

LEAST_SIZE, MOST_SIZE = 0.60, 0.76
"""How much of the picture's side a thing takes."""
MOST_SHIFT: Final = 0.05
TURNED_SHARE: Final = 0.22
COLOUR_SHARE: Final = 0.25

PLAIN: Final = {
    "white": (250, 250, 250), "black": (18, 18, 20), "grey": (150, 152, 155),
    "light grey": (214, 216, 218), "red": (205, 45, 45), "orange": (240, 140, 40),
    "yellow": (250, 212, 70), "green": (70, 160, 80), "dark green": (20, 75, 50),
    "light green": (185, 225, 170), "teal": (30, 145, 145), "light blue": (175, 215, 245),
    "blue": (45, 105, 205), "dark blue": (20, 35, 85), "purple": (120, 70, 170),
    "pink": (245, 175, 195), "brown": (115, 75, 50), "beige": (238, 224, 198),
}  # fmt: skip
WHITE_SHARE: Final = 0.3

ASKED_SHARE: Final = 0.45
"""Of the things in the closing phase, what the director asks for, in the style unasked."""
CLOSING_TURNED_SHARE, CLOSING_COLOUR_SHARE = 0.35, 0.5


@dataclass(frozen=True)
class Pictures:
    """An endless source of pictures; with `held` of what training never sees.

    With `closing` they favour what posters are made of: the things that the
    director asks for, and colours that are named.
    """

    bank: Bank
    held: bool = False
    closing: bool = False

    @cached_property
    def _things(self) -> npt.NDArray[np.int64]:
        return np.array(
            [n for n, t in enumerate(self.bank.things) if t.held == self.held], np.int64
        )

    @cached_property
    def _chances(self) -> npt.NDArray[np.float64]:
        """The chance of each of `_things`: by concept first, then by style."""
        things = [self.bank.things[n] for n in self._things]
        each = np.array([STYLE_WEIGHTS.get(thing.style, 1.0) for thing in things])
        total: dict[str, float] = {}
        for thing, share in zip(things, each, strict=True):
            total[thing.name] = total.get(thing.name, 0.0) + share
        chances = np.array(
            [
                _weight(thing.name) * share / total[thing.name]
                for thing, share in zip(things, each, strict=True)
            ]
        )
        return chances / chances.sum()

    @cached_property
    def _asked(self) -> npt.NDArray[np.int64]:
        """Return those of `_things` that the director asks for, as it asks for them."""
        names, things = {thing.name for thing in OBJECTS}, self.bank.things
        right = [things[n].name in names and things[n].style in STYLE_WEIGHTS for n in self._things]
        return self._things[right]

    @cached_property
    def _photographs(self) -> npt.NDArray[np.int64]:
        numbers = np.arange(len(self.bank.places))
        return numbers[(numbers % HELD_PHOTOGRAPH_ONE_IN == 0) == self.held]

    @cached_property
    def shares(self) -> dict[str, float]:
        """The share of each kind of picture that the material allows; they add up to 1."""
        lacking = set()
        if not len(self._things):
            lacking |= {"thing on a scene", "thing"}
        if not len(self._photographs):
            lacking.add("photograph")
        shares = {kind: share for kind, share in SHARES.items() if kind not in lacking}
        return {kind: share / sum(shares.values()) for kind, share in shares.items()}

    def draw(self, rng: np.random.Generator, kind: str = "") -> tuple[Bytes, str]:
        """Make one picture (side, side, 3) and its caption; `kind` is one of `SHARES`."""
        kind = kind or str(rng.choice(list(self.shares), p=list(self.shares.values())))
        if kind == "photograph":
            return self._photograph(rng)
        if kind == "thing":
            return self._thing(rng)
        image, ground = self._scene(rng, free=kind == "thing on a scene")
        if kind == "scene":
            return np.asarray(image), captions.on_scene("", ground, rng)
        cutout, words, style = self._cutout(rng)
        pixels = self._stand(image, cutout, rng)
        return pixels, captions.styled(captions.on_scene(words, ground, rng), style, rng)

    def many(self, count: int, seed: int, kind: str = "") -> Bytes:
        """Make `count` pictures, (count, side, side, 3)."""
        rng = np.random.default_rng([4, seed])
        return np.stack([self.draw(rng, kind)[0] for _ in range(count)])

    def _scene(self, rng: np.random.Generator, *, free: bool) -> tuple[Image.Image, Ground]:
        """Cut a scene; with `free` one whose middle is not taken."""
        bank = self.bank
        scenes = bank.held_scenes if self.held else bank.scenes
        grounds = bank.held_grounds if self.held else bank.grounds
        number = int(rng.integers(len(grounds)))
        while free and grounds[number].family in OCCUPIED:
            number = int(rng.integers(len(grounds)))
        top, left = rng.integers(0, scenes.shape[1] - bank.side_px + 1, 2)
        piece = scenes[number, top : top + bank.side_px, left : left + bank.side_px]
        piece = piece[:, ::-1] if rng.random() < 0.5 else piece
        return Image.fromarray(np.ascontiguousarray(piece)), grounds[number]

    def _cutout(self, rng: np.random.Generator) -> tuple[Image.Image, str, str]:
        """Choose a cut-out; return it with its words and its style."""
        if self.closing and len(self._asked) and rng.random() < ASKED_SHARE:
            number = int(rng.choice(self._asked))
        else:
            number = int(rng.choice(self._things, p=self._chances))
        turned_share = CLOSING_TURNED_SHARE if self.closing else TURNED_SHARE
        colour_share = CLOSING_COLOUR_SHARE if self.closing else COLOUR_SHARE
        about: Thing = self.bank.things[number]
        pixels, colour = np.asarray(self.bank.cutouts[number]), ""
        if about.colour and rng.random() < turned_share:
            turned = _turned(pixels, int(rng.integers(20, 236)))
            colour = colour_word(opaque(turned))
            pixels = turned if colour else pixels
        elif about.colour and rng.random() < colour_share:
            colour = about.colour
        pixels = pixels[:, ::-1] if rng.random() < 0.5 else pixels
        words = captions.thing_words(about.name, colour, rng)
        return Image.fromarray(np.ascontiguousarray(pixels)), words, about.style

    def _thing(self, rng: np.random.Generator) -> tuple[Bytes, str]:
        """Put a thing before one colour that darkens a little downwards."""
        cutout, words, style = self._cutout(rng)
        names = [name for name in PLAIN if name != "white"]
        name = "white" if rng.random() < WHITE_SHARE else str(rng.choice(names))
        colour = np.array(PLAIN[name], np.float32) + rng.normal(0, 6, 3).astype(np.float32)
        fall = np.linspace(1.03, rng.uniform(0.88, 1.0), self.bank.side_px, dtype=np.float32)
        rows = np.clip(colour[None] * fall[:, None], 0, 255).astype(np.uint8)
        ground = np.repeat(rows[:, None], self.bank.side_px, 1)
        pixels = self._stand(Image.fromarray(ground), cutout, rng)
        return pixels, captions.styled(captions.on_plain(words, name, rng), style, rng)

    def _photograph(self, rng: np.random.Generator) -> tuple[Bytes, str]:
        """Cut a piece of a photograph."""
        number = int(rng.choice(self._photographs))
        whole = self.bank.photographs[number]
        side = int(rng.uniform(0.6, 1.0) * whole.shape[0])
        top = int(rng.integers(0, whole.shape[0] - side + 1))
        left = int(rng.integers(0, whole.shape[1] - side + 1))
        piece = whole[top : top + side, left : left + side]
        piece = piece[:, ::-1] if rng.random() < 0.5 else piece
        image = Image.fromarray(np.ascontiguousarray(piece))
        small = np.asarray(image.resize((self.bank.side_px,) * 2, Image.Resampling.BICUBIC))
        colour = colour_word(small[::4, ::4].reshape(-1, 3))
        return small, captions.of_photograph(self.bank.places[number], colour, rng)

    def _stand(self, ground: Image.Image, cutout: Image.Image, rng: np.random.Generator) -> Bytes:
        """Put a thing with a soft shadow near the middle of a picture."""
        whole = self.bank.side_px
        side = int(whole * rng.uniform(LEAST_SIZE, MOST_SIZE))
        thing = cutout.resize((side, side), Image.Resampling.BICUBIC)
        shift = rng.uniform(-MOST_SHIFT, MOST_SHIFT, 2) * whole
        left = int((whole - side) / 2 + shift[0])
        top = int((whole - side) * 0.56 + shift[1])
        shadow = Image.new("L", ground.size)
        shadow.paste(thing.getchannel("A").point(lambda a: a * 0.5), (left, top + whole // 32))
        soft = shadow.filter(ImageFilter.BoxBlur(whole / 32))
        dark = Image.composite(Image.new("RGB", ground.size), ground, soft)
        dark.paste(thing, (left, top), thing)
        return np.asarray(dark)


def _weight(name: str) -> float:
    """Return how often a thing is seen; loose cut-outs may be of no known concept."""
    concept = concepts.BY_NAME.get(name)
    return concept.weight if concept else 1.0


def _turned(cutout: Bytes, amount: int) -> Bytes:
    """Turn the hue of a cut-out by `amount` of 256."""
    hsv = np.array(Image.fromarray(np.ascontiguousarray(cutout[:, :, :3])).convert("HSV"))
    hsv[:, :, 0] += np.uint8(amount)
    rgb = np.asarray(Image.fromarray(hsv, "HSV").convert("RGB"))
    return np.concatenate([rgb, cutout[:, :, 3:]], 2)
