"""Carries components between the disk, main memory and the device.

Loading and returning to the device is done by one thread at a time in the
whole process, because `from_pretrained` patches torch globally. What a move
that failed left behind is dropped: it may lie half here, half there.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engines.api import Change, Run, Tier
from engines.memory.books import Books, Lease
from engines.memory.eviction import Eviction, Leaving
from engines.memory.ledger import Entry
from engines.memory.ways import Way

log = logging.getLogger(__name__)

LOOK_S = 0.05
"""How often a job that waits for the loader looks whether it was cancelled."""

HOST = "cpu"
"""Where parked components lie, as torch calls it."""

Brought = tuple[Entry, bool]
"""What a lease had carried to the device, and whether it lay parked before."""

_one_loader = threading.Lock()


class Porter:
    """Moves the bytes and keeps the books of it; called without the lock held."""

    def __init__(self, books: Books, eviction: Eviction) -> None:
        self._books = books
        self._eviction = eviction

    def fill(self, lease: Lease, brought: list[Brought], run: Run) -> None:
        """Have all of a lease's components on the device.

        `brought` grows with each that was not there, so that a failure knows them.

        Raises:
            OutOfMemory: the device ran short, whatever was tried.
            Cancelled: the user asked to stop.
        """
        if all(entry.place is Tier.DEVICE for entry in lease.entries):
            return
        label = self._books.label(run)
        reason = f"for {label}" if label else ""
        with self.turn(run):
            for entry in lease.entries:
                if entry.place is Tier.DEVICE:
                    continue
                run.token.check()
                brought.append((entry, entry.place is Tier.RAM))
                if not self._bring_somehow(entry, reason):
                    with self._books.changed:
                        raise self._books.shortage(lease)
        run.token.check()

    @contextmanager
    def turn(self, run: Run) -> Iterator[None]:
        """Be the one who loads; waiting for it can be cancelled."""
        while not _one_loader.acquire(timeout=LOOK_S):
            run.token.check()
        try:
            yield
        finally:
            _one_loader.release()

    @contextmanager
    def turn_if_free(self) -> Iterator[bool]:
        """Be the one who loads if nobody is; yields whether it is so."""
        mine = _one_loader.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                _one_loader.release()

    def _bring_somehow(self, entry: Entry, reason: str) -> bool:
        """Bring a component to the device, making more room if it runs short."""
        if self.bring(entry, Change.LOAD, reason):
            return True
        self._books.device.trim()
        self._tell_relief("empty cache", entry, 0)
        if self.bring(entry, Change.LOAD, reason):
            return True
        freed_bytes = self.clear_idle("the device ran short while loading")
        if freed_bytes:
            self._tell_relief("evict idle", entry, freed_bytes)
            if self.bring(entry, Change.LOAD, reason):
                return True
        return any(self._shrink_to(entry, way) for way in smaller_ways(entry))

    def shrink(self, entry: Entry) -> bool:
        """Reload a component in the first smaller way that loads; its value is dropped first.

        It may be in use by the job that asks, so it is moved away in place,
        where it can be: the job's own reference holds no bytes of the device.
        """
        is_movable = entry.way is None and entry.component.move is not None
        if is_movable and self._books.device.name != HOST:
            self._attempt(lambda: _move(entry, entry.value, HOST))
        with self._books.changed:
            entry.value = None
            entry.place = None
        self._books.device.trim()
        return any(self._shrink_to(entry, way) for way in smaller_ways(entry))

    def _shrink_to(self, entry: Entry, way: Way) -> bool:
        with self._books.changed:
            self._books.ledger.refit(entry, way, self._books.budget_bytes)
            self._books.tell()
        self._books.device.trim()
        return self.bring(entry, Change.SHRINK)

    def bring(self, entry: Entry, change: Change, reason: str = "") -> bool:
        """Load a component, or return it to the device; False if the device is short of it.

        Raises:
            Exception: what `Component.load` raised otherwise.
        """
        if entry.place is Tier.RAM and self._return(entry, change, reason):
            return True
        return self._load(entry, change, reason)

    def _return(self, entry: Entry, change: Change, reason: str) -> bool:
        """Move a parked component to the device; one that cannot be moved is lost."""
        start_s = time.monotonic()
        if self._attempt(lambda: _move(entry, entry.value, self._books.device.name)):
            known = Change.RETURN if change is Change.LOAD else change
            self._note_arrival(entry, entry.value, known, time.monotonic() - start_s, reason)
            return True
        with self._books.changed:
            entry.value = None
            entry.place = None
        self._books.device.trim()
        return False

    def _load(self, entry: Entry, change: Change, reason: str) -> bool:
        source = entry.component if entry.way is None else entry.way
        start_s = time.monotonic()
        loaded: list[Any] = []
        try:
            loaded.append(source.load(self._books.device.name))
        except BaseException as error:
            if not self._books.device.is_shortage(error):
                raise
            # What the failed frames hold must go now, not when the error is forgotten.
            traceback.clear_frames(error.__traceback__)
            return False
        seconds = time.monotonic() - start_s
        self._books.working_sets.loaded(entry.component.size_bytes, seconds)
        self._note_arrival(entry, loaded.pop(), change, seconds, reason)
        return True

    def _note_arrival(
        self, entry: Entry, value: Any, change: Change, seconds: float, reason: str
    ) -> None:
        way = "" if entry.way is None else entry.way.name
        returned = entry.place is Tier.RAM
        with self._books.changed:
            self._books.ledger.placed(entry, Tier.DEVICE, value)
            self._books.ledger.timed(entry, seconds, returned=returned)
            self._books.works.disturb()
            self._books.journal.note(
                change,
                entry.key,
                entry.size_bytes,
                seconds=seconds,
                reason=" ".join(filter(None, (way, reason))),
            )
            self._books.tell()

    def clear_idle(self, reason: str) -> int:
        """Have all that nobody leases leave the device; return the bytes that left."""
        with self._books.changed:
            leaving = self._eviction.all_idle(reason)
        return self.clear(leaving)

    def clear(self, leaving: Sequence[Leaving]) -> int:
        """Carry away what was marked; return the bytes that left their tier."""
        if not leaving:
            return 0
        freed_bytes = sum(one.entry.size_bytes for one in leaving)
        try:
            for one in leaving:
                if not (one.park and self._park(one)):
                    self._drop(one)
        finally:
            for one in leaving:
                if one.entry.busy:  # something went badly wrong on the way
                    self._drop(one)
            self._books.device.trim()
            with self._books.changed:
                self._books.works.disturb()
                self._books.tell()
        return freed_bytes

    def _park(self, one: Leaving) -> bool:
        """Move a component to main memory, if it may lie there and there is room."""
        entry = one.entry
        with self._books.changed:
            leaving = self._eviction.room_to_park(entry)
        if leaving is None:
            return False
        for other in leaving:
            self._drop(other)
        start_s = time.monotonic()
        if not self._attempt(lambda: _move(entry, entry.value, HOST)):
            return False
        with self._books.changed:
            self._books.ledger.placed(entry, Tier.RAM, entry.value)
            entry.busy = False
            self._books.journal.note(
                Change.PARK,
                entry.key,
                entry.size_bytes,
                seconds=time.monotonic() - start_s,
                reason=one.reason,
            )
        return True

    def _drop(self, one: Leaving) -> None:
        with self._books.changed:
            size_bytes = one.entry.size_bytes
            self._books.ledger.remove(one.entry)
            one.entry.busy = False
            self._books.journal.note(Change.EVICT, one.entry.key, size_bytes, reason=one.reason)

    def _attempt(self, move: Callable[[], None]) -> bool:
        """Try a move; what it was of must be dropped if it fails."""
        try:
            move()
        except Exception as error:
            if not self._books.device.is_shortage(error):
                log.exception("a component could not be moved")
            traceback.clear_frames(error.__traceback__)
            return False
        return True

    def _tell_relief(self, name: str, entry: Entry, freed_bytes: int) -> None:
        with self._books.changed:
            self._books.journal.note(Change.RELIEF, entry.key, freed_bytes, reason=name)
            self._books.tell()


def smaller_ways(entry: Entry) -> tuple[Way, ...]:
    """List the forms of a component below the one it has."""
    ways = entry.component.smaller
    if entry.way is None:
        return ways
    names = [way.name for way in ways]
    return ways[names.index(entry.way.name) + 1 :] if entry.way.name in names else ()


def _move(entry: Entry, value: Any, device: str) -> None:
    move = entry.component.move
    assert move is not None
    move(value, device)
