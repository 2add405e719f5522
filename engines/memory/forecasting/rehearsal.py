"""What a choice of victims would cost in the jobs to come, tried out in thought.

A rehearsal follows one possible future for several choices at once: it loads
what each phase lacks, makes room as the phase demands, and adds up what that
moves. Choices whose residents become the same have the same future from there
on, so a rehearsal ends as soon as all of them agree.
"""

from __future__ import annotations

from collections.abc import Sequence

FADE = 0.985
"""How much a cost counts less for each phase that it lies further away: futures are guesses."""
LONGEST = 128
"""The most phases that are followed."""
MOST_SUMS = 4096
"""Sums that are remembered."""
NEXT_FADE = 0.9
"""The same, where a rehearsal itself weighs what is needed next."""
_FADES = [FADE**step for step in range(LONGEST)]
_NEXT_FADES = [NEXT_FADE**step for step in range(LONGEST)]


Groups = dict[int, tuple[int, list[int]]]
"""For each set of residents its size, and the choices that have led to it."""


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
        self._later = _unions_after(self._masks)
        self._orders: dict[int, list[tuple[float, int, int]]] = {}

    def costs(self, residents: Sequence[int], start: int) -> tuple[list[float], int]:
        """Return what each choice of residents costs, up to a sum that is the same for all.

        The second figure is the work it took: how often residents met a phase that did not
        simply go on with them.

        Args:
            residents: The components that stay, for each choice.
            start: The first phase that is still to come.
        """
        costs = [0.0] * len(residents)
        events = 0
        # What this future never uses is of no account in it.
        wanted = self._later[start]
        groups: Groups = {}
        for choice, mask in enumerate(residents):
            present = mask & wanted
            if present not in groups:
                groups[present] = (self._stock.total_bytes(present), [])
            groups[present][1].append(choice)
        common = 0
        largest_bytes = 0
        for step in range(start, len(self._limits)):
            needed = self._masks[step]
            if not needed & ~common and largest_bytes <= self._limits[step]:
                continue
            if len(groups) == 1:
                break
            events += len(groups)
            groups, common, largest_bytes = self._met(groups, step, costs, _FADES[step - start])
        return costs, events

    def _met(
        self, groups: Groups, step: int, costs: list[float], fade: float
    ) -> tuple[Groups, int, int]:
        """Take all groups through a phase, and add what that costs to `costs`.

        Returns the groups after it, what all of them have, and the most bytes
        that one of them holds.
        """
        needed, limit_bytes = self._masks[step], self._limits[step]
        after: Groups = {}
        common = -1
        largest_bytes = 0
        for mask, (size_bytes, choices) in groups.items():
            missing = needed & ~mask
            if missing:
                mask |= missing
                size_bytes += self._stock.total_bytes(missing)
                cost = fade * self._stock.total_cost(missing)
                for choice in choices:
                    costs[choice] += cost
            if size_bytes > limit_bytes:
                mask = self._fitted(mask, step)
                size_bytes = self._stock.total_bytes(mask)
            known = after.get(mask)
            if known is not None:
                known[1].extend(choices)
                continue
            after[mask] = (size_bytes, choices)
            common &= mask
            if size_bytes > largest_bytes:
                largest_bytes = size_bytes
        return after, common, largest_bytes

    def _fitted(self, mask: int, step: int) -> int:
        """Let go what is worth least until `mask` fits into phase `step`."""
        mask &= self._masks[step] | self._later[step + 1]
        over_bytes = self._stock.total_bytes(mask) - self._limits[step]
        if over_bytes <= 0:
            return mask
        idle = mask & ~self._masks[step]
        chosen = []
        loss = 0.0
        single = 0
        single_loss = float("inf")
        lacking = over_bytes
        for rate, bit, size in self._order(step):
            if not bit & idle:
                continue
            if lacking > 0:
                chosen.append((rate, bit, size))
                lacking -= size
                loss += rate * size
            if size >= over_bytes and rate * size < single_loss:
                single, single_loss = bit, rate * size
        for rate, bit, size in reversed(chosen):
            if lacking + size <= 0:
                lacking += size
                loss -= rate * size
            else:
                idle &= ~bit
        if single_loss < loss:
            return mask & ~single
        return mask & (idle | self._masks[step])

    def _order(self, step: int) -> list[tuple[float, int, int]]:
        """Worth of a byte, bit and size of what is used after phase `step`, cheapest first.

        The worth is the reload cost, less for a later use.
        """
        order = self._orders.get(step)
        if order is None:
            order = []
            seen = 0
            sizes, rates = self._stock.size_bytes, self._stock.rate
            for ahead in range(step + 1, len(self._masks)):
                fresh = self._masks[ahead] & ~seen
                if fresh:
                    seen |= fresh
                    fade = _NEXT_FADES[ahead - step]
                    order += [(rates[bit] * fade, bit, sizes[bit]) for bit in bits(fresh)]
                    if seen == self._later[step + 1]:
                        break
            order.sort()
            self._orders[step] = order
        return order


def _unions_after(masks: Sequence[int]) -> list[int]:
    """Return for each place the union of `masks` from there on, and 0 at the end."""
    unions = [0] * (len(masks) + 1)
    for place in range(len(masks) - 1, -1, -1):
        unions[place] = unions[place + 1] | masks[place]
    return unions
