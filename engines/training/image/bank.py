"""The material of the training pictures, made once and kept in a folder.

Scenes of our own generator (a little larger than a picture, so that they can
be cropped), cut-outs of things, and photographs. `Bank.open` reads what was
made before by memory map.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.image.scenery.backgrounds import FAMILIES, draw_family
from engines.image.scenery.palettes import BY_NAME, PALETTES
from engines.training.image import concepts, sources
from engines.training.image.captions import Ground
from engines.training.image.colour_words import colour_word, opaque

Bytes = npt.NDArray[np.uint8]
Step = Callable[[int, int], None]

SIDE_PX: Final = 128
VERSION: Final = 1
HELD_SCENES: Final = 400
HELD_PHOTOGRAPH_ONE_IN: Final = 10
LEAST_SATURATION: Final = 0.06
"""Line drawings without colour are left out: on a scene they are a tangle."""


@dataclass(frozen=True)
class Thing:
    """What is known of one cut-out."""

    name: str
    style: str
    colour: str
    held: bool


@dataclass(frozen=True)
class Bank:
    """All material, for pictures of `side_px`.

    Attributes:
        scenes: (count, 9/8 side, 9/8 side, 3), and `grounds` says what they show.
        held_scenes: The same from other seeds.
        cutouts: (count, 3/4 side, 3/4 side, 4), and `things` says what they are.
        photographs: (count, 2 side, 4 side, 3), and `places` says what they show.
    """

    side_px: int
    scenes: Bytes
    grounds: tuple[Ground, ...]
    held_scenes: Bytes
    held_grounds: tuple[Ground, ...]
    cutouts: Bytes
    things: tuple[Thing, ...]
    photographs: Bytes
    places: tuple[str, ...]


def open_or_make(
    folder: Path,
    data: tuple[str, ...],
    scenes: int,
    *,
    side_px: int = SIDE_PX,
    step: Step = lambda done, total: None,
) -> Bank:
    """Read the bank in `folder`, or make it from the packages in the folders of `data`.

    Raises:
        BadRequest: a data folder is missing or a package in it is broken.
    """
    about_path = folder / "bank.json"
    if not about_path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "version": VERSION,
            "side_px": side_px,
            **_make(folder, data, scenes, side_px, step),
        }
        about_path.write_text(json.dumps(about), encoding="utf-8")
    about = json.loads(about_path.read_text(encoding="utf-8"))
    arrays = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("scenes", "held_scenes", "cutouts", "photographs")
    }
    return Bank(
        side_px=about["side_px"],
        grounds=_grounds(about["grounds"]),
        held_grounds=_grounds(about["held_grounds"]),
        things=tuple(Thing(**thing) for thing in about["things"]),
        places=tuple(about["places"]),
        **arrays,
    )


def _grounds(rows: list[dict[str, Any]]) -> tuple[Ground, ...]:
    return tuple(Ground(**{**row, "features": tuple(row["features"])}) for row in rows)


def _make(
    folder: Path, data: tuple[str, ...], scenes: int, side_px: int, step: Step
) -> dict[str, Any]:
    """Write the arrays of a bank; return what is said of them."""
    things = _keep_cutouts(folder, data, side_px)
    places = _keep_photographs(folder, data, side_px)
    return {
        "grounds": _draw_scenes(folder / "scenes.npy", scenes, side_px, 0, step),
        "held_grounds": _draw_scenes(folder / "held_scenes.npy", HELD_SCENES, side_px, 1, step),
        "things": things,
        "places": places,
    }


def _draw_scenes(
    path: Path, count: int, side_px: int, seed: int, step: Step
) -> list[dict[str, Any]]:
    """Draw scenes of all families and palettes into a file."""
    side = side_px * 9 // 8
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, (count, side, side, 3))
    grounds = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        family = FAMILIES[int(rng.integers(len(FAMILIES)))]
        names = family.palettes if rng.random() < 0.6 else tuple(p.name for p in PALETTES)
        palette = BY_NAME[str(rng.choice(list(names)))]
        drawn = draw_family(family, palette, int(rng.integers(2**31)), (side, side), grain=0.0)
        pixels[number] = np.asarray(drawn.image)
        features = drawn.caption.split(", ")[2:]
        grounds.append(
            {
                "family": family.name,
                "words": family.caption,
                "palette": palette.name,
                "features": features,
            }
        )
        if number % 50 == 0:
            step(number, count)
    pixels.flush()
    return grounds


def _keep_cutouts(folder: Path, data: tuple[str, ...], side_px: int) -> list[dict[str, Any]]:
    """Write all cut-outs, cut to their edges and centred in squares."""
    side, things, kept = side_px * 3 // 4, [], []
    for cutout in sources.cutouts(data):
        square = _centred(cutout.image, side)
        colours = opaque(square)
        if len(colours) < 40 or (cutout.style == "clip art" and _is_colourless(colours)):
            continue
        concept = concepts.BY_NAME.get(cutout.name)
        kept.append(square)
        things.append(
            {
                "name": cutout.name,
                "style": cutout.style,
                "colour": colour_word(colours),
                "held": concept.held if concept else False,
            }
        )
    np.save(
        folder / "cutouts.npy", np.stack(kept) if kept else np.zeros((0, side, side, 4), np.uint8)
    )
    return things


def _is_colourless(rgb: Bytes) -> bool:
    values = rgb.astype(np.float32)
    high = values.max(1)
    return bool(((high - values.min(1)) / np.maximum(high, 1)).mean() < LEAST_SATURATION)


def _centred(image: Image.Image, side: int) -> Bytes:
    """Cut an image to what is opaque on it and fit that into a transparent square."""
    box = image.getchannel("A").point(lambda alpha: 255 if alpha > 8 else 0).getbbox()
    square = Image.new("RGBA", (side, side))
    if box is not None:
        part = image.crop(box)
        scale = side / max(part.size)
        size = max(1, round(part.width * scale)), max(1, round(part.height * scale))
        part = part.resize(size, Image.Resampling.LANCZOS)
        square.paste(part, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(square)


def _keep_photographs(folder: Path, data: tuple[str, ...], side_px: int) -> list[str]:
    """Write all photographs at twice the height of a picture."""
    size = side_px * 4, side_px * 2
    found = list(sources.photographs(data))
    pixels = [np.asarray(photo.image.resize(size, Image.Resampling.LANCZOS)) for photo in found]
    empty = np.zeros((0, size[1], size[0], 3), np.uint8)
    np.save(folder / "photographs.npy", np.stack(pixels) if pixels else empty)
    return [photo.name for photo in found]
