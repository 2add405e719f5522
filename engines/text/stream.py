"""Text that grows token by token, whole characters only, up to a stop string."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_BROKEN = "�"


class TextStream:
    """Joins tokens into text.

    Only the last few tokens are decoded at each push, as some characters span
    several tokens and some tokenizers put spaces by the neighbour before.
    """

    def __init__(self, decode: Callable[[list[int]], str], stops: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stops = tuple(stop for stop in stops if stop)
        self._ids: list[int] = []
        self._context_at = 0
        self._shown_at = 0
        self._text = ""
        self.stopped = False

    def push(self, token: int) -> None:
        """Add a token; sets `stopped` when the text has reached a stop string."""
        self._ids.append(token)
        before = self._decode(self._ids[self._context_at : self._shown_at])
        after = self._decode(self._ids[self._context_at :])
        if after.endswith(_BROKEN) or len(after) <= len(before):
            return
        self._context_at, self._shown_at = self._shown_at, len(self._ids)
        self._grow(after[len(before) :])

    def _grow(self, piece: str) -> None:
        longest = max(map(len, self._stops), default=0)
        search_from = max(0, len(self._text) - longest)
        self._text += piece
        ends = [self._text.find(stop, search_from) for stop in self._stops]
        found = [end for end in ends if end >= 0]
        if found:
            self._text = self._text[: min(found)]
            self.stopped = True

    @property
    def text(self) -> str:
        """All the text so far."""
        return self._text

    @property
    def preview(self) -> str:
        """The text so far without an ending that may turn out to be a stop string."""
        if self.stopped:
            return self._text
        held = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self._text)), held, -1):
                if self._text.endswith(stop[:length]):
                    held = length
                    break
        return self._text[: len(self._text) - held]
