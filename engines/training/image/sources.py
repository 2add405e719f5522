"""The sets of pictures the starter learns from, read from registry packages in a folder.

Only sets whose licence lets the weights go out are known here, each by the
name of its package; a folder may hold any of them, and loose cut-outs (PNG or
WebP with transparency) named by what they show.
"""

from __future__ import annotations

import fnmatch
import importlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from engines.api import BadRequest
from engines.training.image import concepts
from engines.training.image.concepts import Concept
from engines.training.image.packages import members

DRAWN_PX: Final = 192
"""The side at which vector drawings are rasterised before they are cut and scaled."""

MOST_SVG_BYTES: Final = 300_000
LOOSE_STYLE: Final = "3d"


@dataclass(frozen=True)
class Cutout:
    """A thing with transparency, what it is called and in which style it is drawn."""

    name: str
    style: str
    image: Image.Image


@dataclass(frozen=True)
class Photograph:
    """A photograph and what is on it."""

    name: str
    image: Image.Image


@dataclass(frozen=True)
class EmojiSet:
    """A package of emoji as SVG; `dashless` sets run the words of a slug together."""

    pattern: str
    style: str
    licences: tuple[str, ...]
    dashless: bool = False


EMOJI_SETS: Final = (
    EmojiSet("iconify-json-fluent-emoji-flat-*.tgz", "flat", ("MIT",)),
    EmojiSet("iconify-json-noto-*.tgz", "cartoon", ("Apache-2.0",)),
    EmojiSet("iconify-json-twemoji-*.tgz", "sticker", ("CC-BY-4.0",)),
    EmojiSet("iconify-json-fxemoji-*.tgz", "icon", ("Apache-2.0",), dashless=True),
    EmojiSet("iconify-json-streamline-emojis-*.tgz", "outlined", ("CC-BY-4.0",)),
    EmojiSet("iconify-json-flat-color-icons-*.tgz", "flat", ("MIT",)),
)
SOLID_SET: Final = "lobehub-fluent-emoji-3d-*.tgz"
SLUGS_SET: Final = "iconify-json-noto-*.tgz"
CLIP_ART_SET: Final = "openclipart-svg_*.deb"
PHOTOGRAPH_SET: Final = "endless-sky-data_*.deb"

CLIP_ART_LEFT_OUT: Final = re.compile(
    r"/(icons|shapes|cards|flags|logos|duplicates|roadsigns|buttons|special|decorations|diagrams"
    r"|signs_and_symbols|aiga-symbols|flowchart|callouts|unsorted|map_symbols|religion)/"
)
PUBLIC_DOMAIN: Final = re.compile(r"licenses/publicdomain|web\.resource\.org/cc/PublicDomain", re.I)

PHOTOGRAPH_NAMES: Final = {
    "badlands": "badlands", "beach": "a beach", "canyon": "a canyon", "city": "a city",
    "desert": "a desert", "dune": "sand dunes", "fields": "fields", "fog": "fog",
    "forest": "a forest", "hills": "hills", "lava": "lava", "mountain": "mountains",
    "sea": "the sea", "sky": "the sky", "snow": "snow", "valley": "a valley", "water": "water",
    "nasa": "the earth from space", "earthrise": "the earth from space",
}  # fmt: skip


def find(folders: tuple[str, ...], pattern: str) -> Path | None:
    """Return the last file by name that fits `pattern` in any of the folders."""
    found = [path for folder in folders for path in sorted(Path(folder).glob(pattern))]
    return found[-1] if found else None


def rasterise(svg: str) -> Image.Image:
    """Draw an SVG at `DRAWN_PX` wide, with transparency.

    Raises:
        ValueError: it cannot be drawn.
    """
    try:
        # Only training needs it, so it is no dependency of the program.
        resvg = importlib.import_module("resvg_py")
    except ImportError as error:
        raise BadRequest(
            "training on vector drawings needs the package resvg-py"
            " (installers/requirements-train.txt)"
        ) from error
    png = resvg.svg_to_bytes(svg_string=svg, width=DRAWN_PX, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png)), formats=("PNG",)) as image:
        return image.convert("RGBA")


def cutouts(folders: tuple[str, ...]) -> Iterator[Cutout]:
    """Return all cut-outs of the concepts that the folders' packages hold.

    Raises:
        BadRequest: a folder is missing, or a package is broken.
    """
    for folder in folders:
        if not Path(folder).is_dir():
            raise BadRequest(f"there is no folder {folder}")
    yield from _loose(folders)
    yield from _solid(folders)
    for emoji in EMOJI_SETS:
        path = find(folders, emoji.pattern)
        if path is not None:
            yield from _emoji(path, emoji)
    path = find(folders, CLIP_ART_SET)
    if path is not None:
        yield from _clip_art(path)


def _loose(folders: tuple[str, ...]) -> Iterator[Cutout]:
    """Return the pictures that lie in the folders themselves, named by their files."""
    for path in (path for folder in folders for path in sorted(Path(folder).iterdir())):
        if path.suffix.lower() in (".png", ".webp"):
            name = path.stem.replace("-", " ").replace("_", " ").lower()
            with Image.open(path, formats=("PNG", "WEBP")) as image:
                yield Cutout(name, LOOSE_STYLE, image.convert("RGBA"))


def _solid(folders: tuple[str, ...]) -> Iterator[Cutout]:
    """Return the pictures of Fluent Emoji 3D, whose code points Noto's list turns into slugs."""
    path, slugs = find(folders, SOLID_SET), find(folders, SLUGS_SET)
    if path is None or slugs is None:
        return
    by_code: dict[str, str] = {}
    for _, content in members(slugs, ("/chars.json",)):
        by_code = json.loads(content)
    for name, content in members(path, (".webp",)):
        code = Path(name).stem
        slug = by_code.get(code) or by_code.get(code.removesuffix("-fe0f"), "")
        concept = concepts.BY_SLUG.get(slug)
        if concept is not None:
            with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
                yield Cutout(concept.name, "3d", image.convert("RGBA"))


def _emoji(path: Path, emoji: EmojiSet) -> Iterator[Cutout]:
    """Return the pictures of an Iconify package whose slugs are concepts."""
    data: dict[str, Any] = {}
    for name, content in members(path, ("/icons.json", "/info.json")):
        data[Path(name).stem] = json.loads(content)
    licence = data["info"]["license"]["spdx"]
    if licence not in emoji.licences:
        raise BadRequest(f"the licence of {path.name} is {licence}, not {emoji.licences[0]}")
    by_slug = concepts.BY_SLUG
    if emoji.dashless:
        by_slug = {slug.replace("-", ""): concept for slug, concept in by_slug.items()}
    icons = data["icons"]
    for slug, icon in icons["icons"].items():
        concept = by_slug.get(re.sub(r"-\d+$", "", slug))
        if concept is not None:
            wide = icon.get("width", icons.get("width", 16))
            high = icon.get("height", icons.get("height", 16))
            svg = (
                '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
                f' viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">{icon["body"]}</svg>'
            )
            yield from _drawn(svg, concept, emoji.style)


def _clip_art(path: Path) -> Iterator[Cutout]:
    """Return the clip-art whose title names a concept and whose tag is the public domain."""
    for name, content in members(path, (".svg",)):
        if CLIP_ART_LEFT_OUT.search(name) or len(content) > MOST_SVG_BYTES:
            continue
        svg = content.decode("utf-8", "replace")
        if not PUBLIC_DOMAIN.search(svg):
            continue
        concept = concepts.named_in(Path(name).stem)
        if concept is not None:
            yield from _drawn(svg, concept, "clip art")


def _drawn(svg: str, concept: Concept, style: str) -> Iterator[Cutout]:
    """Rasterise one drawing; one that cannot be drawn is left out."""
    try:
        yield Cutout(concept.name, style, rasterise(svg))
    except ValueError:
        return


def photographs(folders: tuple[str, ...]) -> Iterator[Photograph]:
    """Return the landscapes of Endless Sky that its copyright file calls public domain."""
    path = find(folders, PHOTOGRAPH_SET)
    if path is None:
        return
    is_free = _public_domain_rule("")
    for _, content in members(path, ("/copyright",)):
        is_free = _public_domain_rule(content.decode("utf-8", "replace"))
    for name, content in members(path, (".jpg",)):
        kind = re.match(r"[a-z]*", Path(name).name)
        place = PHOTOGRAPH_NAMES.get(kind[0]) if kind else None
        if "/images/land/" in name and place and is_free(f"images/land/{Path(name).name}"):
            with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
                yield Photograph(place, image.convert("RGB"))


def _public_domain_rule(text: str) -> Callable[[str], bool]:
    """Read Debian's machine-readable copyright file: the last paragraph that fits a file counts."""
    rules: list[tuple[str, bool]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        files = re.search(r"^Files:(.*?)^\S", paragraph + "\nEnd", re.M | re.S)
        licence = re.search(r"^License:\s*(\S+)", paragraph, re.M)
        if files and licence:
            free = licence[1] == "public-domain"
            rules += [(pattern, free) for pattern in files[1].split()]

    def is_free(name: str) -> bool:
        fits = [free for pattern, free in rules if fnmatch.fnmatchcase(name, pattern)]
        return bool(fits) and fits[-1]

    return is_free
