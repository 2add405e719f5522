"""The books of the memory: who is resident, who is leased, what is promised.

Nothing here waits or locks; the manager calls it inside its lock.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from engines.api import MemoryStatus, Resident
from engines.memory.lease import Need
from engines.memory.policy import Idle


@dataclass(slots=True)
class Entry:
    """One component in the books; its bytes are reserved before it is loaded."""

    key: str
    size_bytes: int
    leases: int = 0
    loaded: bool = False
    value: object = None
    last_use: int = 0
    load_s: float = 0.0


class Ledger:
    """All entries and the working memory of the running leases."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._working_bytes = 0
        self._uses = itertools.count(1)

    @property
    def resident_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self._entries.values())

    @property
    def used_bytes(self) -> int:
        """Weights, loaded or about to be, and working memory."""
        return self.resident_bytes + self._working_bytes

    def missing_bytes(self, need: Need) -> int:
        """Return what granting `need` would add."""
        return need.working_bytes + sum(
            component.size_bytes
            for component in need.components
            if component.key not in self._entries
        )

    def idle(self, spare: Need | None = None) -> tuple[Idle, ...]:
        """List what could be evicted, without what `spare` is about to use."""
        spared = {component.key for component in spare.components} if spare else set()
        return tuple(
            Idle(
                key=entry.key,
                size_bytes=entry.size_bytes,
                last_use=entry.last_use,
                load_s=entry.load_s,
            )
            for entry in self._entries.values()
            if not entry.leases and entry.key not in spared
        )

    def pin(self, need: Need) -> tuple[Entry, ...]:
        """Write a lease into the books and return its entries in the order asked."""
        use = next(self._uses)
        self._working_bytes += need.working_bytes
        entries = []
        for component in need.components:
            entry = self._entries.setdefault(
                component.key, Entry(component.key, component.size_bytes)
            )
            entry.leases += 1
            entry.last_use = use
            entries.append(entry)
        return tuple(entries)

    def unpin(self, need: Need, entries: tuple[Entry, ...]) -> None:
        """Take a lease out of the books; what was never loaded leaves with it."""
        self._working_bytes -= need.working_bytes
        for entry in entries:
            entry.leases -= 1
            if not entry.leases and not entry.loaded:
                del self._entries[entry.key]

    def evict(self, key: str) -> None:
        """Let go of a component nobody leases.

        Raises:
            ValueError: it is leased.
        """
        entry = self._entries[key]
        if entry.leases:
            raise ValueError(f"{key} is leased")
        del self._entries[key]
        entry.value = None
        entry.loaded = False

    def drop_unleased(self, entries: tuple[Entry, ...]) -> None:
        """Evict those of `entries` that nobody leases."""
        for entry in entries:
            if not entry.leases and self._entries.get(entry.key) is entry:
                self.evict(entry.key)

    def snapshot(self, device: str, budget_bytes: int) -> MemoryStatus:
        """Return the books as a value, sorted by key."""
        return MemoryStatus(
            device=device,
            budget_bytes=budget_bytes,
            used_bytes=self.used_bytes,
            working_bytes=self._working_bytes,
            residents=tuple(
                Resident(key=entry.key, size_bytes=entry.size_bytes, leased=entry.leases > 0)
                for entry in sorted(self._entries.values(), key=lambda e: e.key)
            ),
        )
