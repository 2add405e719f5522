"""Lanes: which requests wait for each other inside a host.

Each lane is one engine at work at a time. A plan asks for words, and a grid
for pictures, while it holds its own lane, so they are apart; the memory
manager decides how many lanes can really work at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from engines.api import CancelToken, Kind

LANE_OF = {
    Kind.TEXT: "words",
    Kind.PLAN: "plan",
    Kind.IMAGE: "picture",
    Kind.GRID: "grid",
    Kind.UPSCALE: "upscale",
    Kind.CUTOUT: "cutout",
    Kind.TRACE: "trace",
    Kind.BACKGROUND: "background",
    Kind.MUSIC: "music",
    Kind.SOUND: "sound",
    Kind.TRAIN: "training",
    Kind.FIT: "fit",
}

LOOK_S = 0.05
"""How often a waiting job looks whether it was cancelled."""


class Lane:
    """Lets one job in at a time, in the order they came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[CancelToken] = deque()

    @contextmanager
    def hold(self, token: CancelToken) -> Iterator[None]:
        """Wait in line, then have the lane for a `with` block.

        A job that has the lane already may take it again.

        Raises:
            Cancelled: the user asked to stop while it waited.
        """
        with self._changed:
            again = bool(self._line) and self._line[0] is token
            self._line.appendleft(token) if again else self._line.append(token)
        try:
            with self._changed:
                while self._line[0] is not token:
                    token.check()
                    self._changed.wait(LOOK_S)
            yield
        finally:
            with self._changed:
                self._line.remove(token)
                self._changed.notify_all()
