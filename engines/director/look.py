"""How a brief should look: palette, scene and thing, in the picture model's own words."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Final

from engines.director.facts import Reading
from engines.director.lexicon import word_set
from engines.director.tone import Similarity, Tone, words_of
from engines.image.scenery.palettes import BY_NAME, luminance
from engines.image.words.vocabulary import OBJECTS, SCENES, Scene, Thing, caption, palette_named

LEAST_CONTRAST: Final = 7.0
"""Between a palette's darkest and lightest colour (WCAG 2)."""

MOOD_PALETTES: Final[dict[str, tuple[str, ...]]] = {
    "calm": ("teal", "dawn", "green", "pastel"),
    "playful": ("sunset", "gold", "rose", "pastel", "night"),
    "tense": ("storm", "ember", "night"),
    "triumphant": ("gold", "ember", "sunset"),
    "melancholy": ("autumn", "storm", "dusk"),
    "mysterious": ("violet", "night", "teal", "dusk"),
    "romantic": ("rose", "dusk", "sunset"),
    "dark": ("night", "ember", "mono"),
    "epic": ("ember", "ice", "sunset", "violet"),
    "hopeful": ("dawn", "day", "green", "sunset"),
}

_DARK: Final = frozenset({"night", "dusk", "neon", "violet", "storm", "gold", "ember"})
_LIGHT: Final = frozenset({"day", "dawn", "pastel", "green", "teal", "ice", "ochre"})
_WORD_WEIGHT: Final = 0.35
_THING_COSINE: Final = 0.38  # below it, the nearest thing of the vocabulary is a guess
_VAGUE: Final = word_set("night market world play show ride fair food nature art")
_NAMED_HOURS: Final = {"midnight": 0, "noon": 12, "sunset": 19, "dusk": 20, "sunrise": 6, "dawn": 6}
_NIGHT_WORDS: Final = word_set("night midnight evening moon stars dark dusk tonight nacht nuit")
_DAY_WORDS: Final = word_set("morning noon sunrise dawn breakfast brunch picnic matin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the pictures are asked for; `colours` are dark to light."""

    palette: str
    colours: tuple[str, ...]
    family: str
    thing: str
    features: tuple[str, ...]
    picture_prompt: str
    background_prompt: str


def contrast(dark: str, light: str) -> float:
    """Return the contrast ratio of WCAG 2 of two colours "#rrggbb", 1 to 21."""
    low, high = sorted((luminance(dark), luminance(light)))
    return (high + 0.05) / (low + 0.05)


def readable(colours: tuple[str, ...]) -> tuple[str, ...]:
    """Darken the darkest colour until the lightest can be read on it."""
    first, last = colours[0], colours[-1]
    while contrast(first, last) < LEAST_CONTRAST:
        red, green, blue = (int(first[i : i + 2], 16) * 9 // 10 for i in (1, 3, 5))
        first = f"#{red:02x}{green:02x}{blue:02x}"
    return (first, *colours[1:])


def daytime(reading: Reading) -> str:
    """Say "night" or "day" from the hour or the words, or "" if the brief does not tell."""
    hour = _hour_of(reading.facts.hour)
    if hour >= 0:
        return "night" if hour >= 18 or hour < 5 else "day"
    words = set(words_of(reading.brief))
    if words & _NIGHT_WORDS:
        return "night"
    return "day" if words & _DAY_WORDS else ""


def _hour_of(text: str) -> int:
    low = text.lower()
    match = re.search(r"(\d{1,2})(?:[:.]\d\d)?\s*([ap]\.?m)?", low)
    if match is None:
        return next((hour for word, hour in _NAMED_HOURS.items() if word in low), -1)
    hour = int(match.group(1)) % 24
    half = match.group(2) or low
    late = "p.m" in half or "pm" in half or "晚" in low or "下午" in low
    return hour + 12 if late and hour < 12 else hour


def look_of(reading: Reading, tone: Tone, seed: int, similarity: Similarity) -> Look:
    """Decide how a brief looks; the seed varies palette and features.

    Args:
        reading: The brief with its facts.
        tone: How it sounds, as pictures and music share one mood.
        seed: The plan's seed.
        similarity: Of the sentence encoder.
    """
    scene = scene_of(reading, similarity)
    palette = palette_of(reading, tone, scene, seed)
    thing = thing_for(reading, similarity)
    features = features_for(scene, reading, palette, seed)
    return Look(
        palette=palette,
        colours=readable(BY_NAME[palette].colours),
        family=scene.family,
        thing=thing,
        features=features,
        picture_prompt=caption(scene.family, palette, thing=thing, features=features),
        background_prompt=caption(scene.family, palette, features=features),
    )


def scene_of(reading: Reading, similarity: Similarity) -> Scene:
    """Find the scene whose words the brief uses, or the one nearest in meaning."""
    return ranked_scenes(reading, similarity)[0]


def ranked_scenes(reading: Reading, similarity: Similarity) -> list[Scene]:
    """Order the scenes by how well they suit a brief."""
    words = words_of(f"{reading.theme} {reading.facts.place}")
    anchors = tuple(f"{scene.caption}, {', '.join(scene.words[1:6])}" for scene in SCENES)
    cosines = similarity(reading.theme, anchors)
    scores = {
        scene.family: cosine + _WORD_WEIGHT * _word_score(scene, words)
        for scene, cosine in zip(SCENES, cosines, strict=True)
    }
    return sorted(SCENES, key=lambda scene: -scores[scene.family])


def _word_score(scene: Scene, words: list[str]) -> float:
    """Count the brief's words that call a scene; its own name counts twice."""
    known = set(words) | {word[:-1] for word in words if word.endswith("s")}
    score = 2.0 if known & set(scene.words[:1]) else 0.0
    return min(score + len(known & set(scene.words[1:])), 3.0)


def palette_of(reading: Reading, tone: Tone, scene: Scene, seed: int) -> str:
    """Choose a palette that suits scene, mood and time of day; a colour in the brief decides."""
    named = palette_named(reading.theme)
    time = daytime(reading)
    if named and not (time == "night" and named == "day"):
        return named
    liked = MOOD_PALETTES[tone.mood]
    scores = {}
    for name in BY_NAME:
        score = 1.0 * (name in liked) + 0.8 * (name in scene.palettes)
        score += 1.0 * (time == "night" and name in _DARK) - 1.5 * (
            time == "night" and name in _LIGHT
        )
        score += 0.8 * (time == "day" and name in _LIGHT) - 0.8 * (time == "day" and name in _DARK)
        chance = zlib.crc32(f"palette:{name}:{seed}".encode()) % 1000 / 1000
        scores[name] = score + 0.5 * chance
    return max(scores, key=lambda name: scores[name])


def thing_for(reading: Reading, similarity: Similarity) -> str:
    """Find the thing that stands for the brief, or "" if none of the vocabulary does."""
    words = words_of(reading.theme)
    anchors = tuple(" ".join([thing.name, *thing.words[:3]]) for thing in OBJECTS)
    cosines = similarity(reading.theme, anchors)
    scores = {
        thing.name: cosine + _thing_hits(thing, words)
        for thing, cosine in zip(OBJECTS, cosines, strict=True)
    }
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _THING_COSINE else ""


def _thing_hits(thing: Thing, words: list[str]) -> float:
    """Count what calls a thing: its name in full most, vague words like "night" little."""
    text = f" {' '.join(words)} "
    if f" {thing.name} " in text or f" {thing.name}s " in text:
        return 0.9
    called = set(words) & set(thing.words)
    return 0.1 if called and called <= _VAGUE else 0.35 * bool(called)


def features_for(scene: Scene, reading: Reading, palette: str, seed: int) -> tuple[str, ...]:
    """Choose features of a scene: those the brief names, else one by the time of day."""
    words = set(words_of(reading.brief))
    named = [feature for feature in scene.features if set(words_of(feature)) & words]
    night = BY_NAME[palette].night
    lights = ("moon", "stars") if night else () if palette == "storm" else ("sun",)
    sky = [feature for feature in scene.features if feature in lights]
    if not any(feature in named for feature in ("moon", "sun", "stars")) and sky:
        named.append(sky[zlib.crc32(f"sky:{seed}".encode()) % len(sky)])
    if scene.family == "skyline" and night:
        named.append("lit windows")
    if scene.family == "lighthouse" and (night or palette == "storm"):
        named.insert(0, "beam of light")
    return tuple(dict.fromkeys(named))[:3]
