"""Guess the next tokens of a line from what followed in the same place before."""

from __future__ import annotations

from collections.abc import Sequence

from engines.music.model.tokens import BLOCKS

_POSITION, _VELOCITY, _DURATION = (BLOCKS[name] for name in ("POSITION", "VELOCITY", "DURATION"))
_PITCH, _DRUM = BLOCKS["PITCH"], BLOCKS["DRUM"]


class Habits:
    """What followed each length, pitch and position when they last stood at this position.

    A pitch itself is never guessed: it hardly ever comes true.
    """

    def __init__(self) -> None:
        self._followed: dict[tuple[str, int], int] = {}
        self._position = -1
        self._last = -1

    def hear(self, ids: Sequence[int]) -> None:
        """Take in the tokens that were written."""
        for token in ids:
            if (sort := self._sort_of(self._last)) and token not in _PITCH:
                self._followed[sort, self._position] = token
                self._followed[sort, -1] = token
            if token in _POSITION:
                self._position = token
            self._last = token

    def guess(self, most: int) -> list[int]:
        """Guess up to `most` tokens after those that were heard."""
        guesses: list[int] = []
        position, last = self._position, self._last
        while len(guesses) < most:
            sort = self._sort_of(last)
            token = self._followed.get((sort, position), -1) if sort else -1
            if token < 0 and sort == "pitch":
                token = self._followed.get((sort, -1), -1)
            if token < 0:
                break
            guesses.append(token)
            position = token if token in _POSITION else position
            last = token
        return guesses

    @staticmethod
    def _sort_of(token: int) -> str:
        if token in _PITCH:
            return "pitch"
        if token in _DURATION or token in _DRUM:
            return "end"
        return "position" if token in _POSITION else ""
