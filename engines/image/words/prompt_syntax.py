"""What artists write into a prompt besides words: weights, BREAK and AND.

`(word)` counts 1.1 times, `[word]` 1/1.1 times, `(word:1.3)` 1.3 times; they
nest. `\\(`, `\\)`, `\\[`, `\\]` and `\\\\` are the signs themselves. `BREAK` begins
a new chunk of the text encoder. `a fox AND a wolf :0.4` mixes two prompts, see
`Part`. The notation is that of AUTOMATIC1111's web UI; a text without any of
it stays as it is, and there is no text that cannot be parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

STRONGER = 1.1
"""How much a round bracket adds, and a square one takes away."""

MOST_WEIGHT = 10.0
"""A larger weight is taken for this one."""

MOST_DEPTH = 32
"""Brackets that nest deeper are left out; the weight has reached its bound long before."""

# Repetitions have bounds, and blanks are stripped afterwards: a hostile text must not cost
# more than its length.
_NUMBER = r"[+-]?(?:\d{1,6}(?:\.\d{0,9})?|\.\d{1,9})"
_SIGNS = re.compile(rf"\\[()\[\]\\]|[(\[\])]|:\s{{0,8}}{_NUMBER}\s{{0,8}}\)")
_BREAK = re.compile(r"\bBREAK\b")
_AND = re.compile(r"\bAND\b")
_SHARE = re.compile(_NUMBER)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that count alike; `weight` 1 is how they were written."""

    text: str
    weight: float = 1.0


Section = tuple[Piece, ...]
"""What stands between two BREAKs."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several prompts that are mixed.

    The states that the network sees are the mean of the parts' own, weighted
    by `share` from 0 on. (The web UI instead asks the network for each part;
    here that is what regions are for.)
    """

    sections: tuple[Section, ...]
    share: float = 1.0


def parse(text: str) -> tuple[Part, ...]:
    """Read a prompt; one part of one section of one piece if nothing is marked in it."""
    whole = _AND.split(text)
    if len(whole) == 1:
        return (Part(_sections(text)),)
    parts = tuple(_part(one) for one in whole)
    if not any(part.share for part in parts):
        return tuple(Part(part.sections) for part in parts)
    return parts


def plain(text: str) -> str:
    """Return only the words of a prompt."""
    return " ".join(words_of(part) for part in parse(text))


def words_of(part: Part) -> str:
    """Return only the words of a part."""
    return " ".join("".join(piece.text for piece in section) for section in part.sections)


def _part(text: str) -> Part:
    words, marked, share = text.strip().rpartition(":")
    if not marked or not _SHARE.fullmatch(share.strip()):
        return Part(_sections(text.strip()))
    return Part(_sections(words.rstrip()), max(0.0, _bounded(share)))


def _sections(text: str) -> tuple[Section, ...]:
    """Cut at BREAK, inside brackets too, and join neighbours that count alike."""
    sections: list[list[Piece]] = [[]]
    for piece in _weighted(text):
        texts = _BREAK.split(piece.text)
        for number, words in enumerate(texts):
            if number:
                sections.append([])
            words = words.lstrip() if number else words
            words = words.rstrip() if number < len(texts) - 1 else words
            _join(sections[-1], Piece(words, piece.weight))
    return tuple(tuple(section) for section in sections)


def _join(pieces: list[Piece], piece: Piece) -> None:
    if not piece.text:
        return
    if pieces and pieces[-1].weight == piece.weight:
        pieces[-1] = Piece(pieces[-1].text + piece.text, piece.weight)
    else:
        pieces.append(piece)


def _weighted(text: str) -> list[Piece]:
    """Read the brackets; one that is never closed holds to the end, one never opened is a sign."""
    pieces: list[Piece] = []
    opened: list[tuple[str, int]] = []  # the bracket, and how many pieces there were before it

    def close(bracket: str, weight: float) -> bool:
        place = next((n for n in reversed(range(len(opened))) if opened[n][0] == bracket), -1)
        if place < 0:
            return False
        since = opened.pop(place)[1]
        pieces[since:] = [Piece(p.text, p.weight * weight) for p in pieces[since:]]
        return True

    for token in _tokens(text):
        if token in ("(", "["):
            if len(opened) < MOST_DEPTH:
                opened.append((token, len(pieces)))
        elif token.startswith(":") and token.endswith(")"):
            if not close("(", _bounded(token[1:-1])):
                pieces.append(Piece(token))
        elif token in (")", "]"):
            bracket, weight = ("(", STRONGER) if token == ")" else ("[", 1 / STRONGER)
            if not close(bracket, weight):
                pieces.append(Piece(token))
        else:
            pieces.append(Piece(token[1] if _is_escape(token) else token))
    factor, begun = 1.0, iter([*opened, ("", len(pieces))])
    bracket, since = next(begun)
    for number, piece in enumerate(pieces):
        while number >= since:
            factor *= STRONGER if bracket == "(" else 1 / STRONGER
            bracket, since = next(begun)
        pieces[number] = Piece(piece.text, _bounded(piece.weight * factor))
    return pieces


def _tokens(text: str) -> Iterator[str]:
    """Cut a text into signs and what stands between them."""
    place = 0
    for found in _SIGNS.finditer(text):
        if found.start() > place:
            yield text[place : found.start()]
        yield found[0]
        place = found.end()
    if place < len(text):
        yield text[place:]


def _is_escape(token: str) -> bool:
    return len(token) == 2 and token[0] == "\\" and token[1] in "()[]\\"


def _bounded(weight: float | str) -> float:
    return max(-MOST_WEIGHT, min(MOST_WEIGHT, float(weight)))
