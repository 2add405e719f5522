"""The memory as it can be told without an engine: no torch, no card woken.

What the device has is asked of the system, or of the card's driver by the
caller; what work took and what happened comes from the store.
"""

from __future__ import annotations

from dataclasses import dataclass

from engines.api import MemoryEvent, MemoryStatus
from engines.hosting.core import HostOptions
from engines.hosting.store import Store
from engines.memory import device
from engines.memory.working import WorkingSets


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWork:
    """The working memory of one operation at one size, as it was measured before.

    `predicted_bytes` is what the next one will be given, `measured_bytes` the
    last peak, 0 if there is none yet.
    """

    operation: str
    model: str
    size: int
    batch: int
    predicted_bytes: int
    measured_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The device's memory now, and what is remembered of it."""

    status: MemoryStatus
    works: tuple[KnownWork, ...]
    events: tuple[MemoryEvent, ...]


def outlook(options: HostOptions, *, card_bytes: tuple[int, int] | None = None) -> Outlook:
    """Tell of the memory.

    Args:
        options: Whose wishes and store.
        card_bytes: Total and free bytes of the card, as its driver says; None
            if the processor computes.
    """
    status = _of_processor(options) if card_bytes is None else _of_card(options, *card_bytes)
    store = Store(options.store)
    return Outlook(
        status=status,
        works=_works(WorkingSets(store.working_sets(status.device))),
        events=store.events(),
    )


def _of_processor(options: HostOptions) -> MemoryStatus:
    memory = device.CpuDevice()
    memory.configure(options.memory)
    return MemoryStatus(
        device=memory.name,
        budget_bytes=memory.budget_bytes(),
        used_bytes=0,
        working_bytes=0,
        total_bytes=memory.total_bytes(),
        foreign_bytes=memory.foreign_bytes(),
        headroom_bytes=memory.headroom_bytes,
    )


def _of_card(options: HostOptions, total_bytes: int, free_bytes: int) -> MemoryStatus:
    wished_bytes, limit_bytes = options.memory.headroom_bytes, options.memory.limit_bytes
    headroom_bytes = wished_bytes if wished_bytes >= 0 else device.CUDA_HEADROOM_BYTES
    budget_bytes = max(0, free_bytes - headroom_bytes)
    return MemoryStatus(
        device="cuda",
        budget_bytes=min(budget_bytes, limit_bytes) if limit_bytes else budget_bytes,
        used_bytes=0,
        working_bytes=0,
        total_bytes=total_bytes,
        foreign_bytes=total_bytes - free_bytes,
        headroom_bytes=headroom_bytes,
    )


def _works(sets: WorkingSets) -> tuple[KnownWork, ...]:
    return tuple(
        KnownWork(
            operation=record.operation,
            model=record.model,
            size=record.size,
            batch=record.batch,
            predicted_bytes=record.bytes,
            measured_bytes=record.peaks_bytes[-1] if record.peaks_bytes else 0,
        )
        for record in sets.records
    )
