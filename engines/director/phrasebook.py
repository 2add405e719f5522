"""The phrasebook: lines by topic that show the model the way and stand in for it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from engines.director.tone import Similarity, words_of

_FILE: Final = Path(__file__).resolve().parents[2] / "resources" / "recipes" / "phrasebook.toml"
_WORD_WEIGHT: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a brief can be about, with lines that state no fact."""

    name: str
    words: frozenset[str]
    about: str
    taglines: tuple[str, ...]
    bodies: tuple[str, ...]
    openings: tuple[str, ...]
    middles: tuple[str, ...]
    endings: tuple[str, ...]


@lru_cache(maxsize=1)
def topics() -> tuple[Topic, ...]:
    """Read the phrasebook; it is small and read once."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(
        Topic(
            name=name,
            words=frozenset(entry["words"].split()),
            about=entry["about"],
            taglines=tuple(entry["taglines"]),
            bodies=tuple(entry["bodies"]),
            openings=tuple(entry["openings"]),
            middles=tuple(entry["middles"]),
            endings=tuple(entry["endings"]),
        )
        for name, entry in data.items()
        if isinstance(entry, dict)
    )


def ranked_topics(text: str, similarity: Similarity) -> list[Topic]:
    """Order the topics by how well they suit a text, best first.

    Earlier words count more: "jazz festival in the book market" is about jazz.
    """
    words = words_of(text)
    singular = [word[:-1] if word.endswith("s") else word for word in words]
    known = topics()
    cosines = similarity(text, tuple(topic.about for topic in known))
    scores = {}
    for topic, cosine in zip(known, cosines, strict=True):
        hits = sum(
            a in topic.words or b in topic.words for a, b in zip(words, singular, strict=True)
        )
        scores[topic.name] = cosine + _WORD_WEIGHT * min(hits, 2)
    return sorted(known, key=lambda topic: -scores[topic.name])
