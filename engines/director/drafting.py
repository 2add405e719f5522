"""Have the language model draft one field of a plan, held to a form, and keep the best.

A field is JSON with one string whose form a regular expression fixes (no
figures, whole sentences); several candidates are drawn in one batch, judged
by `engines.director.ranking`, and the best one stands only if it is good
enough. Else the phrasebook speaks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engines.director.ranking import Ground, Measures, Ranked, rank
from engines.sampling import Sampling
from engines.text.candidates import Candidate, Draft, draft
from engines.text.chat import Conversation
from engines.text.embedding import SentenceEncoder
from engines.text.language_model import LanguageModel
from engines.text.reading import Climb, once

_WORD: Final = "[a-z]{1,12}('[a-z]{1,2})?"
_FIRST: Final = "[A-Z][a-z]{0,11}"
LINE: Final = rf"{_FIRST}( {_WORD}){{0,4}},?( {_WORD}){{2,6}}\."
SENTENCE: Final = rf"{_FIRST}( {_WORD}){{1,6}},?( {_WORD}){{2,6}},?( {_WORD}){{3,6}}\."
_SAMPLING: Final = Sampling(temperature=0.7, top_p=0.92, min_p=0.08)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: what it is called, what the model is told, and its form.

    `least_score` is what a line of the model must reach to stand, found by
    reading a few hundred lines of the starter model; for a story it may be
    less by `story_ease`, as its lines only need to be near.
    """

    name: str
    rules: str
    pattern: str
    max_tokens: int
    measures: Measures
    least_score: float
    story_ease: float = 0.0


TAGLINE: Final = Field(
    name="tagline",
    rules="You write taglines for posters. A tagline is one short sentence in plain English.",
    pattern=LINE,
    max_tokens=28,
    measures=Measures(shortest=12, longest=56, best=30),
    least_score=0.55,
    story_ease=0.2,
)
BODY: Final = Field(
    name="body",
    rules="You write the text of posters: one friendly sentence in plain English, without facts.",
    pattern=SENTENCE,
    max_tokens=40,
    measures=Measures(shortest=40, longest=130, best=80),
    least_score=0.75,
)
BEAT: Final = Field(
    name="caption",
    rules="You write captions for short films: what happens next, in one short sentence.",
    pattern=LINE,
    max_tokens=24,
    measures=Measures(shortest=10, longest=46, best=28),
    least_score=0.45,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafter:
    """The models at hand, whom to tell of the text so far, and the way down in a shortage."""

    model: LanguageModel
    encoder: SentenceEncoder
    count: int
    on_text: Callable[[str], None]
    climb: Climb = once

    def lines(
        self,
        field: Field,
        question: str,
        examples: Sequence[tuple[str, str]],
        ground: Ground,
        seed: int,
    ) -> list[Ranked]:
        """Return the lines that may stand and are good enough, best first."""
        schema = _schema(field.name, field.pattern)
        drafted = draft(
            self.model,
            Draft(
                talk=Conversation(
                    prompt=_asked(question),
                    system=field.rules,
                    examples=[(_asked(q), _json(field.name, a)) for q, a in examples],
                ),
                seed=seed,
                count=self.count,
                max_tokens=field.max_tokens,
                sampling=_SAMPLING,
                schema=schema,
            ),
            lambda done, text: self.on_text(_shown(field.name, text)),
            self.climb,
        )
        candidates = [
            Candidate(
                text=str(json.loads(candidate.text)[field.name]),
                mean_log_probability=candidate.mean_log_probability,
            )
            for candidate in drafted
        ]
        ranked = rank(
            candidates, ground, field.measures, self.encoder.similarity, self.encoder.is_common
        )
        least = field.least_score - (field.story_ease if ground.story else 0.0)
        return [line for line in ranked if line.score >= least]


def _asked(question: str) -> str:
    return f"Brief: {question}"


def _json(name: str, text: str) -> str:
    return json.dumps({name: text}, separators=(",", ":"), ensure_ascii=False)


def _schema(name: str, pattern: str) -> str:
    return json.dumps(
        {
            "type": "object",
            "properties": {name: {"type": "string", "pattern": f"^{pattern}$"}},
            "required": [name],
            "additionalProperties": False,
        }
    )


def _shown(name: str, text: str) -> str:
    """Return the words of a field that is still being written."""
    return text.removeprefix(f'{{"{name}":"').removesuffix('"}')
