"""How the starter's own reader takes a prompt: its words' states, scaled by their weights.

It reads one chunk of `starter_text.TOKENS` tokens, so BREAK only parts words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from torch import Tensor

from engines.image.pipelines import States
from engines.image.words.dynamic_prompts import Wording
from engines.image.words.mixing import mixed
from engines.image.words.prompt_syntax import Part, parse
from engines.image.words.starter_text import PromptReader


def read(reader: PromptReader, wording: Wording, *, guided: bool) -> States:
    """Return the states of a picture's words, all read in one go."""
    texts = (wording.prompt, wording.negative, *wording.regions)
    parts = [parse(text) for text in texts]
    told = [_spelt(part) for of_text in parts for part in of_text]
    weighted = any(weight != 1 for _words, weights in told for weight in weights)
    weights = [weights for _words, weights in told] if weighted else []
    rows = iter(reader.read([words for words, _weights in told], weights).cpu().split(1))
    prompted, empty, *regions = [
        _mixed(of_text, list(islice(rows, len(of_text)))) for of_text in parts
    ]
    return States(
        prompted=prompted,
        empty=empty if guided else None,
        regions=tuple(States(prompted=states) for states in regions),
    )


def _mixed(parts: Sequence[Part], states: Sequence[Tensor]) -> Tensor:
    return mixed([part.share for part in parts], states)


def _spelt(part: Part) -> tuple[str, list[float]]:
    """Return the words of a part, and the weight of each letter."""
    words, weights = "", []
    for number, section in enumerate(part.sections):
        words += " " if number else ""
        weights += [1.0] if number else []
        for piece in section:
            words += piece.text
            weights += [piece.weight] * len(piece.text)
    return words, weights
