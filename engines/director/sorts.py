"""What sort of thing a brief is for, and the calls to action that suit it."""

from __future__ import annotations

import re
from typing import Final

from engines.director.facts import Reading
from engines.director.tone import Similarity, words_of

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "event": (
        "Come along.", "Join us.", "See you there.", "Be there.", "Save the date.",
        "Bring a friend.", "Come and join in.", "Do not miss it.",
    ),
    "concert": (
        "Come and listen.", "Join us for the music.", "Hear it live.", "See you there.",
        "Bring a friend.", "Come early, stay late.",
    ),
    "lesson": (
        "Come and learn with us.", "Join the class.", "Start now.", "Give it a try.",
        "Bring your questions.", "Learn with us.",
    ),
    "product": (
        "See it for yourself.", "Come and take a look.", "Try it yourself.", "Make it yours.",
        "Take a closer look.",
    ),
    "game": ("Play now.", "Start playing.", "Make your move.", "Give it a try.", "Ready? Play."),
    "film": (
        "See how it ends.", "Come and watch.", "Watch the story.", "See it on the big screen.",
        "Dim the lights and watch.",
    ),
    "cause": (
        "Lend a hand.", "Be part of it.", "Join us.", "Take part.", "Every helping hand counts.",
        "Help with us.",
    ),
}  # fmt: skip
"""By sort; none states a fact or an address."""

_WORDS: Final[dict[str, str]] = {
    "concert": "concert jazz gig recital festival choir orchestra band trio quartet symphony dj"
    " album songs music",
    "lesson": "lesson course class workshop seminar lecture talk tutorial training beginner"
    " beginners beginner's learn",
    "game": "game puzzle platformer rpg arcade video-game board-game",
    "film": "film movie cinema trailer horror thriller drama documentary animation story play",
    "cause": "charity benefit donation volunteer fundraiser appeal lost shelter help meeting"
    " protest petition community",
    "product": "soap bicycle app sale shop bookshop product brand novel novels phone tea shoes"
    " collection edition bike",
    "event": "market fair party gala festival exhibition opening marathon run brunch dinner tasting"
    " regatta yoga quiz slam poetry swap picnic parade",
}
_ANCHORS: Final[dict[str, str]] = {
    "concert": "live music, a concert or festival",
    "lesson": "a lesson or a course to learn something",
    "game": "a game to play",
    "film": "a film or a story about people",
    "cause": "helping others and the community",
    "product": "a product to buy in a shop",
    "event": "an event to go to",
}
_WORD_WEIGHT: Final = 0.3


_FORM: Final = re.compile(
    r"\b(?:an?\s+)?(?:short\s+|animated\s+)?(?:films?|movies?|trailer|animation|(?:in\s+)?cinemas?)\b",
    re.IGNORECASE,
)


_TALE: Final = re.compile(r"\babout\b.*\b(?:who|that)\b", re.IGNORECASE)


def content_of_film(theme: str) -> str:
    """Return what a film is about: a ship in a storm, not a screen in the dark."""
    content = re.sub(r"\s+", " ", _FORM.sub(" ", theme)).strip(" ,")
    return content if len(content) >= 4 else theme


def sort_of(reading: Reading, similarity: Similarity) -> str:
    """Decide what a brief is for; one that tells what happens is a film."""
    if reading.is_story:
        return "film"
    words = words_of(reading.theme)
    cosines = dict(zip(_ANCHORS, similarity(reading.theme, tuple(_ANCHORS.values())), strict=True))
    dated = bool(reading.facts.day or reading.facts.hour)
    scores = {}
    for sort, cosine in cosines.items():
        listed = _WORDS[sort].split()
        hits = sum(word in listed or word.rstrip("s") in listed for word in words)
        scores[sort] = cosine + _WORD_WEIGHT * min(hits, 2)
    for sort in ("event", "concert"):
        scores[sort] += 0.25 * dated
    scores["film"] += 0.4 * bool(_TALE.search(reading.theme))
    best = max(scores, key=lambda sort: scores[sort])
    seen_there = bool(reading.facts.place or reading.facts.hour)
    return "event" if best == "film" and dated and seen_there else best
