"""What a choice of victims would cost in the jobs to come, tried out in thought.

A rehearsal follows one possible future for several choices at once: it loads
what each phase lacks, makes room as the phase demands, and adds up what that
moves. Choices whose residents become the same have the same future from there
on, so a rehearsal ends as soon as all of them agree.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence

FADE = 0.985
"""How much a cost counts less for each phase that it lies further away: futures are guesses."""
LONGEST = 128
"""The most phases that are followed."""
MOST_SUMS = 4096
"""Sums that are remembered."""
NEXT_FADE = 0.94
"""The same, where a rehearsal itself weighs what is needed next."""
_FADES = [FADE**step for step in range(LONGEST)]
_NEXT_FADES = [NEXT_FADE**step for step in range(LONGEST)]


class Stock:
    """Sizes and reload costs of components, each known by its bit."""

    def __init__(self) -> None:
        self.size_bytes: dict[int, int] = {}
        self.cost: dict[int, float] = {}
        self.rate: dict[int, float] = {}
        self._bytes_of: dict[int, int] = {}
        self._cost_of: dict[int, float] = {}

    def put(self, bit: int, size_bytes: int, cost: float) -> None:
        """Note a component's size and cost; a size of 0 counts as one byte."""
        size_bytes = max(1, size_bytes)
        if self.size_bytes.get(bit) == size_bytes and self.cost[bit] == cost:
            return
        self.size_bytes[bit] = size_bytes
        self.cost[bit] = cost
        self.rate[bit] = cost / size_bytes
        self._bytes_of.clear()
        self._cost_of.clear()

    def total_bytes(self, mask: int) -> int:
        """Return the size of all components in `mask`."""
        known = self._bytes_of.get(mask)
        if known is None:
            if len(self._bytes_of) > MOST_SUMS:
                self._bytes_of.clear()
            known = self._bytes_of[mask] = sum(self.size_bytes[bit] for bit in bits(mask))
        return known

    def total_cost(self, mask: int) -> float:
        """Return what it costs to load all components in `mask`."""
        known = self._cost_of.get(mask)
        if known is None:
            if len(self._cost_of) > MOST_SUMS:
                self._cost_of.clear()
            known = self._cost_of[mask] = sum(self.cost[bit] for bit in bits(mask))
        return known


def bits(mask: int) -> list[int]:
    """Return the single bits of `mask`, lowest first."""
    found = []
    while mask:
        bit = mask & -mask
        found.append(bit)
        mask ^= bit
    return found


class Rehearsal:
    """One possible future: what the phases to come need, one after the other."""

    def __init__(self, masks: Sequence[int], limits: Sequence[int], stock: Stock) -> None:
        """Take a future.

        Args:
            masks: The components that each phase leases.
            limits: The bytes of weights that fit beside each phase's working memory.
            stock: Sizes and costs.
        """
        self._masks = masks[:LONGEST]
        self._limits = limits[:LONGEST]
        self._stock = stock
        self._uses: dict[int, list[int]] = {}
        for step, mask in enumerate(self._masks):
            for bit in bits(mask):
                self._uses.setdefault(bit, []).append(step)
        self.changes = 0

    def costs(self, residents: Sequence[int], start: int) -> list[float]:
        """Return what each choice of residents costs, up to a sum that is the same for all.

        Args:
            residents: The components that stay, for each choice.
            start: The first phase that is still to come.
        """
        costs = [0.0] * len(residents)
        groups: dict[int, list[int]] = {}
        for choice, mask in enumerate(residents):
            groups.setdefault(mask, []).append(choice)
        lacking, largest_bytes = self._outline(groups)
        limits = self._limits
        for step in range(start, len(limits)):
            needed = self._masks[step]
            if not needed & lacking and largest_bytes <= limits[step]:
                continue
            if len(groups) == 1:
                break
            after: dict[int, list[int]] = {}
            for mask, choices in groups.items():
                missing = needed & ~mask
                if missing:
                    cost = _FADES[step - start] * self._stock.total_cost(missing)
                    for choice in choices:
                        costs[choice] += cost
                kept = self._fitted(mask | missing, step)
                after.setdefault(kept, []).extend(choices)
            groups = after
            self.changes += len(groups)
            lacking, largest_bytes = self._outline(groups)
        return costs

    def _outline(self, groups: Iterable[int]) -> tuple[int, int]:
        """What at least one group lacks, and the most that one of them holds."""
        common = -1
        largest_bytes = 0
        for mask in groups:
            common &= mask
            largest_bytes = max(largest_bytes, self._stock.total_bytes(mask))
        return ~common, largest_bytes

    def _fitted(self, mask: int, step: int) -> int:
        """Let go what is worth least until `mask` fits into the phase."""
        whole = mask
        over_bytes = self._stock.total_bytes(mask) - self._limits[step]
        if over_bytes <= 0:
            return mask
        sizes = self._stock.size_bytes
        ranked = []
        best_single = 0
        single_loss = float("inf")
        for bit in bits(mask & ~self._masks[step]):
            rate = self._rate(bit, step)
            size = sizes[bit]
            ranked.append((rate, bit, size))
            if size >= over_bytes and rate * size < single_loss:
                best_single, single_loss = bit, rate * size
        ranked.sort()
        chosen = []
        loss = 0.0
        for rate, bit, size in ranked:
            if over_bytes <= 0:
                break
            chosen.append((rate, bit, size))
            over_bytes -= size
            loss += rate * size
        for rate, bit, size in reversed(chosen):
            if over_bytes + size <= 0:
                over_bytes += size
                loss -= rate * size
            else:
                mask &= ~bit
        return whole & ~best_single if single_loss < loss else mask

    def _rate(self, bit: int, step: int) -> float:
        """What a byte of a component is worth after `step`: its cost, less for a later use."""
        uses = self._uses.get(bit)
        if uses is None:
            return 0.0
        at = bisect(uses, step)
        if at == len(uses):
            return 0.0
        return self._stock.rate[bit] * _NEXT_FADES[uses[at] - step]
