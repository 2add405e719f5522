"""Break a title in lines of even length, at spaces and between Chinese characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

_NOT_FIRST = frozenset("，。、；：？！）》」』】〉”’…,.;:!?)]}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that stays whole, and whether a space stands before it."""

    text: str
    spaced: bool


def is_cjk(char: str) -> bool:
    """Say whether a line may break on both sides of a character."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\uffef" or char >= "\U00020000"


def has_cjk(text: str) -> bool:
    return any(is_cjk(char) for char in text)


def pieces(text: str) -> tuple[Piece, ...]:
    """Split a text where a line may end."""
    found: list[Piece] = []
    for word in text.split():
        run, spaced = "", True
        for char in word:
            if is_cjk(char) or (run and is_cjk(run[-1])):
                if char in _NOT_FIRST or not run:
                    run += char
                    continue
                found.append(Piece(run, spaced))
                run, spaced = char, False
            else:
                run += char
        if run:
            found.append(Piece(run, spaced))
    return tuple(found)


def joined(parts: Sequence[Piece]) -> str:
    """Write pieces as one line."""
    text = "".join((" " if part.spaced else "") + part.text for part in parts)
    return text.strip()


def balanced(
    parts: Sequence[Piece], lines: int, width_of: Callable[[str], float]
) -> tuple[str, ...]:
    """Return `lines` lines of which the widest is as narrow as can be.

    Of the ways that do that, the evenest is taken. There are fewer lines if
    there are fewer pieces.
    """
    lines = min(lines, len(parts))

    @cache
    def width(first: int, last: int) -> float:
        return width_of(joined(parts[first:last]))

    @cache
    def best(first: int, left: int) -> tuple[float, float, tuple[int, ...]]:
        """Return (widest, sum of squares, ends) for the pieces from `first` in `left` lines."""
        if left == 1:
            alone = width(first, len(parts))
            return alone, alone**2, (len(parts),)
        found: list[tuple[float, float, tuple[int, ...]]] = []
        for end in range(first + 1, len(parts) - left + 2):
            widest, squares, ends = best(end, left - 1)
            here = width(first, end)
            found.append((max(here, widest), squares + here**2, (end, *ends)))
        return min(found)

    ends = best(0, lines)[2] if parts else ()
    starts = (0, *ends[:-1])
    return tuple(joined(parts[a:b]) for a, b in zip(starts, ends, strict=True))
