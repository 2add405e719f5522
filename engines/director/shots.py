"""The shots of a scene: how many, how long, what they show and what their captions say."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engines.api import ShotPlan
from engines.director.drafting import BEAT, Drafter
from engines.director.foreign import LINES
from engines.director.lexicon import word_set
from engines.director.look import Look, ranked_scenes
from engines.director.ranking import content_words
from engines.director.tone import Similarity, pick
from engines.director.wording import Subject, Wording
from engines.image.scenery.palettes import BY_NAME
from engines.image.words.vocabulary import Scene, caption

LONGEST_CAPTION: Final = 70
READING_SPEED: Final = 17.0
"""Characters a second that a viewer can read along with the picture."""

_SHOT_S: Final = 3.2
_SHORTEST_SHOT_S: Final = 2.5
_CAMERAS: Final = ("in", "left", "out", "right")
_ABSTRACT: Final = word_set("lanterns bokeh marble geometric rays waves paper gradient")
_SKY: Final = ("moon", "stars", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """What the shots show, one prompt each for the picture and the ground."""

    pictures: tuple[str, ...]
    backgrounds: tuple[str, ...]


def durations_s(seconds: float) -> tuple[float, ...]:
    """Divide a scene: three to five shots for most, at least 2.5 s each, the last a little longer.

    They add up to `seconds` exactly.
    """
    wanted = round(seconds / _SHOT_S) if seconds <= 40 else round(seconds / 8)
    most = max(1, int(seconds / _SHORTEST_SHOT_S))
    count = min(max(3, min(wanted, 5 if seconds <= 40 else 8)), most)
    base = seconds / (count + 0.15)
    first = [round(base, 2)] * (count - 1)
    return (*first, seconds - sum(first))


def shots_of(
    subject: Subject,
    look: Look,
    wording: Wording,
    drafter: Drafter,
    *,
    seconds: float,
    seed: int,
) -> tuple[ShotPlan, ...]:
    """Plan all shots of a scene."""
    lengths = durations_s(seconds)
    captions = captions_of(subject, wording, drafter, lengths, seed)
    views = views_of(subject, look, drafter.encoder.similarity, len(lengths))
    turn = zlib.crc32(f"camera:{seed}".encode()) % len(_CAMERAS)
    return tuple(
        ShotPlan(
            caption=captions[index],
            picture_prompt=views.pictures[index],
            background_prompt=views.backgrounds[index],
            duration_s=length,
            camera=_CAMERAS[(index + turn) % len(_CAMERAS)],
        )
        for index, length in enumerate(lengths)
    )


def room(length_s: float) -> int:
    """Return how many characters a caption of a shot may have."""
    return min(LONGEST_CAPTION, int(READING_SPEED * length_s))


def captions_of(
    subject: Subject,
    wording: Wording,
    drafter: Drafter,
    lengths: Sequence[float],
    seed: int,
) -> tuple[str, ...]:
    """Write one caption a shot: an opening, the brief's own words, beats, an ending."""
    count = len(lengths)
    opening, middles, ending = _beats(subject, drafter, seed, count)
    own = _own_words(subject, room(lengths[min(1, count - 1)]))
    last = ending if subject.sort == "film" else _closing(subject, wording, room(lengths[-1]))
    inner = [own, *middles] if subject.sort == "film" else [wording.tagline, *middles]
    lines = [opening, *inner][: max(count - 1, 1)]
    if count == 1:
        lines = [own]
    elif count == 2:
        lines = [own, last]
    else:
        lines.append(last)
    return tuple(_fit(line, room(length)) for line, length in zip(lines, lengths, strict=True))


def _beats(subject: Subject, drafter: Drafter, seed: int, count: int) -> tuple[str, list[str], str]:
    """Return an opening, enough middles, and an ending."""
    if subject.reading.language in LINES:
        lines = LINES[subject.reading.language]
        middles = [*lines.middles, *lines.taglines]
        return lines.openings[0], middles, lines.endings[0]
    topic = subject.topics[0]
    opening = pick("opening", seed, topic.openings)
    ending = pick("ending", seed, topic.endings)
    start = zlib.crc32(f"middle:{seed}".encode()) % len(topic.middles)
    book = [line for t in subject.topics for line in t.middles]
    book = [*book[start : len(topic.middles)], *book[:start], *book[len(topic.middles) :]]
    drafted = _drafted(subject, drafter, seed) if subject.sort == "film" else []
    middles = _apart([*drafted[:2], *book], [opening, ending, subject.reading.brief])
    return opening, middles[:count], ending


def _drafted(subject: Subject, drafter: Drafter, seed: int) -> list[str]:
    """Return the model's own beats of a story that may stand, best first."""
    shown = [(t.about, line) for t in subject.topics for line in (*t.middles, t.endings[0])][::-1]
    ground = subject.ground([text for pair in shown for text in pair])
    ranked = drafter.lines(BEAT, subject.reading.theme, shown, ground, seed + 2)
    return [line.text for line in ranked]


def _apart(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Keep lines that do not say again what another line has said."""
    kept: list[str] = []
    for line in lines:
        own = set(content_words(line))
        if all(len(own & set(content_words(o))) <= len(own) / 2 for o in [*kept, *others]):
            kept.append(line)
    return kept


def _own_words(subject: Subject, limit: int) -> str:
    """Return the brief's sentence if it can be read in time, else its title."""
    reading = subject.reading
    if reading.is_story and len(reading.brief) + 1 <= limit:
        text = reading.brief[:1].upper() + reading.brief[1:]
        return text if text[-1] in ".!?" else f"{text}."
    return reading.facts.title


def _closing(subject: Subject, wording: Wording, limit: int) -> str:
    """Say when and where, in the brief's words, as much as can be read; else the call."""
    facts = subject.reading.facts
    comma = "，" if subject.reading.language == "zh" else ", "
    for parts in ((facts.day, facts.hour, facts.place), (facts.day, facts.hour), (facts.place,)):
        text = comma.join(part for part in parts if part)
        if text and len(text) <= limit:
            return text[:1].upper() + text[1:]
    return wording.call_to_action


def _fit(line: str, limit: int) -> str:
    """Shorten a line at a word so that it can be read in time."""
    if len(line) <= limit:
        return line
    cut = line[: limit - 1].rsplit(" ", 1)[0] if " " in line[: limit - 1] else line[: limit - 1]
    return cut.rstrip(" ,;:.-") + "…"


def views_of(subject: Subject, look: Look, similarity: Similarity, count: int) -> Views:
    """Choose what each shot shows: wide, the thing itself, a second scene, and back.

    All shots share the palette, so that they belong together.
    """
    scenes = ranked_scenes(subject.reading, similarity)
    main = scenes[0]
    beside = _companion(main, scenes[1:])
    pictures: list[str] = []
    backgrounds: list[str] = []
    for index in range(count):
        scene = beside if index % 3 == 2 else main
        close = index % 2 == 1
        features = _features(scene, look, index)
        ground = caption(scene.family, look.palette, features=features)
        backgrounds.append(ground)
        thing = look.thing if close or count == 1 else ""
        pictures.append(
            caption(scene.family, look.palette, thing=thing, features=features) if thing else ground
        )
    return Views(pictures=tuple(pictures), backgrounds=tuple(backgrounds))


def _companion(main: Scene, others: Sequence[Scene]) -> Scene:
    """Return the next best scene that can stand in the same world."""
    abstract = main.family in _ABSTRACT
    return next(scene for scene in others if (scene.family in _ABSTRACT) == abstract)


def _features(scene: Scene, look: Look, index: int) -> tuple[str, ...]:
    """Vary a scene's features from shot to shot, never the sun by night."""
    night = BY_NAME[look.palette].night
    banned = {"sun"} if night else {"moon", "stars"}
    if look.palette == "storm":
        banned = set(_SKY)
    usable = [feature for feature in scene.features if feature not in banned]
    if not usable:
        return ()
    chosen = [usable[index % len(usable)]]
    if index == 0 and scene.family == look.family:
        chosen = [*look.features, *chosen]
    return tuple(dict.fromkeys(chosen))[:3]
