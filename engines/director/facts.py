"""Read a brief by rule: what it is called, when, where, with whom.

No model looks at these; each fact is a copy of the brief's own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from engines.api import Facts
from engines.director.gloss import gloss
from engines.director.lexicon import (
    FRENCH,
    GERMAN,
    HEADWORDS,
    MONTHS,
    PLACE_NOUNS,
    PRONOUNS,
    SMALL_WORDS,
    SPANISH,
    VERBS,
    WEEKDAYS,
)
from engines.director.places import find_place
from engines.director.segments import Parts, cut_up
from engines.director.times import Span
from engines.director.titles import (
    is_wide,
    named_title,
    shortened,
    story_verb,
    strip_order,
    title_of,
)

_NAME = re.compile(
    r"\b(?:[A-ZÀ-Þ][\w'’&-]*\.?)(?:\s+(?:of|the|de|la|von|van|der|du|and|&)?\s*[A-ZÀ-Þ][\w'’&-]*)*"
)
_WITH = re.compile(
    r"\b(?:with|by|feat\.?|featuring|starring|mit(?:\s+de[mnr])?|von|avec|par|con|presents)\s+(?:the\s+)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that the rules see in a brief.

    `theme` says in English words what it is about, for models that know no
    other language. `details` are the remarks that are neither title nor fact ("free entry"),
    `language` is "en", "de", "fr", "es" or "zh", `is_story` says that the
    brief tells what happens.
    """

    brief: str
    facts: Facts
    theme: str
    details: tuple[str, ...]
    language: str
    is_story: bool


def read(brief: str) -> Reading:
    """Read a brief; the same brief gives the same reading."""
    brief = re.sub(r"[ \t]+", " ", brief.strip())
    parts = cut_up(brief)
    language = _language(brief)
    about = _about(parts)
    is_story = language == "en" and not (parts.days or parts.hours) and story_verb(about) > 0
    place = find_place(parts, is_story=is_story)
    topic = about if is_story else _without_place(about, place)
    quotes = tuple(span.of(brief) for span in parts.quotes)
    title = named_title(brief, quotes) or title_of(topic or brief, english=language == "en")
    day = _joined(parts.brief, parts.days)
    clocks = tuple(span for span in parts.hours if re.search(r"\d|[点时]", span.of(brief)))
    hour = _joined(parts.brief, clocks or parts.hours)
    subject = _subject(parts, place, is_story)
    facts = Facts(
        title=title,
        subject=subject,
        day=day,
        hour=hour,
        place=place,
        names=_names(parts, place, title, language),
    )
    return Reading(
        brief=brief,
        facts=facts,
        theme=_theme(brief, facts, language, is_story=is_story),
        details=_details(parts, place, title, topic, is_story),
        language=language,
        is_story=is_story,
    )


def _theme(brief: str, facts: Facts, language: str, *, is_story: bool) -> str:
    """Return what the brief is about, without names: a Harbour Trio is no harbour."""
    if language != "en":
        return gloss(brief) or facts.title
    if is_story:
        return facts.subject
    theme = facts.subject
    for name in facts.names:
        led = rf"(?:\s+(?:by|with|and|of|feat\.?|featuring|starring|the))*\s+{re.escape(name)}"
        theme = re.sub(rf"{led}(?:['’]s)?|{re.escape(name)}(?:['’]s)?", "", theme)
    return re.sub(r"\s*,(?:\s*,)*\s*", ", ", theme).strip(" ,") or facts.subject


def _language(brief: str) -> str:
    if is_wide(brief):
        return "zh"
    words = re.findall(r"[^\W\d_]+'?", brief.lower())
    scores = {
        "de": sum(word in GERMAN for word in words) + 2 * bool(re.search("[äöüß]", brief.lower())),
        "fr": sum(word in FRENCH for word in words) + bool(re.search("[éèêàçù]", brief.lower())),
        "es": sum(word in SPANISH for word in words) + 2 * bool(re.search("[ñ¿¡]", brief.lower())),
    }
    starts = {"de": WEEKDAYS[7:15], "fr": WEEKDAYS[15:22], "es": WEEKDAYS[22:]}
    for code, days in starts.items():
        scores[code] += 2 * sum(word in days for word in words)
    best = max(scores, key=lambda code: scores[code])
    english = sum(word in SMALL_WORDS | PRONOUNS | {"is", "waits"} for word in words)
    english += 2 * sum(word in WEEKDAYS[:7] for word in words)
    return best if scores[best] >= 2 and scores[best] > english else "en"


def _about(parts: Parts) -> str:
    """Return the first segment that says what it is about, without the order for it."""
    for segment in parts.segments:
        text = strip_order(segment.text)
        if text:
            return text
    return parts.brief


def _without_place(text: str, place: str) -> str:
    if not place or place not in text:
        return text
    led = re.compile(
        r"\s*\b(?:at|in|inside|on|under|near|behind|im|am|in der|auf dem|à la|à|au|aux|dans)\s+"
        + re.escape(place)
    )
    shorter = led.sub("", text).strip()
    return shorter if len(shorter) >= 3 else text


def _joined(brief: str, spans: tuple[Span, ...]) -> str:
    """Return the first fact, or from first to last if only little stands between."""
    if not spans:
        return ""
    end = spans[0].end
    for before, after in pairwise(spans):
        between = brief[before.end : after.start]
        if not re.fullmatch(r"\s*(?:,|and|&|or|to|-|–|und|et|y|until|till|bis)?\s*", between):
            break
        end = after.end
    return brief[spans[0].start : end]


def _subject(parts: Parts, place: str, is_story: bool) -> str:
    if is_story:
        return parts.brief
    texts = [_without_place(strip_order(segment.text), place) for segment in parts.segments]
    kept = [text for text in texts if text and text != place]
    return ", ".join(kept) or parts.brief


def _names(parts: Parts, place: str, title: str, language: str) -> tuple[str, ...]:
    """Find capitalised names that are neither title, place nor time."""
    if language == "zh":
        return tuple(span.of(parts.brief) for span in parts.quotes if span.of(parts.brief) != title)
    found = [span.of(parts.brief) for span in parts.quotes]
    times = [*parts.days, *parts.hours, *parts.quotes]
    for match in _NAME.finditer(parts.brief):
        name = re.sub(r"['’]s?$", "", match.group().strip(" ."))
        span = Span(match.start(), match.start() + len(name))
        if any(span.overlaps(time) for time in times) or not _is_name(parts, match, language):
            continue
        found.append(name)
    apart = [name for name in found if name not in place and name != title]
    return tuple(dict.fromkeys(apart))


def _is_name(parts: Parts, match: re.Match[str], language: str) -> bool:
    brief, name = parts.brief, match.group()
    words = name.split()
    first = words[0].lower().strip("'.")
    led = bool(_WITH.search(brief[: match.start()]))
    if words[0] in MONTHS or first in WEEKDAYS or (len(words) == 1 and first in HEADWORDS):
        return False
    if language == "de":
        return led
    begins = any(match.start() == segment.span.start for segment in parts.segments)
    if not begins or led:
        return len(name) > 1
    follows = brief[match.end() :].split()
    if len(words) == 1:
        return bool(follows) and follows[0].lower() in VERBS and first not in SMALL_WORDS | PRONOUNS
    return match.start() > 0 and first not in HEADWORDS and words[-1].lower() not in PLACE_NOUNS


def _details(parts: Parts, place: str, title: str, topic: str, is_story: bool) -> tuple[str, ...]:
    """Return the remarks of the brief that title and facts leave over."""
    if is_story:
        return ()
    details: list[str] = []
    for segment in parts.segments:
        text = _without_place(strip_order(segment.text), place)
        if text in ("", place, title):
            continue
        if text == topic:
            text = _after_title(topic)
        if len(text) > 3 and text.lower() not in title.lower():
            details.append(text)
    return tuple(dict.fromkeys(details))


def _after_title(topic: str) -> str:
    """Return what a shortened title left of the topic."""
    words = topic.split()
    if words and words[0].lower() in ("a", "an"):
        words = words[1:]
    return " ".join(words[len(shortened(words)) :])
