"""Write after a prompt: the loop that draws token after token, for one text or many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.api import BadRequest
from engines.sampling import Sampling, draw, penalise
from engines.text.constraint import Constraint, Matcher
from engines.text.language_model import LanguageModel
from engines.text.reading import Climb, Reader, once
from engines.text.stream import TextStream

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to write: `rows` texts that share the prompt and are drawn together."""

    prompt_ids: Sequence[int]
    seed: int
    max_tokens: int
    rows: int = 1
    sampling: Sampling = field(default_factory=Sampling)
    stops: tuple[str, ...] = ()
    constraint: Constraint | None = None
    prefix: str = ""


@dataclass(slots=True)
class Writing:
    """One text on its way.

    `log_probability` is the sum over `tokens` of what the model itself gave
    them, before penalties, masks and temperature. `stopped` is empty while
    it goes on.
    """

    stream: TextStream
    matcher: Matcher | None = None
    tokens: int = 0
    log_probability: float = 0.0
    stopped: str = ""

    @property
    def text(self) -> str:
        return self.stream.text

    @property
    def mean_log_probability(self) -> float:
        return self.log_probability / max(self.tokens, 1)


OnToken = Callable[[int, Sequence[Writing]], None]
"""Called before each token with how many were drawn; raises to stop."""


def write(
    model: LanguageModel, order: Order, on_token: OnToken, climb: Climb = once
) -> list[Writing]:
    """Draw texts until each has ended or `max_tokens` are reached.

    The prompt is read once and its cache shared out to the rows. The same
    order gives the same texts on one device.

    Args:
        on_token: Told of each token.
        climb: The way down when the device runs short.

    Raises:
        BadRequest: prompt and answer do not fit the model's context.
    """
    import torch

    check_fits(model, len(order.prompt_ids), order.max_tokens)
    generator = torch.Generator(device="cpu").manual_seed(order.seed)
    reader = Reader(model, climb)
    with torch.inference_mode():
        logits = reader.read(order.prompt_ids, lambda: on_token(0, ()))
        reader.attempt(lambda: reader.share(order.rows))
        writings = [_start(model, order) for _ in range(order.rows)]
        seen = torch.tensor(order.prompt_ids).repeat(order.rows, 1)  # (rows, length)
        logits = logits.repeat(order.rows, 1)
        for done in range(order.max_tokens):
            on_token(done, writings)
            page = _Page(logits, seen, writings, order.max_tokens - done)
            ids, scores, seen = reader.attempt(page.chooser(order, generator))
            _take(model, writings, ids.tolist(), scores)
            if all(writing.stopped for writing in writings):
                break
            logits = reader.next(ids)
    for writing in writings:
        whole = writing.matcher is not None and writing.matcher.whole
        writing.stopped = writing.stopped or ("end" if whole else "length")
    return writings


def check_fits(model: LanguageModel, prompt_tokens: int, max_tokens: int) -> None:
    """Raise `BadRequest` if prompt and answer are longer than the model's context."""
    limit = model.shape.context_tokens
    if prompt_tokens + max_tokens > limit:
        raise BadRequest(
            f"the prompt has {prompt_tokens:,} tokens and the answer may have {max_tokens:,}, "
            f"but this model holds {limit:,} in all"
        )


@dataclass(frozen=True, slots=True)
class _Page:
    """All texts before their next token: logits, (rows, vocabulary), and tokens so far."""

    logits: Tensor
    seen: Tensor
    writings: Sequence[Writing]
    left: int

    def chooser(
        self, order: Order, generator: Generator
    ) -> Callable[[], tuple[Tensor, list[float], Tensor]]:
        """Return what draws a token for each text, the same however often it is called.

        It gives the tokens, (rows,), their log-probabilities under the model
        alone, and all tokens with them.
        """
        import torch

        state = generator.get_state()

        def choose() -> tuple[Tensor, list[float], Tensor]:
            generator.set_state(state)
            allowed = penalise(self.logits, self.seen, order.sampling.repetition_penalty)
            allowed = _constrained(allowed, self.writings, self.left)
            ids = draw(allowed, order.sampling, generator)
            scores = self.logits.log_softmax(-1).gather(1, ids[:, None])[:, 0].tolist()
            return ids, scores, torch.cat([self.seen, ids[:, None]], dim=1)

        return choose


def _start(model: LanguageModel, order: Order) -> Writing:
    matcher = order.constraint.matcher(order.prefix) if order.constraint else None
    return Writing(stream=TextStream(model.decode, order.stops), matcher=matcher)


def _constrained(logits: Tensor, writings: Sequence[Writing], left: int) -> Tensor:
    """Rule out what the schema forbids; near the end of the budget, hurry to close."""
    if not any(writing.matcher for writing in writings):
        return logits
    kept = logits.clone()
    for row, writing in enumerate(writings):
        if writing.matcher is not None and not writing.stopped:
            hurry = left <= max(16, (writing.tokens + left) // 4)
            kept[row].masked_fill_(~writing.matcher.allowed(closing=hurry), float("-inf"))
    return kept


def _take(
    model: LanguageModel, writings: Sequence[Writing], ids: list[int], scores: list[float]
) -> None:
    """Give each text that still goes on its new token."""
    for writing, token, score in zip(writings, ids, scores, strict=True):
        if writing.stopped:
            continue
        writing.tokens += 1
        writing.log_probability += score
        if token in model.end_ids:
            writing.stopped = "end"
            continue
        writing.stream.push(token)
        if writing.matcher is not None:
            writing.matcher.push(token)
            if writing.matcher.ended:
                writing.stopped = "end"
        if writing.stream.stopped:
            writing.stopped = "stop"
