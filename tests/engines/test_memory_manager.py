"""Leases: all or nothing, bounded waits, and books that always balance."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from engines.api import BadRequest, Cancelled, CancelToken, MemoryStatus, OutOfMemory, Run
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager
from engines.memory.simulated import Shortage, SimulatedDevice

pytestmark = pytest.mark.usefixtures("threads_end")


def keys(status: MemoryStatus) -> list[str]:
    return [resident.key for resident in status.residents]


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_lease_yields_what_was_loaded(memory: MemoryManager, device: SimulatedDevice) -> None:
    with memory.lease(
        device.component("a", 300), device.component("b", 200), working_bytes=100, run=Run()
    ) as (a, b):
        assert (a.size_bytes, b.size_bytes) == (300, 200)
        assert memory.status().used_bytes == 600
        assert memory.status().working_bytes == 100
        assert all(resident.leased for resident in memory.status().residents)
    assert memory.status().used_bytes == 500
    assert not any(resident.leased for resident in memory.status().residents)


def test_a_second_lease_loads_nothing_again(memory: MemoryManager, device: SimulatedDevice) -> None:
    a = device.component("a", 300)
    for _ in range(3):
        with memory.lease(a, working_bytes=0, run=Run()):
            pass
    assert device.allocations == 1


def test_the_longest_unused_goes_first_and_is_really_freed(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    for key in "abc":
        with memory.lease(device.component(key, 300), working_bytes=0, run=Run()):
            pass
    with memory.lease(device.component("d", 300), working_bytes=0, run=Run()):
        assert keys(memory.status()) == ["b", "c", "d"]
        assert device.allocated_bytes == 900


def test_an_evicted_thing_is_collected_even_in_a_cycle(
    memory: MemoryManager,
) -> None:
    class Model:
        def __init__(self) -> None:
            self.itself = self

    refs: list[weakref.ref[Model]] = []

    def load(_device: str) -> Model:
        model = Model()
        refs.append(weakref.ref(model))
        return model

    with memory.lease(Component(key="m", size_bytes=1, load=load), working_bytes=0, run=Run()) as (
        model,
    ):
        del model
    memory.free_idle()
    assert refs[0]() is None
    assert memory.status().used_bytes == 0


def test_what_can_never_fit_is_refused_at_once_with_numbers(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    with (
        pytest.raises(OutOfMemory) as caught,
        memory.lease(device.component("a", 900), working_bytes=101, run=Run()),
    ):
        pytest.fail("it was admitted")
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (1001, 1000)
    assert memory.status().used_bytes == 0


def test_a_job_with_a_lease_gets_no_second(memory: MemoryManager, device: SimulatedDevice) -> None:
    run = Run()
    with memory.lease(device.component("a", 100), working_bytes=0, run=run):
        with (
            pytest.raises(OutOfMemory),
            memory.lease(device.component("b", 100), working_bytes=0, run=run),
        ):
            pytest.fail("it was admitted")
        assert keys(memory.status()) == ["a"]
    with memory.lease(device.component("b", 100), working_bytes=0, run=run):
        assert keys(memory.status()) == ["a", "b"]


def test_a_component_asked_for_twice_is_a_mistake(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    a = device.component("a", 1)
    with pytest.raises(ValueError, match="twice"):
        memory.lease(a, a, working_bytes=0, run=Run())


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_failed_load_leaves_the_books_as_before(
    memory: MemoryManager, device: SimulatedDevice, failing: int
) -> None:
    with memory.lease(device.component("old", 100), working_bytes=0, run=Run()):
        pass
    before = memory.status()
    device.fail_at = failing
    wish = [device.component(key, 200) for key in "abc"]
    with pytest.raises(OutOfMemory) as caught, memory.lease(*wish, working_bytes=50, run=Run()):
        pytest.fail("it was given")
    assert caught.value.needed_bytes == 650
    assert memory.status() == before
    assert device.allocated_bytes == 100
    with memory.lease(*wish, working_bytes=50, run=Run()):
        assert memory.status().used_bytes == 750


def test_another_error_of_a_load_comes_out_as_itself(memory: MemoryManager) -> None:
    def load(_device: str) -> None:
        raise BadRequest("the file is odd")

    odd = Component(key="odd", size_bytes=10, load=load)
    with pytest.raises(BadRequest), memory.lease(odd, working_bytes=0, run=Run()):
        pytest.fail("it was given")
    assert memory.status().used_bytes == 0


def test_a_shortage_inside_the_block_becomes_ours(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    with (
        pytest.raises(OutOfMemory) as caught,
        memory.lease(device.component("a", 300), working_bytes=200, run=Run()),
    ):
        raise Shortage(10_000)
    assert caught.value.needed_bytes == 500
    assert caught.value.free_bytes == 700
    assert memory.status().working_bytes == 0


def test_a_waiting_job_is_woken_by_the_end_of_another(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    order: list[str] = []

    def second() -> None:
        with memory.lease(device.component("b", 600), working_bytes=0, run=Run()):
            order.append("second")

    with memory.lease(device.component("a", 600), working_bytes=0, run=Run()):
        thread = in_thread(second)
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert keys(memory.status()) == ["b"]


def test_the_line_is_served_in_order(memory: MemoryManager, device: SimulatedDevice) -> None:
    """A small job behind a large one does not pass it again and again."""
    order: list[str] = []
    waiting: list[threading.Thread] = []

    def job(name: str, size_bytes: int) -> None:
        with memory.lease(working_bytes=size_bytes, run=Run()):
            order.append(name)

    with memory.lease(working_bytes=500, run=Run()):
        for place, (name, size) in enumerate((("large", 800), ("small", 100))):
            waiting.append(in_thread(lambda name=name, size=size: job(name, size)))
            wait_until(lambda place=place: len(memory._line) == place + 1)
    for thread in waiting:
        thread.join()
    assert order == ["large", "small"]


def test_waiting_ends_with_a_cancel(memory: MemoryManager, device: SimulatedDevice) -> None:
    token = CancelToken()
    ended: list[BaseException] = []

    def second() -> None:
        try:
            with memory.lease(working_bytes=900, run=Run(token=token)):
                pytest.fail("it was admitted")
        except Cancelled as error:
            ended.append(error)

    with memory.lease(device.component("a", 300), working_bytes=0, run=Run()):
        thread = in_thread(second)
        wait_until(lambda: len(memory._line) == 1)
        token.cancel()
        thread.join(1.0)
        assert len(ended) == 1
        assert memory.status().used_bytes == 300


def test_waiting_is_bounded(device: SimulatedDevice) -> None:
    memory = MemoryManager(device, patience_s=0.1)
    with (
        memory.lease(working_bytes=600, run=Run()),
        pytest.raises(OutOfMemory) as caught,
        memory.lease(working_bytes=600, run=Run()),
    ):
        pytest.fail("it was admitted")
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (600, 400)


def test_two_jobs_share_one_load(memory: MemoryManager, device: SimulatedDevice) -> None:
    together = threading.Barrier(2)

    def load(_device: str) -> object:
        time.sleep(0.05)
        return device.allocate(400)

    shared = Component(key="shared", size_bytes=400, load=load)
    seen: list[int] = []

    def job() -> None:
        together.wait()
        with memory.lease(shared, working_bytes=10, run=Run()) as (model,):
            together.wait()
            seen.append(id(model))

    threads = [in_thread(job) for _ in range(2)]
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert device.allocations == 1


def test_one_waits_for_a_load_that_fails_and_loads_itself(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    """A rollback must not take away what another job has pinned."""
    first_loads = threading.Event()
    go_on = threading.Event()
    calls: list[str] = []
    outcomes: list[str] = []

    def load(_device: str) -> object:
        calls.append("load")
        if len(calls) == 1:
            first_loads.set()
            go_on.wait()
            raise Shortage(0)
        return device.allocate(100)

    shared = Component(key="shared", size_bytes=100, load=load)

    def job() -> None:
        try:
            with memory.lease(shared, working_bytes=0, run=Run()):
                outcomes.append("given")
        except OutOfMemory:
            outcomes.append("failed")

    first = in_thread(job)
    first_loads.wait()
    second = in_thread(job)
    wait_until(lambda: memory._ledger._entries["shared"].leases == 2)
    go_on.set()
    first.join()
    second.join()
    assert sorted(outcomes) == ["failed", "given"]
    assert keys(memory.status()) == ["shared"]
    assert memory.status().used_bytes == device.allocated_bytes == 100


def test_the_status_needs_no_lock_while_a_load_runs(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    loading = threading.Event()
    go_on = threading.Event()

    def load(_device: str) -> None:
        loading.set()
        go_on.wait()

    def job() -> None:
        slow = Component(key="slow", size_bytes=100, load=load)
        with memory.lease(slow, working_bytes=0, run=Run()):
            pass

    thread = in_thread(job)
    loading.wait()
    assert memory.status().used_bytes == 100
    with memory.lease(working_bytes=50, run=Run()):
        assert memory.status().used_bytes == 150
    go_on.set()
    thread.join()


def test_leases_of_three_threads_drain(device: SimulatedDevice) -> None:
    memory = MemoryManager(device, patience_s=20.0)
    parts = {key: device.component(key, 250) for key in "abcde"}
    largest_bytes: list[int] = []

    def lane(number: int) -> None:
        for i in range(100):
            chosen = {"abcde"[(i * (number + 1)) % 5], "abcde"[(i + number) % 5]}
            wish = [parts[key] for key in sorted(chosen)]
            with memory.lease(*wish, working_bytes=50 * number, run=Run()):
                largest_bytes.append(memory.status().used_bytes)

    threads = [in_thread(lambda n=n: lane(n)) for n in range(3)]
    for thread in threads:
        thread.join(20.0)
    assert len(largest_bytes) == 300
    assert max(largest_bytes) <= 1000
    status = memory.status()
    assert status.working_bytes == 0
    assert not any(resident.leased for resident in status.residents)
    gc.collect()
    assert device.allocated_bytes == status.used_bytes


def test_foreign_use_makes_room_shrink(memory: MemoryManager, device: SimulatedDevice) -> None:
    for key in "ab":
        with memory.lease(device.component(key, 400), working_bytes=0, run=Run()):
            pass
    device.foreign_bytes = 500
    with memory.lease(device.component("c", 50), working_bytes=0, run=Run()):
        assert memory.status().used_bytes <= memory.status().budget_bytes == 500
        assert keys(memory.status()) == ["b", "c"]


def test_the_listener_hears_each_change_in_order(device: SimulatedDevice) -> None:
    heard: list[MemoryStatus] = []
    memory = MemoryManager(device, listener=heard.append)
    with memory.lease(device.component("a", 300), working_bytes=100, run=Run()):
        pass
    memory.free_idle()
    assert [status.used_bytes for status in heard] == [400, 300, 0]
    assert memory.status() is heard[-1]
