"""Find the place that a brief states, as it is written."""

from __future__ import annotations

import re

from engines.director.lexicon import (
    CITIES,
    HEADWORDS,
    MONTHS,
    PLACE_ENDINGS,
    PLACE_NOUNS,
    PLACE_STARTS,
    PREPOSITIONS,
    VERBS,
)
from engines.director.segments import Parts, Segment

_LEAD = re.compile(
    r"^(?:(?:at|in|inside|on|near|under|bei|im|am|in der|in den|auf dem|à la|à l'|à|au|aux|dans)"
    r"\s+)",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"\b(?:at|in|inside|on|under|near|behind|im|am|auf dem|à la|à|au|aux|dans)\s+(?=\S)"
)
_GERMAN = ("im", "am", "auf dem")
_ADDRESS = re.compile(
    r"^\d{1,4}[a-z]?,?\s+[A-Z][\w'.-]+(?:\s+[A-Z][\w'.-]+)*$|^[A-Z][\w'.-]+(?:\s[A-Z][\w'.-]+)*\s+\d{1,4}[a-z]?$"
)
_CAPITALISED = re.compile(
    r"^(?:(?:the|St\.?|Le|La|Les|El)\s+)?[A-ZÀ-Þ][\w'’.&-]*(?:\s+(?:of|de|du|des|la|the|und|and|&|[A-ZÀ-Þ\d][\w'’.&-]*))*$"
)


def find_place(parts: Parts, *, is_story: bool) -> str:
    """Return the place as a copy of the brief's words, or "".

    A segment of its own after the first that names a place counts most
    ("..., harbour square"), then one led by "at" or "in" anywhere. A story
    ("a keeper waits in the tower") only has a place if it bears a name.
    """
    rest = parts.segments[1:]
    for judge in (_is_place, _may_be_place):
        for index, segment in enumerate(rest):
            text = _LEAD.sub("", segment.text)
            if text and judge(text, segment, _after_time(parts.segments, index + 1)):
                return _in(parts.brief, text)
    for segment in parts.segments:
        found = _led(segment.text, named_only=is_story)
        if found:
            return _in(parts.brief, found)
    return ""


def _in(brief: str, text: str) -> str:
    """Keep only what stands in the brief just so."""
    return text if text in brief else ""


def _after_time(segments: tuple[Segment, ...], index: int) -> bool:
    return any(segment.timed for segment in segments[: index + 1])


def _is_place(text: str, segment: Segment, after_time: bool) -> bool:
    words = text.split()
    if len(words) > 7 or words[0].lower() in HEADWORDS:
        return False
    return names_place(text) or bool(_ADDRESS.match(text)) or text in CITIES


def _may_be_place(text: str, segment: Segment, after_time: bool) -> bool:
    """A capitalised name after the day or hour is where; before it, it is who."""
    return (
        after_time
        and len(text.split()) <= 5
        and bool(_CAPITALISED.match(text))
        and (text.split(maxsplit=1)[0].lower() not in HEADWORDS)
    )


def names_place(text: str) -> bool:
    """Say whether a phrase has a place for its head ("the old town hall", "Room 12")."""
    words = re.findall(r"[^\s,]+", text)
    if not words or any(word.lower() in VERBS for word in words):
        return False
    if len(words) > 1 and re.fullmatch(r"\d+[a-z]?", words[-1]):
        words = words[:-1]
    head = re.split(r"\s(?:of|near|by|behind|next|in|at)\s", " ".join(words))[0].split()[-1]
    if head.lower().strip(".") in PLACE_NOUNS or head.lower().endswith(PLACE_ENDINGS):
        return True
    return words[0].lower() in PLACE_STARTS and len(words) > 1


def _led(text: str, *, named_only: bool) -> str:
    """Find "at the town hall" or "in Berlin" within a segment."""
    for match in _PREPOSITION.finditer(text):
        phrase = _phrase(text[match.end() :])
        if not phrase:
            continue
        bare = re.sub(r"^(?:the|our|a|an|der|dem|la|le)\s+", "", phrase)
        named = bool(_CAPITALISED.match(bare)) and bare.split()[0] not in MONTHS
        if named and (bare.split()[0] in CITIES or match.group().strip() in ("at", "in", "à")):
            return phrase
        german = match.group().strip() in _GERMAN and not phrase.lower().endswith(PLACE_ENDINGS)
        if not named_only and not german and names_place(phrase):
            return phrase
    return ""


def _phrase(text: str) -> str:
    """Take words up to the next preposition or verb; "of" goes on with a name."""
    taken: list[str] = []
    for word in text.split():
        if taken and (word.lower() in PREPOSITIONS - {"of"} or word.lower() in VERBS | {"and"}):
            break
        taken.append(word)
    return " ".join(taken[:6])
