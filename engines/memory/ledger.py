"""The books of the memory: who is resident where, who is leased, what is promised.

Nothing here waits, locks or moves bytes; the manager calls it inside its lock.
"""

from __future__ import annotations

import itertools
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engines.api import Resident, Tier
from engines.memory.lease import Component, Need
from engines.memory.policy import Idle
from engines.memory.ways import Way, size_of

KNOWN = 256
"""Components that are remembered after they left, to load them ahead."""


@dataclass(slots=True, eq=False)
class Entry:
    """One component in the books.

    Attributes:
        component: What it is.
        way: The form it is held in; None is whole.
        place: Where its value lies ready; None before it is loaded.
        held: Its bytes of the device are taken or promised.
        busy: It is being moved, and can be neither leased nor evicted.
        landing: Its bytes of main memory are promised: it is about to be parked.
        leases: How many jobs work with it.
        value: The loaded thing.
        last_use: Counts leases, so a larger one is more recent.
        used_s: The clock when it was last leased or let go.
        shrunk_at_bytes: The budget when the device ran short of it in a larger
            form than this; 0 if it never did.
    """

    component: Component[Any]
    way: Way = None
    place: Tier | None = None
    held: bool = False
    busy: bool = False
    landing: bool = False
    leases: int = 0
    value: Any = None
    last_use: int = 0
    used_s: float = field(default_factory=time.monotonic)
    shrunk_at_bytes: int = 0

    @property
    def key(self) -> str:
        return self.component.key

    @property
    def size_bytes(self) -> int:
        """What it holds of its tier in its form."""
        return size_of(self.component, self.way)

    @property
    def tier(self) -> Tier:
        """Where its bytes are counted."""
        return Tier.DEVICE if self.held else Tier.RAM

    @property
    def idle(self) -> bool:
        """Nobody leases or moves it."""
        return not self.leases and not self.busy


class Ledger:
    """All entries, the working memory of the running leases, and load times."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._working_bytes = 0
        self._uses = itertools.count(1)
        self._load_s: dict[str, float] = {}
        self._return_s: dict[str, float] = {}
        self._known: OrderedDict[str, Component[Any]] = OrderedDict()

    @property
    def working_bytes(self) -> int:
        return self._working_bytes

    @property
    def used_bytes(self) -> int:
        """Of the device: weights, loaded or about to be, and working memory."""
        return self._working_bytes + sum(e.size_bytes for e in self._entries.values() if e.held)

    @property
    def ram_used_bytes(self) -> int:
        """Of main memory: what lies parked in it, or still does while it is copied."""
        return sum(e.size_bytes for e in self._entries.values() if e.place is Tier.RAM or e.landing)

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def owns(self, entry: Entry) -> bool:
        """Say whether `entry` is in the books still."""
        return self._entries.get(entry.key) is entry

    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def idle(self, tier: Tier, spare: Iterable[str] = ()) -> tuple[Entry, ...]:
        """List what could leave a tier, without the keys in `spare`."""
        spared = set(spare)
        return tuple(
            entry
            for entry in self._entries.values()
            if entry.idle and entry.tier is tier and entry.key not in spared
        )

    def describe(self, entry: Entry) -> Idle:
        """Return what a policy may know of an entry.

        What has come back from main memory before is expected to do so again.
        """
        load_s = self._load_s.get(entry.key, 0.0)
        if entry.tier is Tier.DEVICE:
            load_s = self._return_s.get(entry.key, load_s)
        return Idle(
            key=entry.key,
            size_bytes=entry.size_bytes,
            last_use=entry.last_use,
            load_s=load_s,
        )

    def missing_bytes(self, need: Need, ways: Sequence[Way]) -> int:
        """Return what granting `need` in these forms would add to the device's use."""
        return need.working_bytes + sum(
            size_of(component, way)
            for component, way in zip(need.components, ways, strict=True)
            if not self._is_held(component.key)
        )

    def _is_held(self, key: str) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.held

    def known(self, key: str) -> Component[Any] | None:
        """Return a component that was leased before, wherever it is now."""
        return self._known.get(key)

    def add(self, component: Component[Any], way: Way = None) -> Entry:
        """Enter a component that is about to be loaded on the device, unleased and busy."""
        entry = Entry(component, way, held=True, busy=True)
        self._entries[component.key] = entry
        return entry

    def pin(self, need: Need, ways: Sequence[Way]) -> tuple[Entry, ...]:
        """Write a lease into the books and return its entries in the order asked."""
        use = next(self._uses)
        self._working_bytes += need.working_bytes
        entries = []
        for component, way in zip(need.components, ways, strict=True):
            entry = self._entries.setdefault(component.key, Entry(component, way))
            entry.held = True
            entry.leases += 1
            entry.last_use = use
            entry.used_s = time.monotonic()
            entries.append(entry)
            self._known[component.key] = component
            self._known.move_to_end(component.key)
        while len(self._known) > KNOWN:
            forgotten, _ = self._known.popitem(last=False)
            self._load_s.pop(forgotten, None)
            self._return_s.pop(forgotten, None)
        return tuple(entries)

    def unpin(self, need: Need, entries: Sequence[Entry]) -> None:
        """Take a lease out of the books; what never reached the device leaves it with it."""
        self._working_bytes -= need.working_bytes
        for entry in entries:
            entry.leases -= 1
            entry.used_s = time.monotonic()
            if not entry.leases and entry.place is not Tier.DEVICE:
                entry.held = False
                if entry.place is None:
                    del self._entries[entry.key]

    def timed(self, entry: Entry, seconds: float, *, returned: bool) -> None:
        """Note how long a component took from disk, or back from main memory."""
        (self._return_s if returned else self._load_s)[entry.key] = seconds

    def placed(self, entry: Entry, tier: Tier, value: Any) -> None:
        """Note that an entry's value lies ready in a tier, and only there."""
        entry.value = value
        entry.place = tier
        entry.held = tier is Tier.DEVICE
        entry.landing = False

    def remove(self, entry: Entry) -> None:
        """Strike out a component that nobody leases.

        Raises:
            ValueError: it is leased, or not in the books.
        """
        if entry.leases:
            raise ValueError(f"{entry.key} is leased")
        if not self.owns(entry):
            raise ValueError(f"{entry.key} is not in the books")
        del self._entries[entry.key]
        entry.value = None
        entry.place = None
        entry.held = False
        entry.landing = False

    def give_up(self, entry: Entry) -> None:
        """Take back the promise of room for an unleased component that did not come."""
        entry.held = False
        if entry.place is None:
            self.remove(entry)

    def refit(self, entry: Entry, way: Way, budget_bytes: int) -> None:
        """Note that an entry is held in another form from now on, and lies nowhere yet."""
        entry.way = way
        entry.place = None
        entry.value = None
        entry.shrunk_at_bytes = budget_bytes

    def residents(self) -> tuple[Resident, ...]:
        """Return all entries as values, sorted by key."""
        return tuple(
            Resident(
                key=entry.key,
                size_bytes=entry.size_bytes,
                leased=entry.leases > 0,
                tier=entry.tier,
                fitting="" if entry.way is None else entry.way.name,
            )
            for entry in sorted(self._entries.values(), key=lambda e: e.key)
        )
