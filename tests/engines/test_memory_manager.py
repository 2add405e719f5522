"""Leases: all or nothing, measured work, and books that always balance."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    Change,
    MemoryStatus,
    OutOfMemory,
    Run,
    Work,
)
from engines.memory.lease import Component, Working
from engines.memory.manager import MemoryManager
from engines.memory.policy import Idle, LeastRecentlyUsed, Victim
from engines.memory.simulated import Shortage, SimulatedDevice
from engines.memory.working import WorkingSets
from tests.engines.memory_machine import work


def keys(status: MemoryStatus) -> list[str]:
    return [resident.key for resident in status.residents]


def books(status: MemoryStatus) -> tuple[object, ...]:
    """Return a status without its log."""
    return status.residents, status.used_bytes, status.working_bytes, status.works


def test_a_lease_yields_what_was_loaded(memory: MemoryManager, device: SimulatedDevice) -> None:
    with memory.lease(
        device.component("a", 300), device.component("b", 200), working=work(100), run=Run()
    ) as (a, b):
        assert (a.size_bytes, b.size_bytes) == (300, 200)
        assert memory.status().used_bytes == 600
        assert memory.status().working_bytes == 100
        assert all(resident.leased for resident in memory.status().residents)
    assert memory.status().used_bytes == 500
    assert not any(resident.leased for resident in memory.status().residents)


def test_a_second_lease_loads_nothing_again(memory: MemoryManager, device: SimulatedDevice) -> None:
    a = device.component("a", 300)
    seen = set()
    for _ in range(3):
        with memory.lease(a, working=work(), run=Run()) as (weights,):
            seen.add(id(weights))
    assert len(seen) == 1
    assert [event.change for event in memory.status().events] == [Change.LOAD]


def test_the_longest_unused_goes_first_and_is_really_freed(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    for key in "abc":
        with memory.lease(device.component(key, 300), working=work(), run=Run()):
            pass
    with memory.lease(device.component("d", 300), working=work(), run=Run()):
        assert keys(memory.status()) == ["b", "c", "d"]
        assert device.allocated_bytes == 900


@pytest.fixture
def collector_off() -> Iterator[None]:
    """Only the manager collects, so that what it leaves behind shows."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("collector_off")
def test_an_evicted_thing_is_collected_even_in_a_cycle(memory: MemoryManager) -> None:
    class Model:
        def __init__(self) -> None:
            self.itself = self

    refs: list[weakref.ref[Model]] = []

    def load(_device: str) -> Model:
        model = Model()
        refs.append(weakref.ref(model))
        return model

    component = Component(key="m", size_bytes=1, load=load)
    with memory.lease(component, working=work(), run=Run()) as (model,):
        del model
    memory.free_idle()
    assert refs[0]() is None
    assert memory.status().used_bytes == 0


def test_what_can_never_fit_is_refused_at_once_with_numbers(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    with (
        pytest.raises(OutOfMemory) as caught,
        memory.lease(device.component("a", 900), working=work(101), run=Run()),
    ):
        pytest.fail("it was admitted")
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (1001, 1000)
    assert memory.status().used_bytes == 0
    event = memory.status().events[-1]
    assert (event.change, event.key, event.size_bytes) == (Change.REFUSAL, "work", 1001)


def test_a_job_with_a_lease_gets_no_second(memory: MemoryManager, device: SimulatedDevice) -> None:
    run = Run()
    with memory.lease(device.component("a", 100), working=work(), run=run):
        with (
            pytest.raises(OutOfMemory),
            memory.lease(device.component("b", 100), working=work(), run=run),
        ):
            pytest.fail("it was admitted")
        assert keys(memory.status()) == ["a"]
    with memory.lease(device.component("b", 100), working=work(), run=run):
        assert keys(memory.status()) == ["a", "b"]


def test_a_component_asked_for_twice_is_a_mistake(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    a = device.component("a", 1)
    with pytest.raises(ValueError, match="twice"):
        memory.lease(a, a, working=work(), run=Run())


@pytest.mark.parametrize("failing", range(1, 7))
def test_a_load_that_fails_for_good_leaves_the_books_as_before(
    memory: MemoryManager, device: SimulatedDevice, failing: int
) -> None:
    """The allocations fail again and again: emptying the cache does not help."""
    with memory.lease(device.component("old", 100), working=work(), run=Run()):
        pass
    before = memory.status()
    allocations = 0

    def count() -> None:
        nonlocal allocations
        allocations += 1
        device.fail_at = 1 if allocations >= failing else 0

    wish = [device.component(key, 200) for key in "abc"]
    device.at_allocation = count
    with pytest.raises(OutOfMemory) as caught, memory.lease(*wish, working=work(50), run=Run()):
        pytest.fail("it was given")
    device.at_allocation = None
    device.fail_at = 0
    assert caught.value.needed_bytes >= 650
    after = memory.status()
    assert set(after.residents) <= set(before.residents)
    assert (after.working_bytes, after.works) == (0, ())
    assert device.allocated_bytes == after.used_bytes
    with memory.lease(*wish, working=work(50), run=Run()):
        assert memory.status().working_bytes == 50


def test_one_failed_allocation_is_healed_by_emptying_the_cache(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    device.fail_at = 2
    with memory.lease(device.component("a", 400), working=work(), run=Run()) as (a,):
        assert a.size_bytes == 400
    reliefs = [e.reason for e in memory.status().events if e.change is Change.RELIEF]
    assert reliefs == ["empty cache"]


def test_a_shortage_while_loading_evicts_what_is_idle(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    with memory.lease(device.component("old", 100), working=work(), run=Run()):
        pass
    hidden = device.allocate(500)  # what the books do not know of
    with memory.lease(device.component("a", 500), working=work(), run=Run()):
        assert keys(memory.status()) == ["a"]
    reliefs = [e.reason for e in memory.status().events if e.change is Change.RELIEF]
    assert reliefs == ["empty cache", "evict idle"]
    assert hidden.size_bytes == 500


def test_cancel_while_loading_rolls_back(memory: MemoryManager, device: SimulatedDevice) -> None:
    with memory.lease(device.component("old", 100), working=work(), run=Run()):
        pass
    before = books(memory.status())
    token = CancelToken()
    device.at_allocation = token.cancel
    wish = [device.component(key, 200) for key in "ab"]
    with pytest.raises(Cancelled), memory.lease(*wish, working=work(), run=Run(token=token)):
        pytest.fail("it was given")
    assert books(memory.status()) == before
    assert device.allocated_bytes == 100


def test_another_error_of_a_load_comes_out_as_itself(memory: MemoryManager) -> None:
    def load(_device: str) -> None:
        raise BadRequest("the file is odd")

    odd = Component(key="odd", size_bytes=10, load=load)
    with pytest.raises(BadRequest), memory.lease(odd, working=work(), run=Run()):
        pytest.fail("it was given")
    assert memory.status().used_bytes == 0
    assert memory.status().residents == ()


def test_a_shortage_inside_the_block_becomes_ours(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    """It had 500 bytes and could have had the 500 that are free: it needs more than both."""
    with (
        pytest.raises(OutOfMemory) as caught,
        memory.lease(device.component("a", 300), working=work(200), run=Run()),
    ):
        raise Shortage(10_000)
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (1000, 500)
    assert memory.status().working_bytes == 0


@pytest.mark.usefixtures("collector_off")
def test_a_failed_job_holds_nothing_until_the_collector_comes(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    def phase() -> None:
        with memory.lease(device.component("a", 300), working=work(), run=Run()) as (weights,):
            held = [weights, device.allocate(100)]
            raise Shortage(len(held))

    with contextlib.suppress(OutOfMemory):
        phase()
    assert device.allocated_bytes == 300
    memory.free_idle()
    assert device.allocated_bytes == 0


def test_the_peak_of_a_lease_is_measured_and_shown_the_next_time(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    a = device.component("a", 300)
    for known in (Work(operation="work", predicted_bytes=200), None):
        with memory.lease(a, working=work(200), run=Run()):
            if known is not None:
                assert memory.status().works == (known,)
            device.allocate(120)
    with memory.lease(a, working=work(200), run=Run()):
        (shown,) = memory.status().works
    assert (shown.predicted_bytes, shown.measured_bytes) == (120, 120)


def test_what_runs_beside_another_teaches_nothing(device: SimulatedDevice) -> None:
    sets = WorkingSets()
    memory = MemoryManager(device, working_sets=sets)
    one, two = work(100, "one"), work(100, "two")
    with memory.lease(working=one, run=Run()):
        with memory.lease(working=two, run=Run()):
            device.allocate(300)
        device.allocate(50)
    assert (sets.last_bytes(one), sets.last_bytes(two)) == (0, 0)
    with memory.lease(working=two, run=Run()):
        device.allocate(70)
    assert sets.last_bytes(two) == 70


@pytest.mark.parametrize("question", ["reset_peak", "peak_bytes"])
def test_a_device_that_fails_to_answer_leaves_no_lease_behind(
    device: SimulatedDevice, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryManager(device)

    def fail() -> int:
        raise RuntimeError("the card fell off the bus")

    monkeypatch.setattr(device, question, fail)
    with (
        pytest.raises(RuntimeError, match="bus"),
        memory.lease(device.component("a", 300), working=work(100), run=Run()),
    ):
        pass
    assert (memory.status().works, memory.status().working_bytes) == ((), 0)
    assert not any(resident.leased for resident in memory.status().residents)


def test_a_job_that_ran_short_is_given_more_the_next_time(device: SimulatedDevice) -> None:
    memory = MemoryManager(device)
    with pytest.raises(OutOfMemory), memory.lease(working=work(200), run=Run()):
        raise Shortage(1)
    with memory.lease(working=work(200), run=Run()):
        assert memory.status().working_bytes == 250


def test_what_was_measured_can_not_refuse_what_the_engine_thinks_it_can_do(
    device: SimulatedDevice,
) -> None:
    """A spike long ago must not lock a model out for ever."""
    sets = WorkingSets()
    memory = MemoryManager(device, working_sets=sets)
    working = Working(operation="decode", estimate_bytes=300, size=10)
    sets.measured(working, 5000)
    with memory.lease(device.component("a", 400), working=working, run=Run()):
        assert memory.status().working_bytes == 600
        assert memory.status().used_bytes == 1000


def test_the_status_tells_all_there_is(device: SimulatedDevice) -> None:
    device.card.others_bytes = 100
    memory = MemoryManager(device)
    assert memory.status().budget_bytes == 0
    status = memory.measure()
    assert (status.total_bytes, status.foreign_bytes, status.budget_bytes) == (1000, 100, 900)
    assert (status.headroom_bytes, status.ram_budget_bytes) == (0, 0)


def test_the_log_says_for_which_job_something_was_loaded(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    run = Run()
    memory.began("image:sd15", run)
    with memory.lease(device.component("a", 300), working=work(), run=run):
        pass
    memory.ended(run)
    with memory.lease(device.component("b", 300), working=work(), run=run):
        pass
    events = memory.status().events
    assert [(e.key, e.size_bytes, e.reason) for e in events] == [
        ("a", 300, "for image:sd15"),
        ("b", 300, ""),
    ]


def test_the_listener_hears_each_change_in_order(device: SimulatedDevice) -> None:
    heard: list[MemoryStatus] = []
    memory = MemoryManager(device, listener=heard.append)
    with memory.lease(device.component("a", 300), working=work(100), run=Run()):
        pass
    memory.free_idle()
    changes = [status.used_bytes for status in heard]
    assert [here for here, after in pairwise((*changes, -1)) if here != after] == [400, 300, 0]
    assert memory.status() is heard[-1]
    numbers = [event.number for event in heard[-1].events]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("named", [(), ("a",), ("c", "nobody", "c")])
def test_a_policy_that_errs_evicts_neither_too_little_nor_what_is_leased(
    device: SimulatedDevice, named: tuple[str, ...]
) -> None:
    class Erring(LeastRecentlyUsed):
        def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
            return tuple(Victim(key=key, reason="at random") for key in named)

    memory = MemoryManager(device, policy=Erring())
    for key in "bc":
        with memory.lease(device.component(key, 300), working=work(), run=Run()):
            pass
    with (
        memory.lease(device.component("a", 300), working=work(), run=Run()) as (a,),
        memory.lease(device.component("d", 600), working=work(), run=Run()),
    ):
        assert keys(memory.status()) == ["a", "d"]
        assert device.allocated_bytes == 300 + a.size_bytes + 300


def test_the_books_let_go_of_nothing_that_is_leased(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    ledger = memory._books.ledger
    with memory.lease(device.component("a", 300), working=work(), run=Run()):
        entry = ledger.get("a")
        assert entry is not None
        with pytest.raises(ValueError, match="a is leased"):
            ledger.remove(entry)
    memory.free_idle()
    with pytest.raises(ValueError, match="not in the books"):
        ledger.remove(entry)


def test_only_a_job_with_a_lease_can_run_short_in_it(memory: MemoryManager) -> None:
    with pytest.raises(ValueError, match="without a lease"):
        memory.shortage(Run())
