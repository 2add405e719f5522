"""Captions of the training pictures: one fixed form mostly, looser ones besides.

The fixed form is the one that `engines.image.words.vocabulary.caption` writes, so
that what the director asks for is what was seen most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.image.words.vocabulary import article
from engines.training.image.concepts import SAID_OTHERWISE

SYNONYM_SHARE: Final = 0.15
STYLE_SHARES: Final = {"3d": 0.2}
"""How often a style is named; the solid one is what comes unasked, so others always are."""
OTHER_STYLE_SHARE: Final = 0.92

STYLE_WORDS: Final = {
    "3d": ("3d render", "3d style"),
    "flat": ("flat style", "flat vector drawing"),
    "cartoon": ("cartoon", "cartoon style"),
    "sticker": ("sticker", "sticker style"),
    "icon": ("icon", "icon style"),
    "outlined": ("outlined drawing", "outline style"),
    "clip art": ("clip art", "clip art style"),
}
TIMES_OF_DAY: Final = ("sunset", "night", "dawn", "dusk")

_SINGULAR: Final = ("bus", "trolleybus", "minibus", "cactus", "octopus")
_MASS: Final = ("popcorn", "rice", "curry", "bacon", "spaghetti", "sushi", "garlic", "ginger",
                "corn", "wheat", "bread", "cheese", "salad", "stew", "chocolate", "confetti",
                "coral", "soap", "yarn", "thread", "fog", "tennis", "hockey", "badminton",
                "bowling", "yoga", "camping", "sheet music", "table tennis", "lettuce",
                "broccoli", "ice cream", "film", "santa", "gloves")  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What is behind: a family's name and caption, its palette, and what else is on it."""

    family: str
    words: str
    palette: str
    features: tuple[str, ...] = ()


def with_article(name: str) -> str:
    """Put "a" or "an" before a name unless it is a plural or a stuff."""
    last = name.rsplit(maxsplit=1)[-1]
    plural = last.endswith("s") and not last.endswith("ss") and last not in _SINGULAR
    return name if plural or name in _MASS else article(name)


def thing_words(name: str, colour: str, rng: np.random.Generator) -> str:
    """Name a thing, sometimes otherwise, with a colour before it if one is given."""
    others = SAID_OTHERWISE.get(name, ())
    if others and rng.random() < SYNONYM_SHARE:
        name = str(rng.choice(list(others)))
    if not colour:
        return with_article(name)
    plain = with_article(name) == name
    return f"{colour} {name}" if plain else article(f"{colour} {name}")


def styled(words: str, style: str, rng: np.random.Generator) -> str:
    """Say the style of a picture, mostly at the end."""
    if rng.random() >= STYLE_SHARES.get(style, OTHER_STYLE_SHARE):
        return words
    called = str(rng.choice(list(STYLE_WORDS[style])))
    return f"{words}, {called}" if rng.random() < 0.75 else f"{called} of {words}"


def on_scene(thing: str, ground: Ground, rng: np.random.Generator) -> str:
    """Say what is on a picture of a scene, `thing` before it or "" for the scene alone."""
    roll, extras = rng.random(), ground.features
    before = "before" if rng.random() < 0.85 else "in front of"
    first = f"{thing} {before} {ground.words}" if thing else ground.words
    if roll < 0.66:
        return ", ".join([first, f"{ground.palette} colours", *extras])
    if roll < 0.76 and ground.palette in TIMES_OF_DAY:
        return ", ".join([f"{first} at {ground.palette}", *extras])
    if roll < 0.84:
        things = [thing] if thing else []
        return ", ".join([f"{ground.palette} {ground.family}", *things, *extras])
    if thing and roll < 0.92:
        return thing
    return ", ".join([first, *extras])


def on_plain(thing: str, colour: str, rng: np.random.Generator) -> str:
    """Say what is on a picture of a thing before one colour."""
    roll = rng.random()
    if roll < 0.70:
        return f"{thing} on a {colour} background"
    if roll < 0.85:
        return f"{thing}, {colour} background"
    return thing


def of_photograph(words: str, colour: str, rng: np.random.Generator) -> str:
    """Say what is on a photograph, sometimes with the colour that rules it."""
    kind = "a photo of" if rng.random() < 0.8 else "photograph of"
    tail = f", {colour} colours" if colour and rng.random() < 0.4 else ""
    return f"{kind} {words}{tail}"
