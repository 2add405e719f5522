"""The fewest bytes that any choice of evictions could have moved, knowing all that came.

Dynamic programming over sets of residents. Three facts keep it small and
exact. Loading before the need never moves less. To keep more is never worse,
for what is kept can still leave later at no cost; so only sets that nothing
more fits into are followed. And whoever has the residents S2 can do whatever
is done from S by loading, when first needed, what S has and S2 lacks; so a
state S that cost c is dropped if some S2 cost no more than c less those bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engines.bench.traces import Lease, Part


def fewest_bytes(leases: Sequence[Lease], budget_bytes: int, parts: Mapping[str, Part]) -> int:
    """Return the bytes that the best possible run of `leases` loads from an empty device.

    Raises:
        ValueError: a lease does not fit even alone.
    """
    search = _Search(parts)
    states = {0: 0}
    for lease in leases:
        working_bytes = max(parts[key].working_bytes for key in lease.keys)
        needed = search.mask(lease.keys)
        room_bytes = budget_bytes - working_bytes
        if search.size_bytes(needed) > room_bytes:
            raise ValueError(f"{', '.join(lease.keys)} does not fit into {budget_bytes} bytes")
        after: dict[int, int] = {}
        for residents, moved in states.items():
            cost = moved + search.size_bytes(needed & ~residents)
            for kept in search.fullest(residents | needed, needed, room_bytes):
                if cost < after.get(kept, cost + 1):
                    after[kept] = cost
        states = search.undominated(after)
    return min(states.values())


class _Search:
    """Sets of components as bits, with their sizes."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._bits = {key: 1 << place for place, key in enumerate(parts)}
        self._sizes = {1 << place: part.size_bytes for place, part in enumerate(parts.values())}
        self._totals = {0: 0}
        self._fullest: dict[tuple[int, int, int], tuple[int, ...]] = {}

    def mask(self, keys: Sequence[str]) -> int:
        return sum(self._bits[key] for key in set(keys))

    def size_bytes(self, mask: int) -> int:
        known = self._totals.get(mask)
        if known is None:
            lowest = mask & -mask
            known = self.size_bytes(mask ^ lowest) + self._sizes[lowest]
            self._totals[mask] = known
        return known

    def fullest(self, present: int, needed: int, room_bytes: int) -> tuple[int, ...]:
        """Return the sets between `needed` and `present` that fit and to which nothing can go."""
        if self.size_bytes(present) <= room_bytes:
            return (present,)
        asked = (present, needed, room_bytes)
        known = self._fullest.get(asked)
        if known is None:
            known = self._fullest[asked] = tuple(self._grow(present & ~needed, needed, room_bytes))
        return known

    def _grow(self, spare: int, needed: int, room_bytes: int) -> list[int]:
        """Try each subset of `spare`, the one with the most members first."""
        subsets = []
        subset = spare
        while True:
            if self.size_bytes(subset | needed) <= room_bytes:
                subsets.append(subset)
            if not subset:
                break
            subset = (subset - 1) & spare
        subsets.sort(key=int.bit_count, reverse=True)
        full: list[int] = []
        for subset in subsets:
            if not any(subset & ~other == 0 for other in full):
                full.append(subset)
        return [subset | needed for subset in full]

    def undominated(self, states: Mapping[int, int]) -> dict[int, int]:
        """Drop each state that some other one makes needless."""
        kept: dict[int, int] = {}
        for mask, moved in sorted(states.items(), key=lambda s: (s[1], -self.size_bytes(s[0]))):
            if not any(
                less + self.size_bytes(mask & ~other) <= moved for other, less in kept.items()
            ):
                kept[mask] = moved
        return kept
