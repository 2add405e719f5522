"""The sizes of a music model, read from its folder without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.api import ModelRefused
from engines.music.model import tokens

MOST_TOKENS: Final = 1344
"""A window with all its bars full; the end of one may thus lie a little beyond."""

MAX_WIDTH: Final = 4096
MAX_LAYERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a decoder, as in its config.json."""

    width: int
    layers: int
    heads: int
    context: int
    vocabulary: int
    norm_epsilon: float
    rope_base: float

    def cache_bytes(self, rows: int, length: int, width_bytes: int = 4) -> int:
        """Bytes of keys and values for `rows` sequences of `length` tokens."""
        return 2 * self.layers * rows * length * self.width * width_bytes


def read_shape(folder: Path) -> Shape:
    """Read and check config.json of a model folder.

    Raises:
        ModelRefused: it is not a music model of this program's vocabulary.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        rope = config.get("rope_parameters") or {}
        shape = Shape(
            width=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            context=int(config["max_position_embeddings"]),
            vocabulary=int(config["vocab_size"]),
            norm_epsilon=float(config["rms_norm_eps"]),
            rope_base=float(rope.get("rope_theta", config.get("rope_theta", 10000.0))),
        )
        stamp = config["triptych_vocabulary"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelRefused(str(folder), "its config.json cannot be read") from error
    if stamp != [[name, block.size] for name, block in tokens.BLOCKS.items()]:
        raise ModelRefused(str(folder), "its vocabulary is not this program's")
    sane = 0 < shape.width <= MAX_WIDTH and 0 < shape.layers <= MAX_LAYERS
    if not sane or shape.heads < 1 or shape.width % (2 * shape.heads):
        raise ModelRefused(str(folder), "its sizes are not sound")
    if shape.vocabulary != tokens.SIZE or not 64 <= shape.context <= 65536:
        raise ModelRefused(str(folder), "its sizes are not sound")
    return shape
