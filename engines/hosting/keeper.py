"""The keeper: a thread that looks after the memory while something is in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

EVERY_S = 1.0
"""How often it looks."""

END_S = 5.0
"""How long its last look may take when the host closes."""


class Keeper:
    """Calls `tend` every second while it is `needed`, on a thread of its own.

    While it is not needed the thread sleeps until it is woken: a host at rest
    wakes no processor.
    """

    def __init__(
        self, tend: Callable[[], None], needed: Callable[[], bool], *, every_s: float = EVERY_S
    ) -> None:
        """Begin at once.

        Args:
            tend: What is done; a failure in it is logged and ends nothing.
            needed: Whether there is something to look after.
            every_s: The time between two looks.
        """
        self._tend = tend
        self._needed = needed
        self._every_s = every_s
        self._woken = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="memory-keeper", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look again whether there is something to look after; never waits."""
        self._woken.set()

    def close(self) -> None:
        """End the thread; bounded."""
        self._closed = True
        self._woken.set()
        if self._thread is not threading.current_thread():
            self._thread.join(END_S)

    def _work(self) -> None:
        while not self._closed:
            busy = self._needed()
            self._woken.wait(self._every_s if busy else None)
            self._woken.clear()
            if self._closed:
                return
            if not busy and not self._needed():
                continue
            try:
                self._tend()
            except Exception:
                log.exception("the memory could not be looked after")
