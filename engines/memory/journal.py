"""The memory's log: the last changes, each with its reason."""

from __future__ import annotations

import itertools
import time
from collections import deque

from engines.api import Change, MemoryEvent

KEPT = 60
"""How many events the status carries; it crosses to the window with each change."""


class Journal:
    """Numbers what happens and keeps the last of it; the manager's lock guards it."""

    def __init__(self) -> None:
        self._events: deque[MemoryEvent] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    @property
    def events(self) -> tuple[MemoryEvent, ...]:
        """The last changes, oldest first."""
        return tuple(self._events)

    def note(
        self, change: Change, key: str, size_bytes: int, *, seconds: float = 0.0, reason: str = ""
    ) -> None:
        """Write one change down."""
        self._events.append(
            MemoryEvent(
                number=next(self._numbers),
                at_s=time.time(),
                change=change,
                key=key,
                size_bytes=size_bytes,
                seconds=seconds,
                reason=reason,
            )
        )


def in_words(size_bytes: int) -> str:
    """Return a size as the log tells it: "1.4 GB", "300 MB"."""
    if size_bytes >= 10**9:
        return f"{size_bytes / 10**9:.1f} GB"
    return f"{size_bytes / 10**6:.0f} MB"
