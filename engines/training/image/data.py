"""Training pictures with captions: scenes of our own generator, and things before them.

Things are cut-outs with transparency from a folder that the user names (for
the starter: those of npm `@lobehub/fluent-emoji-3d`, MIT, whose code points
`engines.image.vocabulary.OBJECTS` lists). Without a folder only scenes are drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from engines.api import BadRequest
from engines.image.backgrounds import FAMILIES, Family, draw_family
from engines.image.palettes import BY_NAME, PALETTES
from engines.image.vocabulary import BY_CODE, article

SIDE_PX = 128
CUTOUT_SHARE = 0.7
"""How much of the picture's side a thing takes."""

Bytes = npt.NDArray[np.uint8]
OCCUPIED = ("lighthouse",)
"""Families whose middle is taken, so nothing is put before them."""

CODE_POINT = re.compile(r"[0-9a-f]{4,5}(-[0-9a-f]{4,5})*")
TIMES_OF_DAY = ("sunset", "night", "dawn", "dusk")


@dataclass(frozen=True)
class Cutout:
    """A thing with transparency, and what it is called."""

    name: str
    image: Image.Image


@dataclass(frozen=True)
class PictureSet:
    """Pictures (count, SIDE_PX, SIDE_PX, 3) with one caption each."""

    pixels: Bytes
    captions: tuple[str, ...]


def _name_of(stem: str) -> str:
    """Name a file by the vocabulary if it is a code point, else by its own words.

    Returns "" for a code point that the vocabulary does not list, so that a
    whole set of emoji can be given.
    """
    if CODE_POINT.fullmatch(stem):
        return BY_CODE[stem].name if stem in BY_CODE else ""
    return stem.replace("-", " ").replace("_", " ").lower()


def read_cutouts(folders: tuple[str, ...]) -> tuple[Cutout, ...]:
    """Read all PNG and WebP pictures with transparency from `folders`.

    Raises:
        BadRequest: a folder is missing or holds none.
    """
    found = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise BadRequest(f"there is no folder {folder}")
        for path in sorted(folder.iterdir()):
            name = _name_of(path.stem)
            if name and path.suffix.lower() in (".png", ".webp"):
                with Image.open(path, formats=("PNG", "WEBP")) as image:
                    found.append(Cutout(name, image.convert("RGBA")))
    if folders and not found:
        raise BadRequest("the data folders hold no pictures (.png or .webp)")
    return tuple(found)


def _caption(
    family: Family, palette: str, extras: list[str], name: str, rng: np.random.Generator
) -> str:
    """Say what is on a picture, mostly in one fixed form, sometimes in a looser one."""
    ground, roll = family.caption, rng.random()
    first = f"{article(name)} before {ground}" if name else ground
    if roll < 0.70:
        return ", ".join([first, f"{palette} colours", *extras])
    if roll < 0.80 and palette in TIMES_OF_DAY:
        return ", ".join([f"{first} at {palette}", *extras])
    if roll < 0.90:
        return ", ".join([f"{palette} {family.name}", *([article(name)] if name else []), *extras])
    if name:
        return article(name)
    return ", ".join([first, *extras])


def _stand_before(ground: Image.Image, cutout: Image.Image) -> Image.Image:
    """Put a thing with a soft shadow in the middle of a picture.

    Always at the same place and size: a small model learns a thing it sees a
    few hundred times only if it need not learn where it is as well.
    """
    side = int(SIDE_PX * CUTOUT_SHARE)
    thing = cutout.resize((side, side), Image.Resampling.LANCZOS)
    left, top = (SIDE_PX - side) // 2, int((SIDE_PX - side) * 0.56)
    shadow = Image.new("L", ground.size)
    shadow.paste(thing.getchannel("A").point(lambda a: a * 0.5), (left, top + 4))
    dark = Image.composite(
        Image.new("RGB", ground.size), ground, shadow.filter(ImageFilter.GaussianBlur(4))
    )
    dark.paste(thing, (left, top), thing)
    return dark


def held_out(name: str, family: str) -> bool:
    """Tell whether a thing before this family is kept from training (about one in eight)."""
    return sum(map(ord, name)) * 7 % 8 == sum(map(ord, family)) % 8


def draw_one(
    seed: int, cutouts: tuple[Cutout, ...], *, held: bool, things_share: float = 0.55
) -> tuple[Image.Image, str]:
    """Draw one picture and write its caption.

    With `held` the pair of thing and family is one that training never sees,
    and so is the seed.
    """
    rng = np.random.default_rng([int(held), seed])
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    names = family.palettes if rng.random() < 0.6 else tuple(p.name for p in PALETTES)
    palette = BY_NAME[str(rng.choice(list(names)))]
    drawn = draw_family(family, palette, int(rng.integers(2**31)), (SIDE_PX, SIDE_PX), grain=0.0)
    extras = drawn.caption.split(", ")[2:]
    image, name = drawn.image, ""
    choice = [c for c in cutouts if held_out(c.name, family.name) == held]
    if choice and family.name not in OCCUPIED and rng.random() < things_share:
        cutout = choice[int(rng.integers(len(choice)))]
        image, name = _stand_before(image, cutout.image), cutout.name
    return image, _caption(family, palette.name, extras, name, rng)


def draw_set(
    count: int,
    cutouts: tuple[Cutout, ...],
    *,
    held: bool = False,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> PictureSet:
    """Draw `count` pictures; `step` is told the progress."""
    pixels = np.zeros((count, SIDE_PX, SIDE_PX, 3), np.uint8)
    captions = []
    for number in range(count):
        image, caption = draw_one(number, cutouts, held=held)
        pixels[number] = np.asarray(image)
        captions.append(caption)
        if number % 50 == 0:
            step(number, count)
    return PictureSet(pixels, tuple(captions))


def load_or_draw(
    folder: Path,
    count: int,
    cutouts: tuple[Cutout, ...],
    *,
    held: bool = False,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> PictureSet:
    """Read the set drawn before from `folder`, or draw and keep it."""
    name = f"{'held' if held else 'train'}-{count}"
    pixels_path, captions_path = folder / f"{name}.npy", folder / f"{name}.json"
    if captions_path.exists():
        captions = json.loads(captions_path.read_text(encoding="utf-8"))
        return PictureSet(np.load(pixels_path, mmap_mode="r"), tuple(captions))
    drawn = draw_set(count, cutouts, held=held, step=step)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(pixels_path, drawn.pixels)
    captions_path.write_text(json.dumps(drawn.captions), encoding="utf-8")
    return drawn
