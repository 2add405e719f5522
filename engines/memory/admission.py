"""The line in which jobs wait for a lease, and what the first in it is given."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from engines.api import Run
from engines.memory.books import Books, Lease
from engines.memory.eviction import Eviction, Leaving
from engines.memory.lease import Need
from engines.memory.ledger import Entry
from engines.memory.porter import Porter, smaller_ways
from engines.memory.ways import Way, choose, size_of

LOOK_S = 0.05
"""How often a waiting job looks whether it was cancelled or the device has more to give."""


class Line:
    """First come, first served: who waits, in order. The manager's lock guards it."""

    def __init__(self) -> None:
        self._places: deque[object] = deque()

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def place(self, changed: threading.Condition) -> Iterator[object]:
        """Stand in line for a `with` block; leaving it wakes the next."""
        place = object()
        with changed:
            self._places.append(place)
        try:
            yield place
        finally:
            with changed:
                self._places.remove(place)
                changed.notify_all()

    def is_first(self, place: object) -> bool:
        """Say whether it is this one's turn."""
        return self._places[0] is place


class Admission:
    """Grants leases, all or nothing, one job after the other."""

    def __init__(self, books: Books, eviction: Eviction, porter: Porter, patience_s: float) -> None:
        self._books = books
        self._eviction = eviction
        self._porter = porter
        self._patience_s = patience_s
        self.line = Line()

    def admit(self, need: Need, run: Run) -> Lease:
        """Wait in line until `need` is reserved, at most the manager's patience.

        Raises:
            OutOfMemory: it can never fit, the wait was too long, or this job
                holds a lease already.
            Cancelled: the user asked to stop.
        """
        give_up_s = time.monotonic() + self._patience_s
        with self._books.changed:
            if self._books.lease_of(run) is not None:
                raise self._books.refusal(need, self._books.free_bytes)
        with self.line.place(self._books.changed) as place:
            while True:
                step = self._next(place, need, run, give_up_s)
                if isinstance(step, Lease):
                    return step
                self._porter.clear(step)

    def _next(
        self, place: object, need: Need, run: Run, give_up_s: float
    ) -> Lease | tuple[Leaving, ...]:
        """Wait until `need` can be granted, or something can be cleared away for it."""
        books = self._books
        with books.changed:
            while True:
                run.token.check()
                books.ask()
                fitted, ways = self._fit_in_budget(need)
                if self.line.is_first(place):
                    step = self._grant_or_clear(fitted, ways, run)
                    if step is not None:
                        return step
                if time.monotonic() >= give_up_s:
                    raise self._books.refusal(need, books.free_bytes)
                books.changed.wait(LOOK_S)

    def _fit_in_budget(self, need: Need) -> tuple[Need, tuple[Way, ...]]:
        """Return the forms in which `need` fits an empty device.

        What was measured before may be out of date, or the engine may know
        how to do with less; so no more than its own estimate can refuse it.

        Raises:
            OutOfMemory: it does not fit in any form.
        """
        budget_bytes = self._books.budget_bytes
        ways = choose(need.components, budget_bytes - need.working_bytes)
        if ways is not None:
            return need, ways
        least_bytes = min(need.working_bytes, need.working.estimate_bytes)
        ways = choose(need.components, budget_bytes - least_bytes)
        if ways is None:
            raise self._books.refusal(need, budget_bytes)
        weights_bytes = sum(map(size_of, need.components, ways))
        return replace(need, working_bytes=budget_bytes - weights_bytes), ways

    def _grant_or_clear(
        self, need: Need, free_choice: Sequence[Way], run: Run
    ) -> Lease | tuple[Leaving, ...] | None:
        """Grant `need`, or name what must go for it first, or say that others must end first."""
        ledger = self._books.ledger
        present = {e.key: e for c in need.components if (e := ledger.get(c.key)) is not None}
        if any(entry.busy for entry in present.values()):
            return None
        ways = self._ways_beside(need, free_choice, present)
        if ways is None:
            return None
        wrong = [
            present[component.key]
            for component, way in zip(need.components, ways, strict=True)
            if component.key in present and not _same(present[component.key].way, way)
        ]
        if wrong:
            return self._eviction.mark(wrong, "to be loaded in another form", park=False)
        short_bytes = ledger.missing_bytes(need, ways) - self._books.free_bytes
        if short_bytes > 0:
            return self._eviction.enough(short_bytes, spare=present)
        lease = Lease(need, ledger.pin(need, ways))
        self._books.leases[id(run.token)] = lease
        self._books.policy.used([component.key for component in need.components])
        self._books.tell()
        return lease

    def _ways_beside(
        self, need: Need, free_choice: Sequence[Way], present: dict[str, Entry]
    ) -> Sequence[Way] | None:
        """Choose the forms again, keeping to those that components must keep.

        A leased component stays as it is. So does one that the device ran
        short of in a larger form, until the budget has grown by as much.
        """
        leased = {key: (entry.way,) for key, entry in present.items() if entry.leases}
        kept: dict[str, Sequence[Way]] = {}
        for component in need.components:
            entry = present.get(component.key)
            if entry is None or entry.way is None or entry.leases or not entry.shrunk_at_bytes:
                continue
            more_bytes = component.size_bytes - entry.size_bytes
            if self._books.budget_bytes < entry.shrunk_at_bytes + more_bytes:
                names = {entry.way.name, *(way.name for way in smaller_ways(entry) if way)}
                # Not each job can do with each form: empty if it can with none of them.
                kept[component.key] = tuple(w for w in component.smaller if w.name in names)
        if not leased and not kept:
            return free_choice
        room_bytes = self._books.budget_bytes - need.working_bytes
        ways = choose(need.components, room_bytes, {**leased, **kept})
        return ways or choose(need.components, room_bytes, leased)


def _same(one: Way, other: Way) -> bool:
    return (one and one.name) == (other and other.name)
