"""The child's way out: one thread sends, so that no engine ever waits for the pipe.

Results go at once. Of each job's progress and of the memory's status only the
latest is sent, at most some twenty times a second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from engines.api import EngineFailed, MemoryStatus, Progress
from engines.hosting.messages import Ended, FromChild, Memory, Progressed
from engines.hosting.previews import small

log = logging.getLogger(__name__)

EVERY_S = 0.05
"""The least time between two reports of the same thing."""

_MEMORY = -1
"""Stands for the memory's status among the jobs' numbers."""


class Outbox:
    """Queues messages and sends them on its own thread."""

    def __init__(self, send: Callable[[FromChild], None]) -> None:
        """Start sending through `send`, which may block; OSError from it ends the sending."""
        self._send = send
        self._changed = threading.Condition()
        self._urgent: deque[Ended] = deque()
        self._latest: dict[int, Progressed | Memory] = {}
        self._sent_s: dict[int, float] = {}
        self._open = True
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def progress(self, job: int, progress: Progress) -> None:
        """Send the job's progress soon, unless newer progress comes before."""
        with self._changed:
            self._latest[job] = Progressed(job, progress)
            self._changed.notify()

    def memory(self, status: MemoryStatus) -> None:
        """Send the status soon, unless a newer one comes before."""
        with self._changed:
            self._latest[_MEMORY] = Memory(status)
            self._changed.notify()

    def end(self, message: Ended) -> None:
        """Send a job's end now, after its last progress."""
        with self._changed:
            self._urgent.append(message)
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """Send what is queued and stop, within `timeout_s`."""
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while batch := self._next():
            try:
                while batch:  # let go of each: a result may be large
                    self._deliver(batch.pop(0))
            except OSError:
                return  # the other side is gone, and the child with it

    def _next(self) -> list[FromChild]:
        """Wait for something that is due; an empty list means the end."""
        with self._changed:
            while True:
                batch: list[FromChild] = []
                while self._urgent:
                    ended = self._urgent.popleft()
                    last = self._latest.pop(ended.job, None)
                    self._sent_s.pop(ended.job, None)
                    batch += [ended] if last is None else [last, ended]
                now_s = time.monotonic()
                for key in self._due(now_s):
                    batch.append(self._latest.pop(key))
                    self._sent_s[key] = now_s
                if batch or not self._open:
                    return batch
                self._changed.wait(self._pause_s(now_s))

    def _due(self, now_s: float) -> list[int]:
        return [
            key
            for key in self._latest
            if not self._open or now_s - self._sent_s.get(key, 0.0) >= EVERY_S
        ]

    def _pause_s(self, now_s: float) -> float | None:
        """Return how long nothing will be due, or None for until something comes."""
        waits = [self._sent_s.get(key, 0.0) + EVERY_S - now_s for key in self._latest]
        return max(0.001, min(waits)) if waits else None

    def _deliver(self, message: FromChild) -> None:
        """Send one message; one that cannot be pickled becomes its job's failure."""
        if isinstance(message, Progressed):
            message = Progressed(message.job, small(message.progress))
        try:
            self._send(message)
        except OSError:
            raise
        except Exception as error:
            log.exception("a message could not be sent")
            if isinstance(message, Ended):
                reason = f"the answer could not be sent: {type(error).__name__}"
                self._send(Ended(message.job, error=EngineFailed(reason)))
