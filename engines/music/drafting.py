"""Draw several lines of music together, one token a step, under their grammar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from engines.music import tokens
from engines.music.grammar import Line
from engines.music.part_writer import Choice
from engines.sampling import Sampling, draw

if TYPE_CHECKING:
    from engines.music.decoder import Decoder

RULED_OUT: Final = float("-inf")


def draw_lines(
    decoder: Decoder,
    head: Sequence[int],
    begin: Callable[[list[int]], Line],
    rows: int,
    *,
    sampling: Sampling,
    generator: torch.Generator,
    on_step: Callable[[int], None],
) -> list[list[int]]:
    """Write `rows` lines that start alike with `head`; each ends when its grammar does.

    Args:
        begin: Makes a line's grammar; it is given the list that the line's
            tokens are written to.
        on_step: Called before every step with the number of tokens so far.

    Returns:
        The tokens of each line, `head` included.
    """
    written = [list(head) for _ in range(rows)]
    lines = [begin(row) for row in written]
    asked: list[int | Choice | None] = [next(line) for line in lines]
    room = decoder.shape.context
    cache = decoder.cache(rows, room)
    device = decoder.embedding.device
    ids = torch.tensor(written, device=device)
    while True:
        on_step(cache.filled)
        logits = decoder.step(ids, cache)
        taken = _take(asked, logits, sampling, generator)
        for row, line in enumerate(lines):
            if asked[row] is None:
                continue
            written[row].append(taken[row])
            try:
                asked[row] = line.send(taken[row])
            except StopIteration:
                asked[row] = None
        if all(ask is None for ask in asked) or cache.filled >= room:
            return written
        ids = torch.tensor(taken, device=device)[:, None]


def _take(
    asked: Sequence[int | Choice | None],
    logits: torch.Tensor,
    sampling: Sampling,
    generator: torch.Generator,
) -> list[int]:
    """Settle one token a row: the one that must come, or one drawn from those that may."""
    taken = [ask if isinstance(ask, int) else tokens.PAD for ask in asked]
    open_rows = [row for row, ask in enumerate(asked) if isinstance(ask, Choice)]
    if not open_rows:
        return taken
    choices = [ask for ask in asked if isinstance(ask, Choice)]
    wishes = logits[open_rows].cpu()
    wishes.masked_fill_(~torch.from_numpy(np.stack([c.allowed for c in choices])), RULED_OUT)
    for row, choice in enumerate(choices):
        if choice.bias is not None:
            wishes[row] += torch.from_numpy(choice.bias)
    for row, token in zip(open_rows, draw(wishes, sampling, generator).tolist(), strict=True):
        taken[row] = token
    return taken
