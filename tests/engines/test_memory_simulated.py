"""The simulated device is short of memory when and as a real one is."""

from __future__ import annotations

import pytest

from engines.api import MemoryOptions
from engines.memory.simulated import Pool, Shortage, SimulatedDevice


def test_a_block_is_free_when_nobody_holds_it() -> None:
    device = SimulatedDevice(100)
    block = device.allocate(60)
    with pytest.raises(Shortage):
        device.allocate(50)
    del block
    assert device.allocate(100).size_bytes == 100
    assert device.allocated_bytes == 0


def test_holes_that_would_do_together_do_not_until_it_is_trimmed() -> None:
    device = SimulatedDevice(100, fragments=True)
    blocks = [device.allocate(20) for _ in range(5)]
    del blocks[3], blocks[1]
    assert device.allocated_bytes == 60
    with pytest.raises(Shortage):
        device.allocate(40)
    assert device.allocate(20).size_bytes == 20
    device.trim()
    assert device.allocate(40).size_bytes == 40
    assert len(blocks) == 3


def test_the_chosen_allocation_fails_once() -> None:
    device = SimulatedDevice(100, "cuda", ram_bytes=100)
    device.fail_at = 2
    first = device.allocate(10)
    with pytest.raises(Shortage):
        device.allocate(10, "cpu")
    assert device.allocate(10).size_bytes == first.size_bytes
    assert device.allocations == 2


def test_the_budget_is_what_is_left_within_the_users_wishes() -> None:
    device = SimulatedDevice(1000, "cuda", ram_bytes=500)
    device.card.others_bytes = 300
    assert (device.budget_bytes(), device.foreign_bytes()) == (700, 300)
    device.configure(MemoryOptions(headroom_bytes=100, limit_bytes=900, ram_bytes=200))
    assert (device.budget_bytes(), device.ram_budget_bytes()) == (600, 200)
    device.configure(MemoryOptions(limit_bytes=250))
    assert (device.budget_bytes(), device.ram_budget_bytes()) == (250, 500)


def test_the_peak_is_counted_from_the_last_reset() -> None:
    device = SimulatedDevice(1000)
    weights = device.allocate(300)
    device.reset_peak()
    device.allocate(120)
    device.allocate(80)
    assert device.peak_bytes() == 120
    device.reset_peak()
    assert device.peak_bytes() == 0
    assert weights.size_bytes == 300


def test_a_move_that_fails_leaves_a_component_split() -> None:
    device = SimulatedDevice(1000, "cuda", ram_bytes=1000)
    component = device.component("unet", 301, parks=True)
    weights = component.load("cuda")
    assert component.move is not None
    device.fail_at = 2
    with pytest.raises(Shortage):
        component.move(weights, "cpu")
    assert not weights.is_in(device.card)
    assert not weights.is_in(device.ram)
    assert weights.size_bytes == 301
    component.move(weights, "cuda")
    assert weights.is_in(device.card)
    assert device.ram.allocated_bytes == 0


def test_a_double_free_is_an_error() -> None:
    pool = Pool(100)
    block = pool.allocate(10)
    _obj, _give_back, (extent,), _kwargs = block.give_back.detach() or pytest.fail("freed")
    pool.give_back(extent)
    with pytest.raises(ValueError, match="not in list"):
        pool.give_back(extent)
