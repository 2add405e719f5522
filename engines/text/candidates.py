"""Several answers to one prompt, drawn together: eight cost about twice what one does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engines.sampling import Sampling
from engines.text.chat import Conversation, render
from engines.text.constraint import Constraint
from engines.text.language_model import LanguageModel
from engines.text.reading import Climb, once
from engines.text.writing import Order, Writing, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One answer; the log-probability is the mean of a token under the model alone."""

    text: str
    mean_log_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What to draft: `count` answers of at most `max_tokens` to one conversation.

    With `schema` (a JSON Schema as text) every candidate is JSON that obeys it.
    """

    talk: Conversation
    seed: int
    count: int
    max_tokens: int
    sampling: Sampling
    schema: str = ""
    stops: tuple[str, ...] = ()


def draft(
    model: LanguageModel,
    asked: Draft,
    on_text: Callable[[int, str], None],
    climb: Climb = once,
) -> tuple[Candidate, ...]:
    """Draw the candidates; those that did not come to an end are left out.

    Args:
        model: The loaded model.
        asked: What to draft.
        on_text: Called at each token with the tokens drawn and the first
            candidate so far; raises to stop.
        climb: The way down when the device runs short.
    """

    def on_token(done: int, writings: Sequence[Writing]) -> None:
        on_text(done, writings[0].stream.preview if writings else "")

    order = Order(
        prompt_ids=render(model, asked.talk),
        seed=asked.seed,
        max_tokens=asked.max_tokens,
        rows=asked.count,
        sampling=asked.sampling,
        stops=asked.stops,
        constraint=Constraint(model, asked.schema) if asked.schema else None,
        prefix=asked.talk.prefix,
    )
    return tuple(
        Candidate(
            text=asked.talk.prefix + writing.text,
            mean_log_probability=writing.mean_log_probability,
        )
        for writing in write(model, order, on_token, climb)
        if writing.stopped != "length"
    )
