"""Make a title of a brief's own words."""

from __future__ import annotations

import re

from engines.director.lexicon import (
    ARTICLES,
    NUMBERS,
    PREPOSITIONS,
    PRONOUNS,
    SMALL_WORDS,
    VERBS,
)

LONGEST = 44
"""Letters of a title at most; longer ones do not stand well on a poster."""

_MOST_WORDS = 8
_LONGEST_WIDE = 16
_ORDER = re.compile(
    r"^(?:please\s+)?(?:make|create|design|draw|write|generate|build|produce|i\s+(?:need|want)"
    r"|we\s+(?:need|want))\s+(?:me\s+|us\s+)?",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"^(?:an?\s+|the\s+|our\s+)?(?:\w+\s+)?(?:poster|flyer|leaflet|scene|trailer|teaser|film|movie"
    r"|video|clip|story|animation|advert|ad|cover|banner|plakat|affiche)\s+"
    r"(?:for|about|of|that\s+shows|showing|in\s+which|für|pour)\s+(?:the\s+|our\s+|an?\s+)?",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:called|titled|named|entitled)\s+((?:[A-Z0-9][\w'’-]*\s*(?:of |the |and |in )?)+)"
)
_WIDE = re.compile(r"[⺀-鿿぀-ヿ가-힯]")


def is_wide(text: str) -> bool:
    """Say whether a text is written in Chinese, Japanese or Korean."""
    return bool(_WIDE.search(text))


def strip_order(text: str) -> str:
    """Take away "make a poster for ..." before what the poster is for."""
    bare = _ORDER.sub("", text)
    stripped = _FORM.sub("", bare)
    return stripped if len(stripped) >= 3 else bare


def named_title(brief: str, quotes: tuple[str, ...]) -> str:
    """Return a title that the brief gives in quotes or after "called", or ""."""
    if quotes:
        return quotes[0].strip()
    match = _CALLED.search(brief)
    return match.group(1).strip() if match else ""


def story_verb(text: str) -> int:
    """Return which word of a sentence is its verb, or -1 if it tells no story.

    The subject before it has one to six words, and begins with an article, a
    number or a name. A word after a preposition is no verb.
    """
    words = [word.strip(".,!?").lower() for word in text.split()]
    for index, word in enumerate(words[1:8], start=1):
        if word not in VERBS or words[index - 1] in PREPOSITIONS | ARTICLES:
            continue
        first = text.split(maxsplit=1)[0]
        if words[0] in ARTICLES | NUMBERS | PRONOUNS or first[:1].isupper():
            return index
    return -1


def title_of(text: str, *, english: bool = True) -> str:
    """Make a title of the first words of a brief.

    Args:
        text: What the brief is about, without facts and orders.
        english: Whether capitals follow English custom; else the brief's stay.
    """
    if is_wide(text):
        return text[:_LONGEST_WIDE]
    verb = story_verb(text) if english else -1
    words = _subject(text.split(), verb) if verb > 0 else text.split()
    if verb <= 0 and words and words[0].lower() in ("a", "an") and len(words) > 1:
        words = words[1:]
    words = shortened(words)
    return capitals(words) if english else _first_upper(" ".join(words))


def _subject(words: list[str], verb: int) -> list[str]:
    """Turn "A lighthouse keeper waits out a storm" into "The lighthouse keeper".

    A lone name or number gets the thing it meets: "Mia and the Map".
    """
    subject = words[:verb]
    subject = ["the" if word.lower() in ("a", "an") else word for word in subject]
    if words[0].lower() in ARTICLES:
        return subject
    if len(subject) <= 2:
        thing = _object(words[verb + 1 :])
        if thing:
            return [*subject, "and", *thing]
    if subject[0].lower() in PRONOUNS:
        return words
    return subject


def _object(words: list[str]) -> list[str]:
    """Return "the map" for the first "a map", with at most two words before the noun."""
    for index, word in enumerate(words):
        if word.lower() not in ARTICLES:
            continue
        noun: list[str] = []
        for following in words[index + 1 :]:
            bare = following.strip(".,!?")
            if bare.lower() in PREPOSITIONS | VERBS | SMALL_WORDS:
                break
            noun.append(bare)
        return ["the", *noun] if 1 <= len(noun) <= 2 else []
    return []


def shortened(words: list[str]) -> list[str]:
    """Cut a long title before a preposition, so that what stays is whole."""
    if len(words) <= _MOST_WORDS and len(" ".join(words)) <= LONGEST:
        return words
    for breaks in (PREPOSITIONS, {"and", "or"}):
        for index, word in enumerate(words):
            if index >= 2 and word.lower() in breaks and len(" ".join(words[:index])) <= LONGEST:
                return shortened(words[:index])
    kept = words[:_MOST_WORDS]
    while len(kept) > 1 and (len(" ".join(kept)) > LONGEST or kept[-1].lower() in SMALL_WORDS):
        kept = kept[:-1]
    return kept


def capitals(words: list[str]) -> str:
    """Write words as an English title; what has capitals of its own keeps them."""
    shouting = all(word.isupper() for word in words) and len(words) > 1
    titled = []
    for index, word in enumerate(words):
        plain = word.lower() if shouting else word
        inner = 0 < index < len(words) - 1
        if inner and plain.lower() in SMALL_WORDS:
            titled.append(plain.lower())
        else:
            titled.append("-".join(_first_upper(part) for part in plain.split("-")))
    return " ".join(titled)


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
