"""What the starter picture model was taught: things, scenes, palettes and how to ask for them.

The director maps a brief onto these; a prompt in these words gives the best
pictures from `triptych-image-1`. Larger models need none of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engines.image.scenery.backgrounds import BY_FAMILY, FAMILIES, words_of
from engines.image.scenery.palettes import BY_WORD, PALETTES


@dataclass(frozen=True)
class Scene:
    """A ground the model can draw alone or behind a thing; `words` call it."""

    family: str
    caption: str
    words: tuple[str, ...]
    features: tuple[str, ...]
    palettes: tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    """One object the model can draw; `code` is its Unicode code point in hexadecimal."""

    name: str
    code: str
    words: tuple[str, ...] = ()


SCENES: tuple[Scene, ...] = tuple(
    Scene(family.name, family.caption, family.words, family.features, family.palettes)
    for family in FAMILIES
)

PALETTE_NAMES: tuple[str, ...] = tuple(palette.name for palette in PALETTES)

OBJECTS: tuple[Thing, ...] = (
    Thing("saxophone", "1f3b7", ("jazz", "sax", "blues", "swing")),
    Thing("trumpet", "1f3ba", ("brass", "fanfare")),
    Thing("violin", "1f3bb", ("orchestra", "strings", "quartet", "classical", "symphony")),
    Thing("guitar", "1f3b8", ("rock", "band", "folk", "concert", "gig", "drum", "drums")),
    Thing("piano", "1f3b9", ("recital", "keyboard", "sonata")),
    Thing("microphone", "1f3a4", ("singer", "karaoke", "voice", "choir", "podcast", "poetry")),
    Thing("fox", "1f98a", ("foxes", "dog", "wolf", "bear")),
    Thing("cat", "1f408", ("cats", "kitten")),
    Thing("owl", "1f989", ("owls",)),
    Thing("lion", "1f981", ("lions", "safari", "zoo")),
    Thing("elephant", "1f418", ("elephants",)),
    Thing("deer", "1f98c", ("stag",)),
    Thing("rabbit", "1f407", ("bunny", "hare", "easter")),
    Thing("whale", "1f433", ("whales",)),
    Thing("butterfly", "1f98b", ("butterflies",)),
    Thing("penguin", "1f427", ("penguins",)),
    Thing("sailing boat", "26f5", ("boat", "sail", "regatta", "yacht")),
    Thing("rocket", "1f680", ("space", "launch", "spaceship", "startup")),
    Thing("steam train", "1f682", ("train", "railway", "journey")),
    Thing("castle", "1f3f0", ("palace", "knight", "medieval", "legend", "fairytale")),
    Thing("house", "1f3e1", ("home", "cottage")),
    Thing("circus tent", "1f3aa", ("circus", "tent", "carnival", "fair", "fairground", "funfair")),
    Thing("tree", "1f333", ("trees", "planting", "nature", "apple", "orchard")),
    Thing("palm tree", "1f334", ("palm", "tropical", "island", "beach", "parrot")),
    Thing("sunflower", "1f33b", ("flower", "flowers", "garden", "spring")),
    Thing("rose", "1f339", ("roses", "love", "romance", "valentine")),
    Thing("mushroom", "1f344", ("mushrooms", "toadstool")),
    Thing("pumpkin", "1f383", ("halloween",)),
    Thing("christmas tree", "1f384", ("christmas", "holiday", "advent")),
    Thing("robot", "1f916", ("robots", "technology", "tech", "machine", "ai")),
    Thing(
        "crown", "1f451", ("king", "queen", "royal", "winner", "championship", "award", "dragon")
    ),
    Thing("heart", "2764-fe0f", ("wedding", "charity")),
    Thing("globe", "1f30d", ("world", "earth", "climate", "travel")),
    Thing("books", "1f4da", ("book", "reading", "library", "literature", "school")),
    Thing("lantern", "1f3ee", ("lanterns", "market", "night", "candle", "vigil")),
    Thing("theatre masks", "1f3ad", ("theatre", "theater", "play", "drama", "opera", "stage")),
    Thing("film clapper", "1f3ac", ("film", "cinema", "movie", "movies")),
    Thing("football", "26bd", ("soccer", "match", "tournament", "cup")),
    Thing("cup of coffee", "2615", ("coffee", "cafe", "tea", "breakfast")),
    Thing("birthday cake", "1f382", ("birthday", "cake", "bakery", "anniversary", "gift")),
    Thing("light bulb", "1f4a1", ("idea", "ideas", "workshop", "conference")),
    Thing("camp fire", "1f525", ("fire", "flames", "bonfire")),
)

BY_THING = {thing.name: thing for thing in OBJECTS}


def article(name: str) -> str:
    """Put "a" or "an" before a name, and nothing before a plural."""
    if name.rsplit(maxsplit=1)[-1] in ("books", "masks"):
        return name
    if name == "umbrella":
        return "an umbrella"
    return ("an " if name[0] in "aeio" else "a ") + name


def caption(scene: str, palette: str, *, thing: str = "", features: tuple[str, ...] = ()) -> str:
    """Write a prompt in the model's own words.

    Args:
        scene: A family name of `SCENES`.
        palette: A name of `PALETTE_NAMES`.
        thing: A name of `OBJECTS` to stand before the scene.
        features: Some of the scene's `features`.
    """
    ground = BY_FAMILY[scene].caption
    first = f"{article(thing)} before {ground}" if thing else ground
    return ", ".join([first, f"{palette} colours", *features])


def thing_of(text: str) -> Thing | None:
    """Find the thing a text speaks of: by its name first, then by what goes with it."""
    words = words_of(text)
    joined = " ".join(words)
    named = [thing for thing in OBJECTS if f" {thing.name} " in f" {joined} "]
    if named:
        return max(named, key=lambda thing: len(thing.name))
    for thing in OBJECTS:
        if set(words) & set(thing.words):
            return thing
    return None


def palette_named(text: str) -> str:
    """Return the name of the palette a text names, or ""."""
    return next((BY_WORD[word].name for word in words_of(text) if word in BY_WORD), "")
