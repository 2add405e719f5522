"""The running leases' working memory: what was predicted, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass

from engines.api import Work
from engines.memory.device import Device
from engines.memory.lease import Working
from engines.memory.working import WorkingSets


@dataclass(slots=True, eq=False)
class Running:
    """One running lease's work; `alone` until anything else happens to the device's memory."""

    working: Working
    predicted_bytes: int
    alone: bool


class Works:
    """Measures the peaks of leases that had the device to themselves.

    The peak is the process's, so a lease that ran beside another, or during
    whose time weights came or went, teaches nothing. The manager's lock
    guards it.
    """

    def __init__(self, device: Device, sets: WorkingSets) -> None:
        self._device = device
        self._sets = sets
        self._running: list[Running] = []

    def begin(self, working: Working, predicted_bytes: int) -> Running:
        """Begin to watch a lease whose components are loaded."""
        self.disturb()
        running = Running(working, predicted_bytes, alone=not self._running)
        if running.alone:
            self._device.reset_peak()
        self._running.append(running)
        return running

    def end(self, running: Running) -> None:
        """Learn from a lease whose work was done to the end."""
        self._running.remove(running)
        if running.alone:
            self._sets.measured(running.working, self._device.peak_bytes())

    def fail(self, running: Running, *, short: bool) -> None:
        """Take a lease out whose work was not; `short` if its memory was not enough."""
        self.relieved(running, short=short)
        self._running.remove(running)

    def relieved(self, running: Running, *, short: bool) -> None:
        """Note that a lease goes on otherwise than it began; `short` as in `fail`."""
        if short and running.alone:
            self._sets.ran_short(running.working, running.predicted_bytes)
        running.alone = False

    def disturb(self) -> None:
        """Note that the device's memory changes beside the running work."""
        for running in self._running:
            running.alone = False

    def shown(self) -> tuple[Work, ...]:
        """Return the running work as values."""
        return tuple(
            Work(
                operation=running.working.operation,
                predicted_bytes=running.predicted_bytes,
                measured_bytes=self._sets.last_bytes(running.working),
            )
            for running in self._running
        )
