"""A prompt's words as chunks that CLIP can take: 77 tokens each, 75 of them the prompt's own.

A longer prompt goes on in further chunks, and their states stand one after the
other, as in AUTOMATIC1111's web UI. A chunk rather ends at a comma if one
stands near its end, and a learnt word is not torn apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from engines.image.words.prompt_syntax import Section

COMMA_TOKENS = 20
"""How near to a chunk's end a comma ends it."""

STAND_IN = 0
"""The id in the place of a learnt vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What is read at once: begin, words, end, and what fills it up.

    `learnt` are the vectors, (width,), that are read at some places instead of
    the ids there.
    """

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    learnt: Mapping[int, Tensor]

    @property
    def is_weighted(self) -> bool:
        """Some of its words count more or less than they would."""
        return any(weight != 1 for weight in self.weights)


@dataclass(frozen=True, slots=True)
class _Token:
    number: int
    weight: float
    vector: Tensor | None = None


class Cutter:
    """Cuts prompts for one text encoder."""

    def __init__(self, tokenizer: Any, longest: int, learnt: Mapping[str, Tensor]) -> None:
        """Cut nothing yet.

        Args:
            tokenizer: Of CLIP; it is never changed.
            longest: How many tokens the encoder takes.
            learnt: Words, in small letters, with their vectors, (vectors, width).
        """
        self._tokenizer = tokenizer
        self._room = min(longest, tokenizer.model_max_length) - 2
        self._learnt = learnt
        self._pattern = _pattern(learnt)
        self._comma = self._numbers(",")

    def cut(self, sections: Sequence[Section]) -> list[Chunk]:
        """Return the chunks of a prompt, at least one; each section begins a new one."""
        return [self._chunk(tokens) for section in sections for tokens in self._filled(section)]

    def empty(self) -> Chunk:
        """Return the chunk of no words."""
        return self._chunk([])

    def _filled(self, section: Section) -> Iterator[list[_Token]]:
        """Yield the tokens of each chunk of a section."""
        chunk: list[_Token] = []
        after_comma = 0
        for group in self._groups(section):
            while len(chunk) + len(group) > self._room:
                near = after_comma and len(chunk) - after_comma < COMMA_TOKENS
                end = after_comma if near else len(chunk)
                yield chunk[:end]
                chunk, after_comma = chunk[end:], 0
            chunk += group
            if [group[0].number] == self._comma and len(group) == 1:
                after_comma = len(chunk)
        yield chunk

    def _groups(self, section: Section) -> Iterator[list[_Token]]:
        """Yield what stays together: one token, or all of a learnt word that fits a chunk."""
        for piece in section:
            for text, vectors in self._words(piece.text):
                if vectors is None:
                    tokens = [_Token(number, piece.weight) for number in self._numbers(text)]
                else:
                    tokens = [_Token(STAND_IN, piece.weight, vector) for vector in vectors]
                    if len(tokens) <= self._room:
                        yield tokens
                        continue
                yield from ([token] for token in tokens)

    def _words(self, text: str) -> Iterator[tuple[str, Tensor | None]]:
        """Cut a text into what CLIP knows and what was learnt besides."""
        place = 0
        for found in self._pattern.finditer(text) if self._pattern else ():
            yield text[place : found.start()], None
            yield "", self._learnt[(found[1] or found[2]).lower()]
            place = found.end()
        yield text[place:], None

    def _numbers(self, text: str) -> list[int]:
        if not text.strip():
            return []
        read = self._tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
        return list(read.input_ids)

    def _chunk(self, tokens: Sequence[_Token]) -> Chunk:
        known = self._tokenizer
        fill = self._room - len(tokens)
        return Chunk(
            ids=(
                known.bos_token_id,
                *(token.number for token in tokens),
                known.eos_token_id,
                *[known.pad_token_id] * fill,
            ),
            weights=(1.0, *(token.weight for token in tokens), 1.0, *[1.0] * fill),
            learnt={
                place: token.vector
                for place, token in enumerate(tokens, start=1)
                if token.vector is not None
            },
        )


def _pattern(learnt: Mapping[str, Tensor]) -> re.Pattern[str] | None:
    """Match a learnt word as `word`, `<word>` or `embedding:word`; the longest first."""
    if not learnt:
        return None
    words = "|".join(re.escape(word) for word in sorted(learnt, key=len, reverse=True))
    return re.compile(
        rf"<({words})>|(?:\bembedding:)?(?<!\w)({words})(?!\w)(?:\.safetensors\b)?", re.IGNORECASE
    )
