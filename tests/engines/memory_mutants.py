"""Five faults that a memory manager could have, built into the real one for a `with` block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from engines.api import Run, Tier
from engines.memory.books import Lease
from engines.memory.leasing import Leasing
from engines.memory.ledger import Entry, Ledger
from engines.memory.porter import Brought


@contextmanager
def evict_leased() -> Iterator[None]:
    """What a job works with counts as idle, and the books let it go."""

    def idle(ledger: Ledger, tier: Tier, spare: Iterable[str] = ()) -> tuple[Entry, ...]:
        spared = set(spare)
        return tuple(
            entry
            for entry in ledger.entries()
            if not entry.busy and entry.tier is tier and entry.key not in spared
        )

    remove = Ledger.remove

    def careless_remove(ledger: Ledger, entry: Entry) -> None:
        leases, entry.leases = entry.leases, 0
        remove(ledger, entry)
        entry.leases = leases

    with patch.object(Ledger, "idle", idle), patch.object(Ledger, "remove", careless_remove):
        yield


@contextmanager
def double_free() -> Iterator[None]:
    """A lease that ends by an error is taken out of the books twice."""
    fail = Leasing._fail

    def fail_twice(
        leasing: Leasing, lease: Lease, run: Run, brought: Sequence[Brought], *, is_short: bool
    ) -> None:
        fail(leasing, lease, run, brought, is_short=is_short)
        with leasing._books.changed:
            leasing._books.ledger.unpin(
                lease.need, [e for e in lease.entries if leasing._books.ledger.owns(e)]
            )
            leasing._books.tell()

    with patch.object(Leasing, "_fail", fail_twice):
        yield


@contextmanager
def lost_wakeup() -> Iterator[None]:
    """The end of a lease is posted, but who waits is not woken."""

    strike = Leasing._strike

    def strike_silently(leasing: Leasing, lease: Lease, run: Run) -> None:
        with patch.object(leasing._books.changed, "notify_all", lambda: None):
            strike(leasing, lease, run)

    with patch.object(Leasing, "_strike", strike_silently):
        yield


@contextmanager
def missing_rollback() -> Iterator[None]:
    """What a lease had loaded before it failed stays on the card."""
    fail = Leasing._fail

    def fail_keeping(
        leasing: Leasing, lease: Lease, run: Run, brought: Sequence[Brought], *, is_short: bool
    ) -> None:
        fail(leasing, lease, run, (), is_short=is_short)

    with patch.object(Leasing, "_fail", fail_keeping):
        yield


@contextmanager
def stale_size() -> Iterator[None]:
    """A component that was reloaded smaller keeps its old size in the books."""
    refit = Ledger.refit

    def refit_by_name_only(ledger: Ledger, entry: Entry, way: Any, budget_bytes: int) -> None:
        old_bytes = entry.size_bytes
        refit(ledger, entry, way, budget_bytes)
        stale[id(entry)] = (entry, old_bytes)

    stale: dict[int, tuple[Entry, int]] = {}
    size = Entry.size_bytes

    def stale_bytes(entry: Entry) -> int:
        kept = stale.get(id(entry))
        return int(size.__get__(entry)) if kept is None else kept[1]

    with (
        patch.object(Ledger, "refit", refit_by_name_only),
        patch.object(Entry, "size_bytes", property(stale_bytes)),
    ):
        yield


IN_HISTORIES = (evict_leased, double_free, missing_rollback, stale_size)
"""What the state machine must catch."""

IN_LANES = (lost_wakeup,)
"""What shows only between threads."""
