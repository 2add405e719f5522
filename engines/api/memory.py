"""What the memory holds, what happened in it, and what the user wants of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """Where a component's weights lie."""

    DEVICE = "device"
    """On the card; main memory, if the processor computes."""
    RAM = "ram"
    """In main memory, ready to be copied to the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One component that is in memory now.

    Attributes:
        key: Its name in the books, "engine:model:part:precision".
        size_bytes: What it holds of its tier.
        leased: A job works with it now.
        tier: Where it lies.
        fitting: Empty if it is resident whole, else the name of the smaller
            way it is held: "offload", "fp8", ...
    """

    key: str
    size_bytes: int
    leased: bool
    tier: Tier = Tier.DEVICE
    fitting: str = ""

    @property
    def engine(self) -> str:
        """The part of the key before the first colon: "text", "image", "music"."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The working memory of one running lease.

    `measured_bytes` is the peak seen the last time the same work ended, 0 if
    it never did.
    """

    operation: str
    predicted_bytes: int
    measured_bytes: int = 0


class Change(StrEnum):
    """What can happen to the memory."""

    LOAD = "load"
    EVICT = "evict"
    PARK = "park"
    RETURN = "return"
    PREFETCH = "prefetch"
    SHRINK = "shrink"
    RELIEF = "relief"
    REFUSAL = "refusal"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEvent:
    """One entry of the memory's log.

    Attributes:
        number: Counts up from 1 in one manager.
        at_s: Seconds since the epoch.
        change: What happened.
        key: The component or the operation it happened to.
        size_bytes: How much it moved or freed.
        seconds: How long it took, 0 if no time worth telling.
        reason: Why, in plain words: "least likely to be needed: 4% within the next jobs".
    """

    number: int
    at_s: float
    change: Change
    key: str
    size_bytes: int
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStatus:
    """A picture of the device's memory at one moment; replaced, never changed.

    Attributes:
        device: "cpu" or "cuda".
        budget_bytes: What the engines may hold in all now; 0 until first asked.
        used_bytes: Weights on the device and the working memory of running leases.
        working_bytes: The part of `used_bytes` that is working memory.
        residents: On the device and in main memory, sorted by key.
        total_bytes: What the device has.
        foreign_bytes: What other programs hold of it.
        headroom_bytes: What is left free for others on purpose.
        ram_used_bytes: What lies parked in main memory, if the device is a card.
        ram_budget_bytes: What may be parked there.
        works: The running leases' working memory.
        events: The last changes, oldest first.
    """

    device: str
    budget_bytes: int
    used_bytes: int
    working_bytes: int
    residents: tuple[Resident, ...] = ()
    total_bytes: int = 0
    foreign_bytes: int = 0
    headroom_bytes: int = 0
    ram_used_bytes: int = 0
    ram_budget_bytes: int = 0
    works: tuple[Work, ...] = ()
    events: tuple[MemoryEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryOptions:
    """What the user wants of the memory.

    Attributes:
        headroom_bytes: Left free on the device; below 0 for the device's default.
        limit_bytes: The most that engines may hold of the device; 0 for no limit.
        ram_bytes: The most that is parked in main memory; below 0 for half of
            what is free when it is first asked.
        idle_s: Models leave after this long without use; 0 for never.
        prefetch: Load the next job's models while this one works.
    """

    headroom_bytes: int = -1
    limit_bytes: int = 0
    ram_bytes: int = -1
    idle_s: float = 600.0
    prefetch: bool = True


class Verdict(StrEnum):
    """Whether a model can be used here."""

    FITS = "fits"
    OFFLOAD = "offload"
    """Only with some of it held in main memory or in a smaller form: slower."""
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The answer to "does it fit?", before anything is loaded.

    Attributes:
        model: The library's id.
        needed_bytes: The most that one phase of its work takes, whole.
        budget_bytes: What there is for it when all else has left.
        load_s: Expected seconds until it is ready, from disk.
        how: For `OFFLOAD`, what would be held smaller: "unet by offload".
    """

    model: str
    verdict: Verdict
    needed_bytes: int
    budget_bytes: int
    load_s: float
    how: str = ""
