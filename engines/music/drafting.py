"""Draw several lines of music together, one choice a step, under their grammar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from engines.music import tokens
from engines.music.grammar import Line
from engines.music.part_writer import Choice
from engines.sampling import Sampling, draw

if TYPE_CHECKING:
    from engines.music.decoder import Cache, Decoder

RULED_OUT: Final = float("-inf")


def draw_lines(
    decoder: Decoder,
    head: Sequence[int],
    begin: Callable[[list[int]], Line],
    rows: int,
    *,
    room: int,
    sampling: Sampling,
    generator: torch.Generator,
    on_step: Callable[[int], None],
) -> list[list[int]]:
    """Write `rows` lines that start alike with `head`; each ends when its grammar does.

    Args:
        begin: Makes a line's grammar; it is given the list that the line's
            tokens are written to.
        room: The most tokens a line may have; its grammar keeps to it.
        on_step: Called before every step with the number of tokens so far.

    Returns:
        The tokens of each line, `head` included.
    """
    written: list[list[int]] = [[] for _ in range(rows)]
    lines = [_Row(begin(row), row) for row in written]
    for line in lines:
        line.put(head)
    cache = decoder.attempt(lambda: decoder.cache(rows, room))
    while True:
        read = max(line.read for line in lines)
        fed = [line.fresh() for line in lines]
        most = max(len(ids) for ids in fed)
        if not most or max(map(len, written)) > cache.length:
            return written
        on_step(read)
        logits = decoder.attempt(partial(_read, decoder, fed, cache))
        waiting = [row for row, line in enumerate(lines) if line.choice is not None]
        if waiting:
            choices = [line.choice for line in lines if line.choice is not None]
            taken = decoder.attempt(_Taker(choices, logits, waiting, sampling, generator))
            for row, token in zip(waiting, taken, strict=True):
                lines[row].take(token)


def _read(decoder: Decoder, fed: Sequence[Sequence[int]], cache: Cache) -> torch.Tensor:
    """Have the decoder read each row's new tokens; returns the logits, (rows, vocabulary)."""
    most, device = max(map(len, fed)), decoder.embedding.device
    padded = [[*row, *[tokens.PAD] * (most - len(row))] for row in fed]
    counts = torch.tensor([len(row) for row in fed], device=device)
    return decoder.step(torch.tensor(padded, device=device), counts, cache).cpu()


class _Row:
    """One line on its way: its grammar, its tokens, and the choice it waits for."""

    def __init__(self, line: Line, written: list[int]) -> None:
        self._line = line
        self._written = written
        self.read = 0
        self.choice: Choice | None = None

    def put(self, head: Sequence[int]) -> None:
        """Begin with given tokens, and go on to the first choice."""
        self._written += head
        self._go_on(next(self._line))

    def take(self, token: int) -> None:
        """Settle the choice, and write all that must follow."""
        self.choice = None
        self._written.append(token)
        self._send(token)

    def fresh(self) -> list[int]:
        """Give the tokens written since the last call."""
        new = self._written[self.read :]
        self.read = len(self._written)
        return new

    def _send(self, token: int) -> None:
        try:
            self._go_on(self._line.send(token))
        except StopIteration:
            self.choice = None

    def _go_on(self, asked: int | Choice) -> None:
        while isinstance(asked, int):
            self._written.append(asked)
            asked = self._line.send(asked)
        self.choice = asked


class _Taker:
    """Draws one token for each choice, the same ones however often it is called."""

    def __init__(
        self,
        choices: Sequence[Choice],
        wishes: torch.Tensor,
        rows: Sequence[int],
        sampling: Sampling,
        generator: torch.Generator,
    ) -> None:
        """Prepare to draw from `rows` of the model's wishes, (rows, vocabulary)."""
        self._choices = choices
        self._wishes = wishes
        self._rows = list(rows)
        self._sampling = sampling
        self._generator = generator
        self._state = generator.get_state()

    def __call__(self) -> list[int]:
        self._generator.set_state(self._state)
        allowed = torch.from_numpy(np.stack([choice.allowed for choice in self._choices]))
        wishes = self._wishes[self._rows].masked_fill(~allowed, RULED_OUT)
        for row, choice in enumerate(self._choices):
            if choice.bias is not None:
                wishes[row] += torch.from_numpy(choice.bias)
        drawn: list[int] = draw(wishes, self._sampling, self._generator).tolist()
        return drawn
