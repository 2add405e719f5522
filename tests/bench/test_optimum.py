"""The optimum is the least that any run could move, checked against trying everything."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from engines.bench.optimum import fewest_bytes
from engines.bench.traces import GB, PARTS, Lease, Part, leases, trace


def everything_tried(run: list[Lease], budget_bytes: int, parts: dict[str, Part]) -> int:
    """Follow every set of residents that fits, full or not, with no shortcut at all."""
    states = {frozenset[str](): 0}
    for lease in run:
        room_bytes = budget_bytes - max(parts[key].working_bytes for key in lease.keys)
        after: dict[frozenset[str], int] = {}
        for residents, moved in states.items():
            missing = set(lease.keys) - residents
            cost = moved + sum(parts[key].size_bytes for key in missing)
            spare = residents - set(lease.keys)
            for count in range(len(spare) + 1):
                for stay in combinations(sorted(spare), count):
                    kept = frozenset({*stay, *lease.keys})
                    if sum(parts[key].size_bytes for key in kept) <= room_bytes:
                        after[kept] = min(cost, after.get(kept, cost))
        states = after
    return min(states.values())


@pytest.mark.parametrize("seed", range(40))
def test_the_optimum_is_what_trying_everything_finds(seed: int) -> None:
    dice = random.Random(seed)
    parts = {
        name: Part(size_bytes=dice.randint(1, 9), working_bytes=dice.randint(0, 4))
        for name in "abcdef"
    }
    run = [
        Lease(keys=tuple(dice.sample("abcdef", dice.randint(1, 2))), job=number)
        for number in range(14)
    ]
    budget_bytes = dice.randint(22, 30)
    assert fewest_bytes(run, budget_bytes, parts) == everything_tried(run, budget_bytes, parts)


def test_with_room_for_all_each_component_is_loaded_once() -> None:
    run = leases(trace(100, 0))
    used = {key for lease in run for key in lease.keys}
    assert fewest_bytes(run, 10**12, PARTS) == sum(PARTS[key].size_bytes for key in used)


def test_a_lease_that_never_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        fewest_bytes(leases(trace(10, 0)), 10**9, PARTS)


def test_the_optimum_of_the_agreed_traces_is_known() -> None:
    found = [fewest_bytes(leases(trace(400, 0)), gb * GB, PARTS) for gb in (8, 10, 12, 16)]
    assert [round(moved / GB, 2) for moved in found] == [589.87, 352.58, 192.74, 41.65]
