"""How much memory writing takes, reckoned from a model's shape without torch."""

from __future__ import annotations

from engines.api import TextRequest
from engines.memory.lease import Working
from engines.text import embedding
from engines.text.language_model import Shape

TEMPLATE_TOKENS = 256
"""What a chat template may add to the words."""


def most_tokens(request: TextRequest, shape: Shape) -> int:
    """Bound the tokens before the tokenizer is there: a token is at least one byte."""
    words = request.system + request.prompt + request.prefix
    asked = len(words.encode("utf-8")) + TEMPLATE_TOKENS + request.max_tokens
    return min(asked, shape.context_tokens)


def writing(model: str, shape: Shape, tokens: int, rows: int = 1) -> Working:
    """Return what writing takes.

    Args:
        model: The library's id.
        tokens: Of prompt and answer together, at most.
        rows: Texts that are written at once.
    """
    return Working(
        operation="text.write",
        estimate_bytes=shape.working_bytes(tokens, rows),
        model=model,
        size=tokens,
        batch=rows,
        least_bytes=shape.cache_bytes_per_token * tokens * rows,
    )


def drafting(model: str, shape: Shape, tokens: int, rows: int) -> Working:
    """Return what drafting lines and comparing their meanings takes."""
    alone = writing(model, shape, tokens, rows)
    return Working(
        operation="plan.draft",
        estimate_bytes=alone.estimate_bytes + embedding.WORKING_BYTES,
        model=model,
        size=tokens,
        batch=rows,
    )
