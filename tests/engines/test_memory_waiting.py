"""Jobs that wait for a lease: in order, bounded, cancellable, and holding nothing."""

from __future__ import annotations

import threading
import time

import pytest

from engines.api import Cancelled, CancelToken, OutOfMemory, Run
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager
from engines.memory.simulated import Shortage, SimulatedDevice
from tests.engines.memory_machine import work
from tests.engines.threading_steps import in_thread, wait_until

pytestmark = pytest.mark.usefixtures("threads_end")


def waiting(memory: MemoryManager) -> int:
    return len(memory._admission.line)


def test_a_waiting_job_is_woken_by_the_end_of_another(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    order: list[str] = []

    def second() -> None:
        with memory.lease(device.component("b", 600), working=work(), run=Run()):
            order.append("second")

    with memory.lease(device.component("a", 600), working=work(), run=Run()):
        thread = in_thread(second)
        wait_until(lambda: waiting(memory) == 1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert [resident.key for resident in memory.status().residents] == ["b"]


def test_a_waiting_job_holds_no_lease(memory: MemoryManager, device: SimulatedDevice) -> None:
    """Between its phases a job holds nothing that another could wait for."""
    steps: list[str] = []

    def two_phases() -> None:
        run = Run()
        with memory.lease(working=work(400), run=run):
            steps.append("first phase")
            wait_until(lambda: "other" in steps)
        steps.append("between")
        with memory.lease(working=work(900), run=run):
            steps.append("second phase")

    thread = in_thread(two_phases)
    wait_until(lambda: steps == ["first phase"])
    with memory.lease(working=work(600), run=Run()):
        steps.append("other")
        wait_until(lambda: waiting(memory) == 1)
        assert memory.status().working_bytes == 600
        assert len(memory.status().works) == 1
    thread.join()
    assert steps[-1] == "second phase"


def test_the_line_is_served_in_order(memory: MemoryManager) -> None:
    """A small job behind a large one does not pass it again and again."""
    order: list[str] = []
    threads: list[threading.Thread] = []

    def job(name: str, size_bytes: int) -> None:
        with memory.lease(working=work(size_bytes), run=Run()):
            order.append(name)

    with memory.lease(working=work(500), run=Run()):
        for place, (name, size) in enumerate((("large", 800), ("small", 100))):
            threads.append(in_thread(lambda name=name, size=size: job(name, size)))
            wait_until(lambda place=place: waiting(memory) == place + 1)
    for thread in threads:
        thread.join()
    assert order == ["large", "small"]


def test_waiting_ends_with_a_cancel(memory: MemoryManager, device: SimulatedDevice) -> None:
    token = CancelToken()
    ended: list[BaseException] = []

    def second() -> None:
        try:
            with memory.lease(working=work(900), run=Run(token=token)):
                pytest.fail("it was admitted")
        except Cancelled as error:
            ended.append(error)

    with memory.lease(device.component("a", 300), working=work(), run=Run()):
        thread = in_thread(second)
        wait_until(lambda: waiting(memory) == 1)
        token.cancel()
        thread.join(1.0)
        assert len(ended) == 1
        assert waiting(memory) == 0
        assert memory.status().used_bytes == 300


def test_waiting_is_bounded(device: SimulatedDevice) -> None:
    memory = MemoryManager(device, patience_s=0.1)
    with (
        memory.lease(working=work(600), run=Run()),
        pytest.raises(OutOfMemory) as caught,
        memory.lease(working=work(600), run=Run()),
    ):
        pytest.fail("it was admitted")
    assert (caught.value.needed_bytes, caught.value.free_bytes) == (600, 400)


def test_a_job_that_waits_sees_a_limit_that_is_lifted(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    given: list[int] = []

    def second() -> None:
        with memory.lease(working=work(500), run=Run()):
            given.append(memory.status().budget_bytes)

    with memory.lease(working=work(600), run=Run()):
        thread = in_thread(second)
        wait_until(lambda: waiting(memory) == 1)
        device.card.capacity_bytes = 1500
        thread.join()
    assert given == [1500]


def test_two_jobs_share_one_load(memory: MemoryManager, device: SimulatedDevice) -> None:
    together = threading.Barrier(2)
    loads: list[object] = []

    def load(_device: str) -> object:
        time.sleep(0.05)
        loads.append(device.allocate(400))
        return loads[-1]

    shared = Component(key="shared", size_bytes=400, load=load)
    seen: list[int] = []

    def job() -> None:
        together.wait()
        with memory.lease(shared, working=work(10), run=Run()) as (model,):
            together.wait()
            seen.append(id(model))

    threads = [in_thread(job) for _ in range(2)]
    for thread in threads:
        thread.join()
    assert seen == [id(loads[0])] * 2
    assert len(loads) == 1


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
        if len(calls) <= 2:  # and again after the cache was emptied
            first_loads.set()
            go_on.wait()
            raise Shortage(0)
        return device.allocate(100)

    shared = Component(key="shared", size_bytes=100, load=load)

    def job() -> None:
        try:
            with memory.lease(shared, working=work(), run=Run()):
                outcomes.append("given")
        except OutOfMemory:
            outcomes.append("failed")

    first = in_thread(job)
    first_loads.wait()
    second = in_thread(job)
    wait_until(lambda: len(memory._books.leases) == 2)
    go_on.set()
    first.join()
    second.join()
    assert outcomes == ["failed", "given"]
    assert [resident.key for resident in memory.status().residents] == ["shared"]
    assert memory.status().used_bytes == device.allocated_bytes == 100


def test_a_job_waiting_for_anothers_load_can_be_cancelled(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    loading, go_on, token = threading.Event(), threading.Event(), CancelToken()
    outcomes: list[str] = []

    def load(_device: str) -> object:
        loading.set()
        go_on.wait()
        return device.allocate(100)

    slow = Component(key="slow", size_bytes=100, load=load)

    def job(run: Run) -> None:
        try:
            with memory.lease(slow, working=work(), run=run):
                outcomes.append("given")
        except Cancelled:
            outcomes.append("cancelled")

    first = in_thread(lambda: job(Run()))
    loading.wait()
    second = in_thread(lambda: job(Run(token=token)))
    wait_until(lambda: len(memory._books.leases) == 2)
    token.cancel()
    second.join()
    assert outcomes == ["cancelled"]
    go_on.set()
    first.join()
    assert outcomes == ["cancelled", "given"]
    assert memory.status().used_bytes == device.allocated_bytes == 100


def test_the_status_needs_no_lock_while_a_load_runs(memory: MemoryManager) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load(_device: str) -> None:
        loading.set()
        go_on.wait()

    def job() -> None:
        slow = Component(key="slow", size_bytes=100, load=load)
        with memory.lease(slow, working=work(), run=Run()):
            pass

    thread = in_thread(job)
    loading.wait()
    assert memory.status().used_bytes == 100
    with memory.lease(working=work(50), run=Run()):
        assert memory.status().used_bytes == 150
    go_on.set()
    thread.join()
