"""Does the model draw the colours a prompt names? Measured against real pictures.

Palettes: each is asked for before two families, and what is drawn is given to
the palette whose own pictures lie nearest in their colours. Things: a thing of
a named colour on white or grey must have mostly that colour.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from engines.api import Run
from engines.image.scenery.backgrounds import BY_FAMILY, draw_family
from engines.image.scenery.palettes import PALETTES, Palette
from engines.image.words.vocabulary import caption
from engines.training.image.bank import Bytes
from engines.training.image.colour_words import WORDS, words_of_pixels
from engines.training.image.pictures import PLAIN, Pictures
from engines.training.image.sampling import Model, draw
from engines.training.image.stream import CaptionStates

FAMILIES: Final = ("mountains", "waves")
KNOWN_SEEDS: Final = 6
COLOURS: Final = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
THINGS: Final = ("fox", "butterfly", "rocket", "house", "rose", "guitar", "heart", "balloon")
DIFFERENCE: Final = 40
"""By how much a channel of a pixel must differ from the ground to be of the thing."""

Signature = npt.NDArray[np.float32]
Figures = dict[str, float]


def signature(pixels: Bytes) -> Signature:
    """Return the deciles of the three colours, (27,)."""
    flat = pixels.reshape(-1, 3).astype(np.float32)
    return np.percentile(flat, np.arange(10, 100, 10), axis=0).astype(np.float32).ravel()


def _drawn(palette: Palette, family: str, seed: int, side_px: int) -> Signature:
    size = side_px, side_px
    drawn = draw_family(BY_FAMILY[family], palette, seed, size, grain=0.0)
    return signature(np.asarray(drawn.image))


def palettes(model: Model, captions: CaptionStates, run: Run) -> Figures:
    """Return the shares of pictures with the palette asked for: the model's, and real ones'."""
    asked = [(family, palette) for family in FAMILIES for palette in PALETTES]
    prompts = [caption(family, palette.name) for family, palette in asked]
    ours = draw(model, captions, prompts, run)
    side, right, real = model.side_px, 0, 0
    for family in FAMILIES:
        known = [
            np.mean([_drawn(palette, family, seed, side) for seed in range(KNOWN_SEEDS)], axis=0)
            for palette in PALETTES
        ]
        for (of_family, palette), picture in zip(asked, ours, strict=True):
            if of_family == family:
                wanted = PALETTES.index(palette)
                right += _nearest(known, signature(picture)) == wanted
                real += _nearest(known, _drawn(palette, family, 100, side)) == wanted
    return {"palettes_obeyed": right / len(asked), "palettes_obeyed_by_real": real / len(asked)}


def _nearest(known: list[Signature], seen: Signature) -> int:
    return min(range(len(known)), key=lambda number: float(np.abs(known[number] - seen).mean()))


def main_colour(pixels: Bytes) -> str:
    """Return the word for what differs from the ground, the colour of the upper corners."""
    wide = pixels.shape[1] // 16
    corners = np.concatenate([pixels[:wide, :wide], pixels[:wide, -wide:]]).reshape(-1, 3)
    ground = np.median(corners, axis=0)
    middle = pixels.shape[0] // 6
    inner = pixels[middle:-middle, middle:-middle].reshape(-1, 3)
    thing = inner[np.abs(inner.astype(np.float32) - ground).max(1) > DIFFERENCE]
    if not len(thing):
        return ""
    # Black and white lines are on things of every colour; what lies between them tells.
    counts = np.bincount(words_of_pixels(thing), minlength=len(WORDS))
    counts[[WORDS.index("black"), WORDS.index("white"), WORDS.index("grey")]] = 0
    return WORDS[int(counts.argmax())] if counts.any() else ""


def things(model: Model, captions: CaptionStates, pictures: Pictures, run: Run) -> Figures:
    """Return the share of things with the colour asked for, and of real ones so captioned."""
    asked = [(colour, thing) for thing in THINGS for colour in COLOURS]
    prompts = [f"a {colour} {thing} on a white background" for colour, thing in asked]
    prompts = [prompt.replace("a orange", "an orange") for prompt in prompts]
    ours = draw(model, captions, prompts, run, first_seed=500)
    right = [
        main_colour(picture) == colour for picture, (colour, _) in zip(ours, asked, strict=True)
    ]
    real = [main_colour(picture) == colour for picture, colour in _real(pictures, len(asked))]
    return {
        "colours_obeyed": float(np.mean(right)),
        "colours_obeyed_by_real": float(np.mean(real)) if real else 0.0,
    }


def _real(pictures: Pictures, count: int) -> list[tuple[Bytes, str]]:
    """Draw pictures of things on one colour whose captions begin with a colour."""
    if "thing" not in pictures.shares:
        return []
    rng, found = np.random.default_rng(11), []
    for _ in range(count * 40):
        picture, words = pictures.draw(rng, "thing")
        said = words.replace("an ", "a ").split()
        if said[0] == "a" and said[1] in COLOURS and said[-2] in PLAIN:
            found.append((picture, said[1]))
        if len(found) == count:
            break
    return found
