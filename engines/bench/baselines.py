"""The policies of others, by their published rules, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from engines.bench.traces import Lease
from engines.memory.policy import Idle, Victim


class _Unlearning:
    """What policies that learn nothing have in common."""

    def expect(self, labels: Sequence[str]) -> None:
        """Take no notice of the queue."""

    def began(self, label: str) -> None:
        """Take no notice of jobs."""

    def used(self, keys: Sequence[str]) -> None:
        """Take no notice of uses."""

    def wanted(self) -> tuple[str, ...]:
        """Want nothing ahead of time."""
        return ()


class LongestUnused(_Unlearning):
    """LRU: the least recently used leaves, one after another until there is enough."""

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        return _in_order(sorted(idle, key=lambda i: i.last_use), needed_bytes, "longest unused")


class SmallestSet(_Unlearning):
    """diffusers' AutoOffloadStrategy: the smallest combination that is enough."""

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        best: tuple[Idle, ...] = tuple(idle)
        best_bytes = sum(component.size_bytes for component in idle)
        for count in range(1, len(idle) + 1):
            for chosen in combinations(idle, count):
                size_bytes = sum(component.size_bytes for component in chosen)
                if needed_bytes <= size_bytes < best_bytes:
                    best, best_bytes = chosen, size_bytes
        return tuple(Victim(key=i.key, reason="smallest that is enough") for i in best)


class Belady(_Unlearning):
    """Belady's MIN (1966) taken greedily: what is used again last leaves first.

    It knows the whole future. With unequal sizes it is not the optimum.
    """

    def __init__(self, leases: Sequence[Lease]) -> None:
        self._uses: dict[str, list[int]] = {}
        for moment, lease in enumerate(leases):
            for key in lease.keys:
                self._uses.setdefault(key, []).append(moment)
        for moments in self._uses.values():
            moments.reverse()
        self._now = 0

    def used(self, keys: Sequence[str]) -> None:
        """Move on by one lease."""
        for key in keys:
            self._uses[key].pop()
        self._now += 1

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        latest_first = sorted(idle, key=self._next_use, reverse=True)
        return _in_order(latest_first, needed_bytes, "used again last")

    def _next_use(self, idle: Idle) -> float:
        moments = self._uses[idle.key]
        return moments[-1] if moments else float("inf")


def _in_order(idle: Sequence[Idle], needed_bytes: int, reason: str) -> tuple[Victim, ...]:
    """Take from the front until there is enough."""
    chosen: list[Victim] = []
    for component in idle:
        if needed_bytes <= 0:
            break
        chosen.append(Victim(key=component.key, reason=reason))
        needed_bytes -= component.size_bytes
    return tuple(chosen)
