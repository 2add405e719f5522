"""A device that exists only as numbers, to try the manager's behaviour without a card."""

from __future__ import annotations

import gc
import threading
import weakref

from engines.memory.lease import Component


class Shortage(Exception):
    """The simulated device has no memory left, or was told to say so."""


class Block:
    """Some bytes of a simulated device; they are free again when nobody holds it."""

    def __init__(self, device: SimulatedDevice, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        weakref.finalize(self, device._give_back, size_bytes)


class SimulatedDevice:
    """A device with a capacity, a foreign user, and failures on demand.

    Attributes:
        capacity_bytes: What the whole device has.
        foreign_bytes: What other programs hold now.
        fail_at: The allocation counted from now that fails; 0 for none.
        allocated_bytes: What blocks hold now.
        allocations: How many blocks were ever made.
    """

    def __init__(self, capacity_bytes: int, name: str = "cpu") -> None:
        self.name = name
        self.capacity_bytes = capacity_bytes
        self.foreign_bytes = 0
        self.fail_at = 0
        self.allocated_bytes = 0
        self.allocations = 0
        self._lock = threading.RLock()

    def budget_bytes(self) -> int:
        """Return the capacity less the foreign use."""
        return max(0, self.capacity_bytes - self.foreign_bytes)

    def trim(self) -> None:
        """Collect the young objects: a block in a cycle is let go too."""
        gc.collect(0)

    def is_shortage(self, error: BaseException) -> bool:
        """Know its own error."""
        return isinstance(error, Shortage)

    def allocate(self, size_bytes: int) -> Block:
        """Take `size_bytes`.

        Raises:
            Shortage: they do not fit, or this allocation was to fail.
        """
        with self._lock:
            if self.fail_at:
                self.fail_at -= 1
                if not self.fail_at:
                    raise Shortage(size_bytes)
            if self.allocated_bytes + size_bytes > self.budget_bytes():
                raise Shortage(size_bytes)
            self.allocated_bytes += size_bytes
            self.allocations += 1
        return Block(self, size_bytes)

    def component(self, key: str, size_bytes: int) -> Component[Block]:
        """Return a component that takes `size_bytes` of this device when it is loaded."""
        return Component(
            key=key, size_bytes=size_bytes, load=lambda _device: self.allocate(size_bytes)
        )

    def _give_back(self, size_bytes: int) -> None:
        with self._lock:
            self.allocated_bytes -= size_bytes
