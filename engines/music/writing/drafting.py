"""Draw several lines of music together under their grammar, each at its own pace.

What is likely to be drawn next is guessed from the line's own habits and read
together with what was drawn, so that a right guess saves a step; it is drawn
from the model's distribution all the same, so guesses change no piece's
likelihood. In the manner of Leviathan et al. 2023, arXiv:2211.17192.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from engines.music.model import tokens
from engines.music.model.grammar import Line
from engines.music.model.habits import Habits
from engines.music.writing.part_writer import Choice
from engines.sampling import Sampling, draw

if TYPE_CHECKING:
    from engines.music.model.decoder import Cache, Decoder

RULED_OUT: Final = float("-inf")
GUESSES: Final = 1
"""Tokens guessed ahead at most: more cost the processor what they save."""

STILL_WRITING: Final = 0.75
"""The rest of the rows is worked on alone when no more than this part of them is left."""


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
    here = lines
    while waiting := [line for line in here if line.choice is not None]:
        if max(map(len, written)) > cache.length:
            break
        if len(waiting) <= STILL_WRITING * len(here):
            left = [row for row, line in enumerate(here) if line.choice is not None]
            cache, here = decoder.attempt(partial(cache.only, left)), waiting
        on_step(max(line.read for line in lines))
        _go_on(decoder, here, cache, sampling, generator)
    return written


def _go_on(
    decoder: Decoder,
    lines: Sequence[_Row],
    cache: Cache,
    sampling: Sampling,
    generator: torch.Generator,
) -> None:
    """Read what is new of each line, and draw until a guess was wrong or there is none."""
    fed = [line.fresh(cache.length) for line in lines]
    looks = 1 + max(line.guessed for line in lines)
    logits = decoder.attempt(partial(_read, decoder, fed, cache, looks))
    drawing = [row for row, line in enumerate(lines) if line.choice is not None]
    for ahead in range(looks):
        choices = [lines[row].choice for row in drawing]
        wishes = logits[drawing, [looks - 1 - lines[row].guessed + ahead for row in drawing]]
        taken = decoder.attempt(_Taker(choices, wishes, sampling, generator))  # type: ignore[arg-type]
        drawing = [row for row, token in zip(drawing, taken, strict=True) if lines[row].take(token)]
        if not drawing:
            break
    cache.rewind([line.read for line in lines])


def _read(decoder: Decoder, fed: Sequence[Sequence[int]], cache: Cache, looks: int) -> torch.Tensor:
    """Have the decoder read each row's new tokens; returns logits, (rows, looks, vocabulary)."""
    most, device = max(map(len, fed)), decoder.embedding.device
    padded = [[*row, *[tokens.PAD] * (most - len(row))] for row in fed]
    counts = torch.tensor([len(row) for row in fed], device=device)
    return decoder.step(torch.tensor(padded, device=device), counts, cache, looks).cpu()


class _Row:
    """One line on its way: its grammar, its tokens, and the choice it waits for."""

    def __init__(self, line: Line, written: list[int]) -> None:
        self._line = line
        self._written = written
        self._habits = Habits()
        self._guesses: list[int] = []
        self._right = 0
        self.read = 0
        self.choice: Choice | None = None

    @property
    def guessed(self) -> int:
        return len(self._guesses)

    def put(self, head: Sequence[int]) -> None:
        """Begin with given tokens, and go on to the first choice."""
        self._written += head
        self._go_on(next(self._line))

    def fresh(self, length: int) -> list[int]:
        """Give the tokens written since the last call, and what may come next.

        Args:
            length: The most tokens there may be.
        """
        new = self._written[self.read :]
        self.read = len(self._written)
        self._right, self._guesses = 0, []
        if self.choice is not None:
            self._habits.hear(new)
            room = min(GUESSES, length - self.read)
            self._guesses = self._habits.guess(room) if room > 0 else []
        return [*new, *self._guesses]

    def take(self, token: int) -> bool:
        """Settle the choice, and write all that must follow.

        Returns:
            Whether this was guessed, and there is a choice after it.
        """
        self.choice = None
        self._written.append(token)
        is_guessed = self._right < self.guessed and self._guesses[self._right] == token
        if is_guessed:
            self._habits.hear([token])
            self._right += 1
            self.read += 1
        at = len(self._written)
        self._send(token)
        return is_guessed and self.choice is not None and len(self._written) == at

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
        sampling: Sampling,
        generator: torch.Generator,
    ) -> None:
        """Prepare to draw from the model's wishes, one row for each choice."""
        self._choices = choices
        self._wishes = wishes
        self._sampling = sampling
        self._generator = generator
        self._state = generator.get_state()

    def __call__(self) -> list[int]:
        self._generator.set_state(self._state)
        allowed = torch.from_numpy(np.stack([choice.allowed for choice in self._choices]))
        wishes = self._wishes.masked_fill(~allowed, RULED_OUT)
        for row, choice in enumerate(self._choices):
            if choice.bias is not None:
                wishes[row] += torch.from_numpy(choice.bias)
        drawn: list[int] = draw(wishes, self._sampling, self._generator).tolist()
        return drawn
