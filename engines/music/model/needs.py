"""How much memory composing takes, reckoned from the model's shape without torch."""

from __future__ import annotations

from engines.api import ModelSpec
from engines.memory.lease import Working
from engines.music.model.shape import MOST_TOKENS, Shape

FILE_WEIGHT_BYTES = 2
"""The model's file holds its weights in 16 bits."""


def weights_bytes(spec: ModelSpec, shape: Shape, width_bytes: int) -> int:
    """Return what the model holds with weights of that width: its own, and tables of angles."""
    tables = shape.context * shape.width // shape.heads * 2
    return (spec.size_bytes // FILE_WEIGHT_BYTES + tables) * width_bytes


def composing(model: str, shape: Shape, candidates: int) -> Working:
    """Return what writing a window takes: a cache for each candidate, and as much for a step."""
    length = min(shape.context, MOST_TOKENS)
    return Working(
        operation="music.compose",
        estimate_bytes=2 * shape.cache_bytes(candidates, length),
        model=model,
        size=length,
        batch=candidates,
    )


def composing_beside_the_card(model: str) -> Working:
    """Return what composing on the processor takes of a card."""
    return Working(operation="music.compose.processor", estimate_bytes=0, model=model)
