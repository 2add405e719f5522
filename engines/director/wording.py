"""The words of a plan: tagline, body and call to action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engines.director.drafting import BODY, TAGLINE, Drafter, Field
from engines.director.facts import Reading
from engines.director.foreign import LINES
from engines.director.lexicon import word_set
from engines.director.phrasebook import Topic
from engines.director.ranking import Ground, content_words
from engines.director.sorts import CALLS
from engines.director.tone import MINOR_MOODS, pick

_LONGEST_BODY = 260
_TALES = word_set("sea space mystery fantasy adventure horror love winter animals nature")
"""Topics whose lines tell; those of the others invite, which a story must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What stands on the page besides title and facts."""

    tagline: str
    body: str
    call_to_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A brief as the writer sees it: its sort, mood and nearest topics, best first."""

    reading: Reading
    sort: str
    mood: str
    topics: tuple[Topic, ...]

    def ground(self, examples: Sequence[str]) -> Ground:
        """Return what a model's lines are judged against."""
        return Ground(
            text=self.reading.theme,
            title=self.reading.facts.title,
            examples=tuple(examples),
            names=" ".join(self.reading.facts.names),
            dark=self.mood in MINOR_MOODS,
            story=self.sort == "film",
        )


def word(subject: Subject, drafter: Drafter, seed: int) -> Wording:
    """Write tagline, body and call to action.

    The starter model writes English only: other languages take their lines
    from `engines.director.foreign`.
    """
    reading = subject.reading
    if reading.language in LINES:
        lines = LINES[reading.language]
        return Wording(
            tagline=pick("tagline", seed, lines.taglines),
            body=with_remarks(pick("body", seed, lines.bodies), reading, first=False),
            call_to_action=pick("call", seed, lines.calls),
        )
    tagline = _line(TAGLINE, subject, drafter, seed)
    body = _line(BODY, subject, drafter, seed + 1)
    return Wording(
        tagline=tagline,
        body=with_remarks(body, reading, first=subject.sort == "film"),
        call_to_action=pick(f"call:{reading.theme}", seed, CALLS[subject.sort]),
    )


def _line(field: Field, subject: Subject, drafter: Drafter, seed: int) -> str:
    """Return the model's best line if it is good enough, else one of the phrasebook."""
    of = _taglines if field is TAGLINE else _bodies
    shown = [(topic.about, line) for topic in subject.topics for line in of(topic)[:3]]
    shown.reverse()  # the nearest topic stands next to the question
    ground = subject.ground([text for pair in shown for text in pair])
    drafted = drafter.lines(field, subject.reading.theme, shown, ground, seed)
    if drafted:
        return drafted[0].text
    book = of(subject.topics[0])
    if field is BODY and subject.reading.is_story and subject.topics[0].name not in _TALES:
        return ""
    return pick(f"{field.name}:{subject.reading.theme}", seed, book)


def _taglines(topic: Topic) -> tuple[str, ...]:
    return topic.taglines


def _bodies(topic: Topic) -> tuple[str, ...]:
    return topic.bodies


def with_remarks(body: str, reading: Reading, *, first: bool) -> str:
    """Join a body with what else the brief remarks, in the brief's own words.

    Names that the title lacks are among them; a story begins with its brief.
    """
    facts = reading.facts
    remarks = [
        _sentence(f"with {remark}" if remark in facts.names else remark, reading.language)
        for remark in reading.details
    ]
    said = " ".join([facts.title, *remarks])
    unsaid = [name for name in facts.names if name not in said and name.upper() not in said]
    if unsaid and reading.language == "en" and not reading.is_story:
        remarks.insert(0, _sentence(f"with {_listed(unsaid)}", "en"))
    remarks = [remark for remark in remarks if not _says(body, remark)]
    if reading.is_story:
        remarks = [_sentence(reading.brief, reading.language), *remarks]
    parts = [*remarks, body] if first else [body, *remarks]
    parts = [part for part in parts if part]
    while len(" ".join(parts)) > _LONGEST_BODY and len(parts) > 1:
        parts.remove(max(parts, key=len))
    return " ".join(parts)


def _says(body: str, remark: str) -> bool:
    """Say whether a body already has all that a remark has to tell."""
    words = set(content_words(remark))
    return bool(words) and words <= set(content_words(body))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sentence(text: str, language: str) -> str:
    if language == "zh":
        return text if text.endswith("。") else f"{text}。"
    stop = "" if re.search(r"[.!?]$", text) else "."
    return text[:1].upper() + text[1:] + stop
