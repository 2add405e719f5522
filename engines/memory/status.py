"""The last known state of the memory: one frozen value, replaced after each change.

Reading it takes no lock, so a meter never waits for a load.
"""

from __future__ import annotations

from collections.abc import Callable

from engines.api import MemoryStatus

Listener = Callable[[MemoryStatus], None]


def unknown(device: str) -> MemoryStatus:
    """Return the status of a device that was not asked yet."""
    return MemoryStatus(device=device, budget_bytes=0, used_bytes=0, working_bytes=0)


def _ignore(status: MemoryStatus) -> None:
    """Take no notice of the status."""


class StatusBoard:
    """Holds the last status and tells one listener of each new one.

    The listener is called in the order of the changes, on the thread that
    made them and inside the manager's lock: it must only pass the value on.
    """

    def __init__(self, device: str, listener: Listener | None = None) -> None:
        self._last = unknown(device)
        self._listener = listener or _ignore

    @property
    def last(self) -> MemoryStatus:
        return self._last

    def post(self, status: MemoryStatus) -> None:
        """Replace the status; an equal one is not announced."""
        if status == self._last:
            return
        self._last = status
        self._listener(status)
