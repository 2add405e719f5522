"""Draw the next token from a model's logits; shared by the words and the music.

All functions take and return logits of shape (rows, vocabulary) in float32
and leave what was given unchanged. A token that is ruled out has -inf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How boldly to draw; temperature 0 takes the likeliest token."""

    temperature: float = 1.0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0


def penalise(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Make tokens that were written before less likely.

    Keskar et al. 2019 (CTRL), arXiv:1909.05858: a positive logit is divided
    by the penalty, a negative one multiplied.

    Args:
        logits: (rows, vocabulary).
        seen: Token ids written so far, (rows, length), int64.
        penalty: 1.0 changes nothing.
    """
    if penalty == 1.0 or seen.shape[1] == 0:
        return logits
    chosen = logits.gather(1, seen)
    chosen = chosen.where(chosen < 0, chosen / penalty)
    chosen = chosen.where(chosen >= 0, chosen * penalty)
    return logits.scatter(1, seen, chosen)


def keep_min_p(logits: Tensor, min_p: float) -> Tensor:
    """Rule out tokens less likely than `min_p` times the likeliest.

    Nguyen et al. 2024, arXiv:2407.01082.
    """
    if min_p <= 0.0:
        return logits
    probabilities = logits.softmax(-1)
    floor = probabilities.max(-1, keepdim=True).values * min_p
    return logits.masked_fill(probabilities < floor, float("-inf"))


def keep_top_p(logits: Tensor, top_p: float) -> Tensor:
    """Keep the smallest set of likeliest tokens whose probabilities reach `top_p`.

    Holtzman et al. 2019 (nucleus sampling), arXiv:1904.09751. The likeliest
    token always stays.
    """
    if top_p >= 1.0:
        return logits
    possible = int((logits > float("-inf")).sum(-1).max())  # few after min-p: no full sort
    ordered, order = logits.topk(possible, dim=-1)
    probabilities = ordered.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities
    out = before >= top_p
    out[:, 0] = False
    return logits.scatter(1, order, ordered.masked_fill(out, float("-inf")))


def draw(logits: Tensor, sampling: Sampling, generator: Generator) -> Tensor:
    """Draw one token a row, (rows,), after temperature, min-p and top-p.

    Min-p and top-p look at the distribution before the temperature, so that a
    high temperature does not let in what the model thought absurd.
    """
    import torch

    if sampling.temperature == 0.0:
        return logits.argmax(-1)
    kept = keep_top_p(keep_min_p(logits, sampling.min_p), sampling.top_p)
    probabilities = (kept / sampling.temperature).softmax(-1)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0]
