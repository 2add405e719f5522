"""Decides what leaves: the policy's choice, checked, or what the user's limits say.

All of it is called inside the manager's lock and marks what it chose as busy,
so that nobody leases or moves it until it has been carried away.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engines.api import Tier
from engines.memory.books import Books
from engines.memory.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A component that goes, marked busy in the books: why, and whether it may be parked."""

    entry: Entry
    reason: str
    park: bool


class Eviction:
    """Chooses among what is idle."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def enough(self, needed_bytes: int, spare: Iterable[str] = ()) -> tuple[Leaving, ...] | None:
        """Choose what leaves the device so that `needed_bytes` are free; None if too little can."""
        idle = self._books.ledger.idle(Tier.DEVICE, spare)
        if sum(entry.size_bytes for entry in idle) < needed_bytes:
            return None
        return self._mark_each(self._picked(idle, needed_bytes), park=True)

    def all_idle(self, reason: str) -> tuple[Leaving, ...]:
        """Choose all that can leave the device."""
        return self.mark(self._books.ledger.idle(Tier.DEVICE), reason, park=True)

    def everything(self, reason: str) -> tuple[Leaving, ...]:
        """Choose all that nobody leases, in both tiers, for good."""
        ledger = self._books.ledger
        return self.mark((*ledger.idle(Tier.DEVICE), *ledger.idle(Tier.RAM)), reason, park=False)

    def over_budget(self, reason: str) -> tuple[Leaving, ...]:
        """Choose what must leave the device because the budget shrank: enough, or all there is."""
        short_bytes = -self._books.free_bytes
        if short_bytes <= 0:
            return ()
        idle = self._books.ledger.idle(Tier.DEVICE)
        most_bytes = min(short_bytes, sum(entry.size_bytes for entry in idle))
        chosen = self._picked(idle, most_bytes)
        return self.mark([entry for entry, _ in chosen], reason, park=True)

    def over_ram_budget(self, reason: str) -> tuple[Leaving, ...]:
        """Choose what must leave main memory because its budget shrank."""
        short_bytes = self._books.ledger.ram_used_bytes - self._books.ram_budget_bytes
        if short_bytes <= 0:
            return ()
        idle = self._books.ledger.idle(Tier.RAM)
        most_bytes = min(short_bytes, sum(entry.size_bytes for entry in idle))
        chosen = self._picked(idle, most_bytes)
        return self.mark([entry for entry, _ in chosen], reason, park=False)

    def long_idle(self, idle_s: float) -> tuple[Leaving, ...]:
        """Choose what nobody used for `idle_s`; 0 is for ever."""
        if idle_s <= 0:
            return ()
        before_s = time.monotonic() - idle_s
        old = [e for e in self._books.ledger.entries() if e.idle and e.used_s <= before_s]
        return self.mark(old, f"not used for {idle_s:.0f} s", park=False)

    def room_to_park(self, entry: Entry) -> tuple[Leaving, ...] | None:
        """Promise `entry` its place in main memory.

        Returns what must leave main memory for it, or None if it must not or
        should not lie there: the policy weighs it against what is parked.
        """
        ledger = self._books.ledger
        is_movable = entry.way is None and entry.component.move is not None
        if not is_movable or self._books.device.name == "cpu":
            return None
        short_bytes = ledger.ram_used_bytes + entry.size_bytes - self._books.ram_budget_bytes
        parked = ledger.idle(Tier.RAM)
        if short_bytes > sum(other.size_bytes for other in parked):
            return None
        chosen = self._picked((*parked, entry), short_bytes) if short_bytes > 0 else []
        if any(other is entry for other, _ in chosen):
            return None
        entry.landing = True
        return self._mark_each(chosen, park=False)

    def mark(self, entries: Iterable[Entry], reason: str, *, park: bool) -> tuple[Leaving, ...]:
        """Mark some idle components as leaving."""
        return self._mark_each([(entry, reason) for entry in entries], park=park)

    def _mark_each(self, chosen: Iterable[tuple[Entry, str]], *, park: bool) -> tuple[Leaving, ...]:
        leaving = tuple(Leaving(entry=entry, reason=reason, park=park) for entry, reason in chosen)
        for one in leaving:
            one.entry.busy = True
        return leaving

    def _picked(self, idle: Sequence[Entry], needed_bytes: int) -> list[tuple[Entry, str]]:
        """Ask the policy; what it names wrongly is left out, what lacks is added by age."""
        left = {entry.key: entry for entry in idle}
        known = [self._books.ledger.describe(entry) for entry in idle]
        chosen: list[tuple[Entry, str]] = []
        for victim in self._books.policy.victims(known, needed_bytes):
            if victim.key in left:
                chosen.append((left.pop(victim.key), victim.reason))
        freed_bytes = sum(entry.size_bytes for entry, _ in chosen)
        for entry in sorted(left.values(), key=lambda e: e.last_use):
            if freed_bytes >= needed_bytes:
                break
            chosen.append((entry, "the longest unused"))
            freed_bytes += entry.size_bytes
        return chosen
