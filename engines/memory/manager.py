"""The one arbiter of a device's memory.

A lease is admitted all or nothing: its missing weights and its working memory
are reserved together, idle components are evicted for them, and only then is
anything loaded. Who holds no lease waits in line, bounded and cancellable;
who holds one is refused, for waiting inside a lease can deadlock. The books
are guarded by one condition; loading happens outside it, one load at a time
in the process, because `from_pretrained` patches torch globally.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, overload

from engines.api import EngineError, MemoryStatus, OutOfMemory, Run
from engines.memory.device import Device
from engines.memory.lease import Component, Need
from engines.memory.ledger import Entry, Ledger
from engines.memory.policy import LeastRecentlyUsed, Policy
from engines.memory.status import Listener, StatusBoard

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

LOOK_S = 0.05
"""How often a waiting job looks whether it was cancelled or the device has more to give."""

_one_loader = threading.Lock()


class MemoryManager:
    """Leases the memory of one device."""

    def __init__(
        self,
        device: Device,
        *,
        policy: Policy | None = None,
        listener: Listener | None = None,
        patience_s: float = 600.0,
    ) -> None:
        """Take charge of `device` without touching it yet.

        Args:
            device: Whose memory it is.
            policy: Chooses what to evict; the least recently used by default.
            listener: Told of each new status, see `StatusBoard`.
            patience_s: How long a job waits for others to end.
        """
        self._device = device
        self._policy = policy or LeastRecentlyUsed()
        self._patience_s = patience_s
        self._ledger = Ledger()
        self._board = StatusBoard(device.name, listener)
        self._changed = threading.Condition()
        self._line: deque[object] = deque()
        self._holders: set[int] = set()
        self._budget_bytes = 0

    @property
    def device(self) -> str:
        """The device's name, "cpu" or "cuda"."""
        return self._device.name

    def status(self) -> MemoryStatus:
        """Return the last status at once; its budget is 0 until the device was first asked."""
        return self._board.last

    def measure(self) -> MemoryStatus:
        """Ask the device for its budget now; the first time may take seconds on a card."""
        with self._changed:
            self._ask_budget()
            self._post()
        return self._board.last

    def free_idle(self) -> None:
        """Evict all that nobody leases."""
        with self._changed:
            idle = self._ledger.idle()
            for component in idle:
                self._ledger.evict(component.key)
            self._device.trim()
            self._post()
            self._changed.notify_all()

    @overload
    def lease(self, *, working_bytes: int, run: Run) -> AbstractContextManager[tuple[()]]: ...
    @overload
    def lease(
        self, first: Component[A], /, *, working_bytes: int, run: Run
    ) -> AbstractContextManager[tuple[A]]: ...
    @overload
    def lease(
        self, first: Component[A], second: Component[B], /, *, working_bytes: int, run: Run
    ) -> AbstractContextManager[tuple[A, B]]: ...
    @overload
    def lease(
        self,
        first: Component[A],
        second: Component[B],
        third: Component[C],
        /,
        *,
        working_bytes: int,
        run: Run,
    ) -> AbstractContextManager[tuple[A, B, C]]: ...
    @overload
    def lease(
        self, *components: Component[Any], working_bytes: int, run: Run
    ) -> AbstractContextManager[tuple[Any, ...]]: ...
    def lease(
        self, *components: Component[Any], working_bytes: int, run: Run
    ) -> AbstractContextManager[tuple[Any, ...]]:
        """Hold `components` loaded, and room for `working_bytes` more, for a `with` block.

        Yields the loaded things in the order asked. A job is known by
        `run.token`.

        Raises:
            OutOfMemory: it can never fit, the wait was too long, the device
                ran short while loading or inside the block, or this job holds
                a lease already.
            Cancelled: the user asked to stop while it waited.
        """
        return self._lease(Need(components=components, working_bytes=working_bytes), run)

    @contextmanager
    def _lease(self, need: Need, run: Run) -> Iterator[tuple[Any, ...]]:
        entries = self._admit(need, run)
        loaded: list[Entry] = []
        try:
            self._load(need, entries, loaded, run)
        except BaseException as error:
            self._fail(error, need, entries, run, loaded)
            raise
        try:
            yield tuple(entry.value for entry in entries)
        except BaseException as error:
            self._fail(error, need, entries, run, [])
            raise
        self._release(need, entries, run)

    def _fail(
        self,
        error: BaseException,
        need: Need,
        entries: tuple[Entry, ...],
        run: Run,
        loaded: list[Entry],
    ) -> None:
        """Go back to the books of before the lease, and name a shortage with its numbers."""
        shortage = self._device.is_shortage(error)
        if shortage or isinstance(error, EngineError):
            # What the failed frames hold must go now, not when the error is forgotten.
            traceback.clear_frames(error.__traceback__)
        self._release(need, entries, run, unwanted=tuple(loaded), trim=True)
        if shortage:
            raise OutOfMemory(need.total_bytes, max(0, self._free_bytes())) from None

    def _admit(self, need: Need, run: Run) -> tuple[Entry, ...]:
        """Wait in line until `need` is reserved."""
        give_up = time.monotonic() + self._patience_s
        place = object()
        with self._changed:
            if id(run.token) in self._holders:
                raise OutOfMemory(need.total_bytes, self._free_bytes())
            self._line.append(place)
            try:
                while True:
                    run.token.check()
                    self._ask_budget()
                    if need.total_bytes > self._budget_bytes:
                        raise OutOfMemory(need.total_bytes, self._budget_bytes)
                    if self._line[0] is place and self._make_room(need):
                        self._holders.add(id(run.token))
                        self._policy.used([component.key for component in need.components])
                        return self._ledger.pin(need)
                    if time.monotonic() >= give_up:
                        raise OutOfMemory(need.total_bytes, self._free_bytes())
                    self._changed.wait(LOOK_S)
            finally:
                self._line.remove(place)
                self._post()
                self._changed.notify_all()

    def _make_room(self, need: Need) -> bool:
        """Evict what must go for `need`; say whether it fits now."""
        short_bytes = self._ledger.missing_bytes(need) - self._free_bytes()
        if short_bytes <= 0:
            return True
        idle = self._ledger.idle(spare=need)
        if sum(component.size_bytes for component in idle) < short_bytes:
            return False
        for key in self._policy.victims(idle, short_bytes):
            self._ledger.evict(key)
        self._device.trim()
        return self._ledger.missing_bytes(need) <= self._free_bytes()

    def _load(self, need: Need, entries: tuple[Entry, ...], loaded: list[Entry], run: Run) -> None:
        """Load what is missing; `loaded` grows with each, so that a failure knows them."""
        if all(entry.loaded for entry in entries):
            return
        while not _one_loader.acquire(timeout=LOOK_S):
            run.token.check()
        try:
            for component, entry in zip(need.components, entries, strict=True):
                if entry.loaded:
                    continue
                run.token.check()
                start_s = time.monotonic()
                entry.value = component.load(self.device)
                entry.load_s = time.monotonic() - start_s
                entry.loaded = True
                loaded.append(entry)
        finally:
            _one_loader.release()

    def _release(
        self,
        need: Need,
        entries: tuple[Entry, ...],
        run: Run,
        *,
        unwanted: tuple[Entry, ...] = (),
        trim: bool = False,
    ) -> None:
        """Take the lease out of the books, and `unwanted` out of the memory."""
        with self._changed:
            self._ledger.unpin(need, entries)
            self._ledger.drop_unleased(unwanted)
            self._holders.discard(id(run.token))
            if trim:
                self._device.trim()
            self._post()
            self._changed.notify_all()

    def _ask_budget(self) -> None:
        self._budget_bytes = self._device.budget_bytes()

    def _free_bytes(self) -> int:
        return self._budget_bytes - self._ledger.used_bytes

    def _post(self) -> None:
        self._board.post(self._ledger.snapshot(self.device, self._budget_bytes))
