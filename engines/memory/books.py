"""All that the parts of one memory manager share, behind one lock."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from engines.api import Change, MemoryOptions, MemoryStatus, OutOfMemory, Run
from engines.memory.device import Device
from engines.memory.journal import Journal, in_words
from engines.memory.lease import Need
from engines.memory.ledger import Entry, Ledger
from engines.memory.policy import Policy
from engines.memory.status import Listener, StatusBoard
from engines.memory.ways import least_bytes
from engines.memory.working import WorkingSets
from engines.memory.works import Running, Works


@dataclass(slots=True, eq=False)
class Lease:
    """One granted lease: what was asked, and the entries it pins, in the order asked."""

    need: Need
    entries: tuple[Entry, ...]
    running: Running | None = None


class Books:
    """The ledger, the log, the budgets and who holds what.

    `changed` guards all of it and tells those who wait of each change. Bytes
    are never moved inside it, so nobody waits for a copy who needs none.
    """

    def __init__(
        self,
        device: Device,
        options: MemoryOptions,
        policy: Policy,
        working_sets: WorkingSets,
        listener: Listener | None,
    ) -> None:
        self.device = device
        self.options = options
        self.policy = policy
        self.working_sets = working_sets
        self.changed = threading.Condition()
        self.ledger = Ledger()
        self.journal = Journal()
        self.works = Works(device, working_sets)
        self.leases: dict[int, Lease] = {}
        self.labels: dict[int, str] = {}
        self.asked = False
        self.budget_bytes = 0
        self.ram_budget_bytes = 0
        self._total_bytes = 0
        self._foreign_bytes = 0
        self._board = StatusBoard(device.name, listener)

    @property
    def last(self) -> MemoryStatus:
        """The last status; needs no lock."""
        return self._board.last

    @property
    def free_bytes(self) -> int:
        """What the budget leaves; below 0 when it shrank under what is used."""
        return self.budget_bytes - self.ledger.used_bytes

    @property
    def total_bytes(self) -> int:
        """What the device had when it was last asked."""
        return self._total_bytes

    @property
    def foreign_bytes(self) -> int:
        """What other programs held when the device was last asked."""
        return self._foreign_bytes

    def ask(self) -> None:
        """Ask the device what there is now."""
        self.budget_bytes = self.device.budget_bytes()
        self.asked = True
        self.ram_budget_bytes = self.device.ram_budget_bytes()
        self._total_bytes = self.device.total_bytes()
        self._foreign_bytes = self.device.foreign_bytes()

    def label(self, run: Run) -> str:
        """Return what a job is, "image:sd15", or "" for one that nobody announced."""
        return self.labels.get(id(run.token), "")

    def lease_of(self, run: Run) -> Lease | None:
        """Return the lease a job holds."""
        return self.leases.get(id(run.token))

    def refusal(self, need: Need, free_bytes: int) -> OutOfMemory:
        """Return the error of a lease that is not granted, and write it down."""
        needed_bytes = need.working_bytes + sum(map(least_bytes, need.components))
        return self._out_of_memory(need, needed_bytes, max(0, free_bytes), "")

    def shortage(self, lease: Lease) -> OutOfMemory:
        """Return the error of a lease that ran short, and write it down.

        It had its part and could have had what is free, and that was not
        enough: its need is told as the sum, which is less than it really is.
        """
        held_bytes = lease.need.working_bytes + sum(e.size_bytes for e in lease.entries)
        free_bytes = max(0, self.free_bytes)
        return self._out_of_memory(lease.need, held_bytes + free_bytes, free_bytes, "more than ")

    def _out_of_memory(
        self, need: Need, needed_bytes: int, free_bytes: int, least: str
    ) -> OutOfMemory:
        self.journal.note(
            Change.REFUSAL,
            need.working.operation,
            needed_bytes,
            reason=f"needs {least}{in_words(needed_bytes)}, {in_words(free_bytes)} free",
        )
        self.tell()
        return OutOfMemory(needed_bytes, free_bytes, at_least=bool(least))

    def tell(self) -> None:
        """Post a new status and wake all who wait for a change."""
        self._board.post(
            MemoryStatus(
                device=self.device.name,
                budget_bytes=self.budget_bytes,
                used_bytes=self.ledger.used_bytes,
                working_bytes=self.ledger.working_bytes,
                residents=self.ledger.residents(),
                total_bytes=self._total_bytes,
                foreign_bytes=self._foreign_bytes,
                headroom_bytes=self.device.headroom_bytes,
                ram_used_bytes=self.ledger.ram_used_bytes,
                ram_budget_bytes=self.ram_budget_bytes,
                works=self.works.shown(),
                events=self.journal.events,
            )
        )
        self.changed.notify_all()
