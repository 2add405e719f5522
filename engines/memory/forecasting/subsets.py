"""Which subsets of idle components would make enough room, cheapest first."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

MOST_STEPS = 240
"""Partial subsets looked at before the search settles for what it has."""


def cheapest(
    losses: Sequence[float], sizes: Sequence[int], needed: int, count: int
) -> list[tuple[int, ...]]:
    """Return up to `count` subsets whose sizes sum to `needed` or more, least loss first.

    Branch and bound, best bound first, over the items by loss per size: what
    is still needed costs at least the cheapest rate of what is left. Subsets
    come out in the order of their loss, so the answer is exact as long as the
    search ends within `MOST_STEPS`; after that a greedy choice fills in.
    Subsets with a member that they do not need are left out.

    Args:
        losses: What is lost with each item, not negative.
        sizes: The items' sizes, greater than 0.
        needed: The sum to reach, at most the sum of all sizes.
        count: How many subsets, the best first.
    """
    order = sorted(range(len(sizes)), key=lambda item: losses[item] / sizes[item])
    rates = [losses[item] / sizes[item] for item in order]
    left = [0] * (len(order) + 1)
    for place in range(len(order) - 1, -1, -1):
        left[place] = left[place + 1] + sizes[order[place]]
    found: list[tuple[int, ...]] = []
    # (lower bound of the loss, serial, loss so far, size so far, next place, places chosen)
    heap: list[tuple[float, int, float, int, int, tuple[int, ...]]] = [(0.0, 0, 0.0, 0, 0, ())]
    serial = 0
    for _ in range(MOST_STEPS):
        if not heap or len(found) >= count:
            break
        _, _, loss, size, place, chosen = heapq.heappop(heap)
        if size >= needed:
            if not _has_surplus(chosen, order, sizes, size - needed):
                found.append(tuple(order[at] for at in chosen))
            continue
        if size + left[place] < needed:
            continue
        item = order[place]
        for grown, mass, members in (
            (loss + losses[item], size + sizes[item], (*chosen, place)),
            (loss, size, chosen),
        ):
            lacking = needed - mass
            if lacking > left[place + 1]:
                continue
            bound = grown
            if lacking > 0:
                bound += lacking * rates[place + 1]
            serial += 1
            heapq.heappush(heap, (bound, serial, grown, mass, place + 1, members))
    return found or [_greedy(order, sizes, needed)]


def _has_surplus(
    chosen: Sequence[int], order: Sequence[int], sizes: Sequence[int], surplus: int
) -> bool:
    """Say whether one member could stay and the rest would still do."""
    return any(sizes[order[place]] <= surplus for place in chosen)


def _greedy(order: Sequence[int], sizes: Sequence[int], needed: int) -> tuple[int, ...]:
    """Take by loss per size until there is enough, then spare what turns out surplus."""
    chosen: list[int] = []
    size = 0
    for item in order:
        if size >= needed:
            break
        chosen.append(item)
        size += sizes[item]
    for item in reversed(chosen[:]):
        if size - sizes[item] >= needed:
            chosen.remove(item)
            size -= sizes[item]
    return tuple(chosen)
