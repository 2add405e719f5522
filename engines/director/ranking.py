"""Judge words a model wrote: throw out what may not stand, order what may.

A small model writes fluent lines that are off the brief, repeat themselves or
invent a date. Rules throw those out; what stays is ordered by how likely the
model found it, how near it is to the brief in meaning, and its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from engines.director.lexicon import MONTHS, PRONOUNS, SMALL_WORDS, WEEKDAYS
from engines.director.tone import words_of
from engines.text.candidates import Candidate

_INVENTIONS: Final = frozenset(
    [word for word in WEEKDAYS[:7]]
    + [month.lower() for month in MONTHS[:12] if month not in ("May", "March")]
    + (
        "today tomorrow tonight yesterday weekend noon midnight o'clock annual anniversary free"
        " ticket tickets price prices euro euros dollar dollars pound pounds discount sponsor"
        " donate guest guests host hosts ingredients finest first masterpiece celebrity award awarded award-winning www http https com website online email phone"
        " facebook twitter instagram hundred hundreds thousand thousands million millions"
        " century decade year years winter summer spring autumn christmas easter halloween"
        " america american york london paris england california texas usa uk europe european"
        " asian african chinese japanese french german indian italian irish"
    ).split()
)
"""Words that state a fact; a line may only have them if the brief has."""

_UNWANTED: Final = frozenset(
    "sex sexy kill kills killed naked drunk drugs god jesus hell hate stupid ugly fat dead death"
    " die dies murder blood smith johnson assistant ai sorry brief tagline caption poster prompt"
    " sentence sin sins suicide hairs hair worst bad boring nazi slave slaves slut shit damn"
    " racism rape guns gun".split()
)
_SPEAKER: Final = frozenset("i me my mine i'm i've he she him her his hers".split())
_GLOOM: Final = frozenset(
    "not no never nobody none nothing cannot can't don't won't isn't lost sick pain suffering"
    " alone wealthy poor threat danger fear afraid dark darkness empty sad tears cry broken old"
    " extinguished wrong fire fight loss".split()
)
"""Words that sell nothing; in a story they are welcome."""
_DARK_ALLOWED: Final = frozenset("dead death die dies murder blood killed kills kill hell".split())

_CONTENTLESS: Final = (
    SMALL_WORDS
    | PRONOUNS
    | frozenset(
        "is are was be been has have will can not no all so one who what when where how than then"
        " there here up out off down more most very just only too also them him us me do does did"
        " don't it's you're we're let let's every each any some own".split()
    )
)
_DANGLING: Final = SMALL_WORDS | frozenset(
    "is are was be has have will can who what that which than very your our my their his her"
    " its every each no so if because while when".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What candidates are judged against.

    `text` is the brief's subject in English, `allowed` further words that may
    be said, `examples` lines the model was shown and must not copy.
    """

    text: str
    title: str
    examples: Collection[str]
    dark: bool = False
    story: bool = False
    allowed: str = ""


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
    return [word for word in words_of(text) if word not in _CONTENTLESS and len(word) > 1]


def objection(line: str, ground: Ground, measures: Measures, is_common: Commonness) -> str:
    """Say why a line may not stand, or "" if it may."""
    known = set(words_of(f"{ground.text} {ground.allowed} {ground.title}"))
    words = words_of(line)
    content = content_words(line)
    rules = (
        (not measures.shortest <= len(line) <= measures.longest, "length"),
        (not re.search(r"[.!?]$", line) or not line[:1].isupper(), "form"),
        (bool(re.search(r"\d|[/@#*_<>{}\[\]|$€£%]", line)), "figures"),
        (bool(set(words) & _INVENTIONS - known), "invented fact"),
        (
            bool(set(words) & (_UNWANTED - known) - (_DARK_ALLOWED if ground.dark else set())),
            "word",
        ),
        (_names(line, known), "invented name"),
        (bool(set(words) & _SPEAKER - known), "speaks of itself"),
        (not ground.story and bool(set(words) & _GLOOM - known), "gloom"),
        (len(content) < 2, "says nothing"),
        (_repeats(content), "repeats itself"),
        (bool(words) and words[-1] in _DANGLING, "unfinished"),
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
    stems = [word[:6] if len(word) > 6 else word.rstrip("s") for word in content]
    return len(set(stems)) < len(stems)


def _copies(content: list[str], ground: Ground) -> bool:
    """Say whether a line only repeats the title or the brief, or an example it was shown."""
    if not set(content) - set(content_words(f"{ground.title} {ground.text}")):
        return True
    own = set(content)
    for example in ground.examples:
        shown = set(content_words(example))
        if shown and len(own & shown) / len(own | shown) > 0.5:
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
    shared = set(content_words(candidate.text)) & set(content_words(ground.text))
    copied = len(shared) / max(len(content_words(candidate.text)), 1)
    return (
        0.6 * candidate.mean_log_probability
        + 2.5 * min(cosine, 0.5)
        - 0.4 * off
        - 1.5 * max(0.0, copied - 0.4)
    )
