"""The one arbiter of a device's memory.

A job works in phases, and each is one lease: its missing weights and its
working memory are reserved together, idle components leave for them, and only
then is anything loaded. Who holds no lease waits in line, bounded and
cancellable; who holds one is refused, for waiting inside a lease can
deadlock. The books are guarded by one condition; bytes move outside it.

`Books` are what the parts share, `Admission` grants, `Eviction` chooses what
leaves, `Porter` carries, `Leasing` is what a job sees of it, `Tending` is done
by the keeper's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from engines.api import Change, MemoryOptions, MemoryStatus, OutOfMemory, Run
from engines.memory.admission import Admission
from engines.memory.books import Books
from engines.memory.device import Device
from engines.memory.eviction import Eviction
from engines.memory.leasing import Leasing
from engines.memory.policy import LeastRecentlyUsed, Policy
from engines.memory.porter import Porter, smaller_ways
from engines.memory.status import Listener
from engines.memory.tending import Tending
from engines.memory.working import WorkingSets

PATIENCE_S = 600.0
"""How long a job waits for others to end."""


class MemoryManager:
    """Leases the memory of one device."""

    def __init__(
        self,
        device: Device,
        *,
        options: MemoryOptions | None = None,
        policy: Policy | None = None,
        working_sets: WorkingSets | None = None,
        listener: Listener | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Take charge of `device` without asking it anything yet.

        Args:
            device: Whose memory it is.
            options: What the user wants of it.
            policy: Chooses what to evict; the least recently used by default.
            working_sets: What was measured before; kept in memory by default.
            listener: Told of each new status, see `StatusBoard`.
            patience_s: How long a job waits for others to end.
        """
        self._device = device
        self._books = books = Books(
            device,
            options or MemoryOptions(),
            policy or LeastRecentlyUsed(),
            working_sets or WorkingSets(),
            listener,
        )
        device.configure(books.options)
        self._eviction = Eviction(books)
        self._porter = Porter(books, self._eviction)
        self._admission = Admission(books, self._eviction, self._porter, patience_s)
        self._tending = Tending(books, self._eviction, self._porter, self._admission.line)
        self.lease = Leasing(books, self._admission, self._eviction, self._porter).lease

    @property
    def device(self) -> str:
        """The device's name, "cpu" or "cuda"."""
        return self._device.name

    @property
    def working_sets(self) -> WorkingSets:
        """What was measured so far: working memory, and the pace of loads."""
        return self._books.working_sets

    def status(self) -> MemoryStatus:
        """Return the last status at once; its budget is 0 until the device was first asked."""
        return self._books.last

    def measure(self) -> MemoryStatus:
        """Ask the device for its budget now; the first time may take seconds on a card."""
        with self._books.changed:
            self._books.ask()
            self._books.tell()
        return self._books.last

    def configure(self, options: MemoryOptions) -> None:
        """Take new options at once; what no longer has room leaves, if nobody leases it."""
        with self._books.changed:
            self._books.options = options
            self._device.configure(options)
            if not self._books.asked:
                return
            self._books.ask()
            leaving = self._tending.over_budget()
            self._books.tell()
        self._porter.clear(leaving)

    def free_idle(self, *, parked: bool = True) -> None:
        """Have all that nobody leases leave the device, and main memory too if `parked`."""
        with self._books.changed:
            leaving = (
                self._eviction.everything("freed by the user")
                if parked
                else self._eviction.all_idle("freed by the user")
            )
        if not self._porter.clear(leaving):
            self._device.trim()

    def began(self, label: str, run: Run) -> None:
        """Note that a job begins; `label` is its kind and model, "image:sd15"."""
        with self._books.changed:
            self._books.labels[id(run.token)] = label
            self._books.policy.began(label)

    def ended(self, run: Run) -> None:
        """Note that a job has ended."""
        with self._books.changed:
            self._books.labels.pop(id(run.token), None)

    def expect(self, labels: Sequence[str]) -> None:
        """Take the known queue, the next job first."""
        with self._books.changed:
            self._books.policy.expect(labels)
            self._tending.expect_anew()

    def is_shortage(self, error: BaseException) -> bool:
        """Say whether `error` is the device telling that it has no memory left."""
        return self._device.is_shortage(error)

    def relieve(self, run: Run, *, evict: bool) -> int:
        """Make room for a job inside its lease that ran short; return the bytes that left.

        Empties the device's cache; with `evict`, all that is idle leaves first.
        """
        freed_bytes = self._porter.clear_idle("a running job ran short") if evict else 0
        self._device.trim()
        with self._books.changed:
            lease = self._books.lease_of(run)
            if lease is not None and lease.running is not None:
                self._books.works.relieved(lease.running, short=evict)
            if freed_bytes or not evict:
                self._books.journal.note(
                    Change.RELIEF,
                    "" if lease is None else lease.need.working.operation,
                    freed_bytes,
                    reason="evict idle" if evict else "empty cache",
                )
            self._books.tell()
        return freed_bytes

    def shrink(self, run: Run, key: str) -> Any | None:
        """Reload a component that only this job leases in its next smaller way.

        The job must let go of its own references to the old one first, or at
        least never use them again.

        Returns:
            What it is now; None if there is no smaller way or others use it.

        Raises:
            OutOfMemory: it does not load in any smaller way: the job has lost it.
            Cancelled: the user asked to stop while another job was loading.
        """
        with self._books.changed:
            lease = self._books.lease_of(run)
            entry = self._books.ledger.get(key)
            if lease is None or entry is None or entry not in lease.entries:
                return None
            if entry.leases > 1 or entry.busy or not smaller_ways(entry):
                return None
            entry.busy = True
        try:
            with self._porter.turn(run):
                is_there = self._porter.shrink(entry)
        finally:
            with self._books.changed:
                entry.busy = False
                self._books.tell()
        if not is_there:
            raise self.shortage(run)
        return entry.value

    def loading(self, run: Run) -> AbstractContextManager[None]:
        """Be the one who loads for a `with` block: for what patches torch as a load does.

        Raises:
            Cancelled: the user asked to stop while another job was loading.
        """
        return self._porter.turn(run)

    def climbed(self, run: Run, name: str, operation: str) -> None:
        """Write down that a job which ran short makes do with less, and how."""
        with self._books.changed:
            lease = self._books.lease_of(run)
            if lease is not None and lease.running is not None:
                self._books.works.relieved(lease.running, short=False)
            self._books.journal.note(Change.RELIEF, operation, 0, reason=name)
            self._books.tell()

    def shortage(self, run: Run) -> OutOfMemory:
        """Return the error of a job that ran short inside its lease, whatever was tried."""
        with self._books.changed:
            lease = self._books.lease_of(run)
            if lease is None:
                raise ValueError("a job without a lease cannot run short in it")
            return self._books.shortage(lease)

    def tend(self) -> None:
        """Watch others' use and idle time, and load ahead; the keeper calls it every second."""
        self._tending.tend()
