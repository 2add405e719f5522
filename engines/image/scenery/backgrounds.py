"""The backgrounds generator: a prompt, a seed and a size make a picture at once.

The family is found in the prompt's words, then the palette, then features
such as a moon or a lake. The same generator draws the scenes that the
starter picture model learns, with the caption of what was drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engines.image.scenery import abstract, land
from engines.image.scenery import sea as water
from engines.image.scenery import sky as air
from engines.image.scenery.palettes import BY_NAME, BY_WORD, PALETTES, Palette, custom
from engines.image.scenery.sheet import Sheet


@dataclass(frozen=True)
class Family:
    """One kind of background: how to draw it and which words call it.

    `caption` names it in a caption; `palettes` are those it looks best in,
    used when the prompt names no colour. Earlier `words` count more.
    """

    name: str
    caption: str
    draw: Callable[[Sheet], None]
    words: tuple[str, ...]
    palettes: tuple[str, ...]
    features: tuple[str, ...] = ()


def _family(
    draw: Callable[[Sheet], None], caption: str, words: str, palettes: str, features: str = ""
) -> Family:
    return Family(
        name=draw.__name__,
        caption=caption,
        draw=draw,
        words=(draw.__name__, *words.split()),
        palettes=tuple(palettes.split()),
        features=tuple(filter(None, features.split(","))),
    )


FAMILIES: tuple[Family, ...] = (
    _family(water.lighthouse, "a lighthouse by the sea", "beacon keeper coast cliff cliffs shore",
            "dusk night sunset storm", "moon,sun,beam of light"),
    _family(land.skyline, "a city skyline",
            "city town urban downtown street streets skyscrapers buildings harbour harbor"
            " metropolis rooftops square bridge club",
            "night sunset dusk neon", "moon,sun,stars,harbour,lit windows"),
    _family(abstract.lanterns, "garlands of lanterns",
            "lantern lights garland market festival fair party fairy wedding bulbs celebration",
            "night dusk gold violet"),
    _family(air.storm, "a storm with rain",
            "rain thunder thunderstorm lightning tempest rainy hurricane",
            "storm night teal violet", "lightning,rain"),
    _family(air.aurora, "northern lights", "northern polar arctic lapland borealis",
            "teal green violet ice", "stars"),
    _family(air.stars, "a starry nebula",
            "space galaxy nebula cosmos cosmic universe starry planet planets orbit astronaut"
            " rocket astronomy starfield",
            "violet night ember teal", "stars,planet"),
    _family(land.forest, "a forest of firs",
            "woods wood trees tree pine firs woodland jungle park deer fox owl bear wolf camp",
            "green dawn autumn ice", "moon,sun,stars,snow"),
    _family(land.dunes, "desert dunes", "desert dune sand sahara camel oasis canyon pyramid",
            "ochre sunset gold", "moon,sun,stars"),
    _family(land.mountains, "layered mountains",
            "mountain peaks alps ridge summit hiking climb valley lake alpine highlands volcano",
            "sunset dawn day ice violet", "moon,sun,stars,lake,snow"),
    _family(land.hills, "rolling hills",
            "hill meadow field fields countryside farm village garden vineyard harvest picnic"
            " spring pasture",
            "green day dawn autumn", "moon,sun,stars"),
    _family(water.sea, "the open sea",
            "ocean seaside beach boat boats ship sail sailing waterfront river fishing island whale"
            " regatta surf",
            "sunset day teal night", "moon,sun,stars,sailing boat"),
    _family(air.clouds, "soft clouds",
            "cloud sky heaven balloon balloons kite flight fly bird birds",
            "day dawn sunset pastel", "moon,sun"),
    _family(abstract.bokeh, "bokeh lights",
            "blur glow glowing sparkle night nightlife jazz concert bar cinema film gala dance",
            "night gold neon rose"),
    _family(abstract.marble, "polished marble",
            "stone elegant luxury classic classical museum exhibition gallery opera",
            "gold teal mono rose"),
    _family(abstract.geometric, "geometric shapes",
            "geometry shapes triangles circles stripes tiles pattern modern bauhaus design"
            " architecture conference tech technology workshop",
            "teal ember autumn violet", "tiles,triangles,circles,stripes"),
    _family(abstract.rays, "rays of light",
            "ray sunburst burst beams energy circus sports sale retro vintage show",
            "ember gold teal sunset"),
    _family(abstract.waves, "flowing waves",
            "wave flow flowing abstract curves liquid yoga music wellness calm",
            "teal violet sunset rose"),
    _family(abstract.paper, "handmade paper",
            "parchment texture letter letters book books poetry reading library craft recipe menu"
            " writing",
            "gold ochre ice mono"),
    _family(abstract.gradient, "a soft gradient", "smooth plain minimal simple mesh colour color",
            "sunset violet teal pastel"),
)  # fmt: skip

BY_FAMILY = {family.name: family for family in FAMILIES}

FEATURE_WORDS = {
    "moon": ("moon", "moonlit", "moonlight", "moonrise"),
    "sun": ("sun", "sunny", "sunrise", "sunset"),
    "stars": ("stars", "starry"),
    "lake": ("lake", "reflected", "reflection"),
    "harbour": ("harbour", "harbor", "waterfront", "river", "port", "bay"),
    "snow": ("snow", "snowy", "snowfall", "winter"),
    "lightning": ("lightning", "thunder", "thunderstorm"),
    "planet": ("planet", "planets", "moon", "mars", "saturn"),
    "sailing boat": ("sailing", "sail", "sailboat", "boat", "regatta", "ship"),
    "beam": ("beam", "beams", "light"),
    "tiles": ("tiles", "bauhaus", "mosaic"),
    "triangles": ("triangles", "polygons"),
    "circles": ("circles", "rings", "dots"),
    "stripes": ("stripes", "stripe", "bands"),
}


@dataclass(frozen=True)
class Drawn:
    """A background and the caption of what is on it."""

    image: Image.Image
    caption: str
    family: str
    palette: str


def words_of(prompt: str) -> list[str]:
    """Split a prompt into lower-case words."""
    return re.findall(r"[a-z]+", prompt.lower())


def family_of(prompt: str, rng: np.random.Generator) -> Family:
    """Find the family a prompt asks for; without a hint any of the abstract ones.

    A word that is the family's own name counts most, then the order in which
    the families are listed (a storm at sea is a storm).
    """
    words = words_of(prompt)
    singles = {*words, *(word.removesuffix("s") for word in words)}
    for family in FAMILIES:
        if {family.name, family.name.removesuffix("s")} & singles:
            return family
    for family in FAMILIES:
        if singles & set(family.words):
            return family
    return BY_FAMILY[str(rng.choice(["gradient", "waves", "rays", "bokeh"]))]


def palette_of(prompt: str, family: Family, rng: np.random.Generator) -> Palette:
    """Find the palette a prompt names, else one that suits the family."""
    rolled = BY_NAME[str(rng.choice(list(family.palettes)))]
    named = [BY_WORD[word] for word in words_of(prompt) if word in BY_WORD]
    return named[0] if named else rolled


def features_of(prompt: str) -> frozenset[str]:
    """Return the features a prompt asks for by word."""
    words = set(words_of(prompt))
    return frozenset(name for name, calls in FEATURE_WORDS.items() if words & set(calls))


def describe(family: Family, palette: Palette, features: list[str]) -> str:
    """Write the caption of a drawing, as the starter model learns it."""
    extras = [name for name in dict.fromkeys(features) if name in family.features]
    return ", ".join([family.caption, f"{palette.name} colours", *extras])


def draw_family(
    family: Family,
    palette: Palette,
    seed: int,
    size_px: tuple[int, int],
    *,
    wanted: frozenset[str] = frozenset(),
    grain: float = 0.012,
) -> Drawn:
    """Draw one family in one palette; `size_px` is (width, height)."""
    sheet = Sheet(*size_px, palette, np.random.default_rng(seed), wanted)
    family.draw(sheet)
    caption = describe(family, palette, sheet.features)
    return Drawn(sheet.finish(grain=grain), caption, family.name, palette.name)


def draw(
    prompt: str, seed: int, width_px: int, height_px: int, palette: tuple[str, ...] = ()
) -> Image.Image:
    """Draw the background a prompt asks for.

    Args:
        prompt: Words such as "city skyline at night, moon".
        seed: Same seed, same drawing, at any size.
        palette: "#rrggbb" colours that go before those the prompt names.
    """
    rng = np.random.default_rng([seed, 1])
    family = family_of(prompt, rng)
    colours = custom(palette) if len(palette) > 1 else palette_of(prompt, family, rng)
    wanted = features_of(prompt)
    return draw_family(family, colours, seed, (width_px, height_px), wanted=wanted).image


def families() -> tuple[str, ...]:
    """Return the names of all families."""
    return tuple(family.name for family in FAMILIES)


def palettes() -> tuple[str, ...]:
    """Return the names of all palettes."""
    return tuple(palette.name for palette in PALETTES)
