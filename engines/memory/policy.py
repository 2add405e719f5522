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


class Policy(Protocol):
    """Chooses victims, and may learn from what is used.

    Both methods are called inside the manager's lock and must be quick.
    """

    def used(self, keys: Sequence[str]) -> None:
        """Note that a lease on `keys` was just given."""
        ...

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[str, ...]:
        """Return keys out of `idle` whose sizes sum to at least `needed_bytes`.

        The manager asks only when the sum of all of `idle` is enough.
        """
        ...


class LeastRecentlyUsed:
    """Evicts the longest unused, but none that turns out not to be needed."""

    def used(self, keys: Sequence[str]) -> None:
        """Learn nothing: the manager's own count of uses is enough."""

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[str, ...]:
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
        return tuple(victim.key for victim in chosen)
