"""Judge words a model wrote: throw out what may not stand, order what may.

A small model writes fluent lines that are off the brief, repeat themselves or
invent a date. Rules throw those out; what stays is ordered by how likely the
model found it, how near it is to the brief in meaning, and its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from engines.director.suspects import (
    BOASTS,
    CONTENTLESS,
    DANGLING,
    DARK_ALLOWED,
    GLOOM,
    INVENTIONS,
    SPEAKER,
    UNWANTED,
)
from engines.director.tone import words_of
from engines.text.candidates import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What candidates are judged against.

    `text` is the brief's subject in English, `names` the brief's names,
    `examples` lines the model was shown and must not copy.
    """

    text: str
    title: str
    examples: Collection[str]
    dark: bool = False
    story: bool = False
    names: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How long a line may be, in characters, and what suits best."""

    shortest: int
    longest: int
    best: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A line that may stand, with its score; higher is better."""

    text: str
    score: float


Similarity = Callable[[str, Sequence[str]], list[float]]
Commonness = Callable[[str], bool]
"""Says whether a word is a common English one."""


def content_words(text: str) -> list[str]:
    """Return the words of a text that carry meaning, in small letters."""
    words = [part for word in words_of(text) for part in word.split("-")]
    return [word for word in words if word not in CONTENTLESS and len(word) > 1]


def objection(line: str, ground: Ground, measures: Measures, is_common: Commonness) -> str:
    """Say why a line may not stand, or "" if it may."""
    known = set(words_of(f"{ground.text} {ground.title}".replace("-", " ")))
    words = words_of(line)
    content = content_words(line)
    rules = (
        (not measures.shortest <= len(line) <= measures.longest, "length"),
        (not re.search(r"[.!?]$", line) or not line[:1].isupper(), "form"),
        (bool(re.search(r"\d|[/@#*_<>{}\[\]|$€£%]", line)), "figures"),
        (bool(set(words) & INVENTIONS - known), "invented fact"),
        (
            bool(set(words) & (UNWANTED - known) - (DARK_ALLOWED if ground.dark else set())),
            "word",
        ),
        (_names(line, known), "invented name"),
        (not ground.story and bool(set(words) & set(words_of(ground.names))), "part of a name"),
        (bool(set(words) & SPEAKER - known), "speaks of itself"),
        (not ground.story and bool(set(words) & GLOOM - known), "gloom"),
        (len(content) < 2, "says nothing"),
        (_repeats(content), "repeats itself"),
        (bool(words) and words[-1] in DANGLING, "unfinished"),
        (_copies(content, ground), "copies"),
        (not all(is_common(word) or word in known for word in words), "odd word"),
    )
    return next((reason for broken, reason in rules if broken), "")


def _names(line: str, known: set[str]) -> bool:
    """Say whether a capitalised word within a sentence is not the brief's."""
    for sentence in re.split(r"(?<=[.!?])\s+", line):
        for word in sentence.split()[1:]:
            bare = re.sub(r"[^\w'’-]", "", word)
            if bare[:1].isupper() and bare not in ("I", "I'm") and bare.lower() not in known:
                return True
    return False


def _repeats(content: list[str]) -> bool:
    stems = _stems(content)
    return len(set(stems)) < len(stems)


def _stems(words: Sequence[str]) -> list[str]:
    """Cut endings, so that "lights" and "light", "waits" and "waiting" are the same."""
    return [re.sub(r"(?<=\w{3})(?:ing|ed|es|s|e)$", "", word) for word in words]


def _copies(content: list[str], ground: Ground) -> bool:
    """Say whether a line only repeats the title or the brief, or an example it was shown."""
    if not set(_stems(content)) - set(_stems(content_words(f"{ground.title} {ground.text}"))):
        return True
    own = set(content)
    for example in ground.examples:
        shown = set(content_words(example))
        if shown and (shown <= own or len(own & shown) / len(own | shown) > 0.5):
            return True
    return False


def rank(
    candidates: Sequence[Candidate],
    ground: Ground,
    measures: Measures,
    similarity: Similarity,
    is_common: Commonness,
) -> list[Ranked]:
    """Order the lines that may stand, best first; ties keep the order given."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        if not objection(candidate.text, ground, measures, is_common):
            best.setdefault(candidate.text, candidate)
    if not best:
        return []
    cosines = similarity(ground.text, tuple(best))
    ranked = [
        Ranked(text=text, score=_score(candidate, cosine, ground, measures))
        for (text, candidate), cosine in zip(best.items(), cosines, strict=True)
    ]
    return sorted(ranked, key=lambda line: -line.score)


def _score(candidate: Candidate, cosine: float, ground: Ground, measures: Measures) -> float:
    """Weigh likelihood, nearness and length.

    Nearness counts up to 0.5: beyond it a line mostly repeats the brief.
    """
    off = abs(len(candidate.text) - measures.best) / measures.best
    own = set(_stems(content_words(candidate.text)))
    shared = own & set(_stems(content_words(ground.text)))
    boasts = 0 if ground.story else len(set(words_of(candidate.text)) & BOASTS)
    copied = len(shared) / max(len(own), 1)
    return (
        0.6 * candidate.mean_log_probability
        + 2.5 * min(cosine, 0.5)
        - 0.4 * off
        - 0.3 * boasts
        - 1.5 * max(0.0, copied - 0.4)
    )
