"""Which idle components make room for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A loaded component that nobody leases.

    `last_use` counts leases, so a larger one is more recent; `load_s` is how
    long its last load took.
    """

    key: str
    size_bytes: int
    last_use: int
    load_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """A component that is to go, and why in plain words."""

    key: str
    reason: str


class Policy(Protocol):
    """Chooses victims, and may learn from what is used.

    All of it is called inside the manager's lock and must be quick.
    """

    def expect(self, labels: Sequence[str]) -> None:
        """Take the known queue, the next job first."""
        ...

    def began(self, label: str) -> None:
        """Note that a job began."""
        ...

    def wanted(self) -> tuple[str, ...]:
        """Return the keys that the next known job will use, soonest first."""
        ...

    def used(self, keys: Sequence[str]) -> None:
        """Note that a lease on `keys` was just given."""
        ...

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        """Return keys out of `idle` whose sizes sum to at least `needed_bytes`.

        The manager asks only when the sum of all of `idle` is enough.
        """
        ...


class LeastRecentlyUsed:
    """Evicts the longest unused, but none that turns out not to be needed."""

    def expect(self, labels: Sequence[str]) -> None:
        """Take no notice of the queue."""

    def began(self, label: str) -> None:
        """Learn nothing."""

    def wanted(self) -> tuple[str, ...]:
        """Want nothing ahead."""
        return ()

    def used(self, keys: Sequence[str]) -> None:
        """Learn nothing: the manager's own count of uses is enough."""

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        """Take the oldest until there is enough, then spare the recent ones that are surplus."""
        chosen: list[Idle] = []
        freed = 0
        for candidate in sorted(idle, key=lambda i: i.last_use):
            if freed >= needed_bytes:
                break
            chosen.append(candidate)
            freed += candidate.size_bytes
        for candidate in sorted(chosen, key=lambda i: -i.last_use):
            if freed - candidate.size_bytes >= needed_bytes:
                chosen.remove(candidate)
                freed -= candidate.size_bytes
        return tuple(Victim(key=victim.key, reason="the longest unused") for victim in chosen)
