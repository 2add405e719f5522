"""The host in this process: lanes, errors, and nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engines.api import (
    Cancelled,
    CancelToken,
    Change,
    EngineFailed,
    ImageRequest,
    MemoryOptions,
    PlanRequest,
    Progress,
    Run,
    TextRequest,
)
from engines.catalog import Catalog
from engines.host import HostOptions, LocalHost
from engines.hosting.lanes import Lane
from engines.hosting.store import Store
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from tests.engines.toy_engines import PLACES

pytestmark = pytest.mark.usefixtures("threads_end")

ROOT = Path(__file__).resolve().parents[2]


class Told(MemoryManager):
    """A manager that remembers what the host told it."""

    def __init__(self) -> None:
        super().__init__(SimulatedDevice(10_000), patience_s=5.0)
        self.told: list[tuple[str, object]] = []
        self.tended = threading.Event()

    def began(self, label: str, run: Run) -> None:
        self.told.append(("began", label))
        super().began(label, run)

    def ended(self, run: Run) -> None:
        self.told.append(("ended", ""))
        super().ended(run)

    def expect(self, labels: Sequence[str]) -> None:
        self.told.append(("expect", tuple(labels)))
        super().expect(labels)

    def configure(self, options: MemoryOptions) -> None:
        self.told.append(("configure", options))
        super().configure(options)

    def tend(self) -> None:
        super().tend()
        self.tended.set()


@pytest.fixture
def memory() -> Told:
    return Told()


@pytest.fixture
def host(threads_end: None, memory: Told, tmp_path: Path) -> Iterator[LocalHost]:
    options = HostOptions(device="cpu", places=PLACES, store=str(tmp_path / "store"))
    catalog = Catalog([], library=tmp_path)
    with LocalHost(catalog=catalog, memory=memory, options=options) as host:
        yield host


def words(count: int) -> TextRequest:
    return TextRequest(prompt=str(count), seed=1)


def test_a_request_is_answered_and_reports(host: LocalHost) -> None:
    heard: list[Progress] = []
    assert host.run(words(3), Run(report=heard.append)).tokens == 3
    assert [progress.done for progress in heard] == [0, 1, 2]
    assert host.memory().used_bytes == 1024
    host.end_engines()  # in this process all it can do is free the memory
    assert host.memory().used_bytes == 0


def test_the_memory_is_told_of_a_job_and_not_of_what_the_job_asks(
    host: LocalHost, memory: Told
) -> None:
    host.run(PlanRequest(brief="1", seed=1, model="x"), Run())
    assert memory.told == [("began", "plan:x"), ("ended", "")]


def test_a_job_that_fails_has_ended_too(host: LocalHost, memory: Told) -> None:
    with pytest.raises(EngineFailed):
        host.run(ImageRequest(prompt="oops", seed=1), Run())
    assert memory.told == [("began", "image:"), ("ended", "")]


def test_wishes_and_what_will_come_reach_the_memory(host: LocalHost, memory: Told) -> None:
    host.run(words(1), Run())
    wishes = MemoryOptions(limit_bytes=4000)
    host.configure_memory(wishes)
    host.expect(["image:sd15"])
    assert memory.told[-2:] == [("configure", wishes), ("expect", ("image:sd15",))]


def keepers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "memory-keeper"}


def test_the_keeper_tends_while_something_is_resident_and_ends_with_the_host(
    host: LocalHost, memory: Told
) -> None:
    others = keepers()
    host.run(words(1), Run())
    assert len(keepers() - others) == 1
    assert memory.tended.wait(5.0)
    host.close()
    assert not keepers() - others
    host.run(words(1), Run())  # a closed host begins anew, and its keeper too
    assert len(keepers() - others) == 1


def test_what_happened_is_kept_for_the_next_run(host: LocalHost, tmp_path: Path) -> None:
    host.run(words(1), Run())
    host.free_memory()
    host.close()
    kept = Store(str(tmp_path / "store")).events()
    assert [event.change for event in kept] == [Change.LOAD, Change.EVICT]
    assert {event.key for event in kept} == {"toy:text"}


def test_a_plan_asks_for_words_while_it_holds_its_lane(host: LocalHost) -> None:
    assert host.run(PlanRequest(brief="2", seed=1), Run()).tokens == 2


def test_an_unknown_error_becomes_ours_and_is_logged(
    host: LocalHost, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(EngineFailed) as caught:
        host.run(ImageRequest(prompt="oops", seed=1), Run())
    assert caught.value.reason == "KeyError: 'oops'"
    assert "Traceback" in caplog.text


def test_one_token_may_serve_two_requests_at_once(host: LocalHost) -> None:
    """The memory must not take the second for the same job."""
    token = CancelToken()
    tokens: list[int] = []
    requests = (words(20), PlanRequest(brief="20", seed=1))

    def job(request: TextRequest | PlanRequest) -> None:
        tokens.append(host.run(request, Run(token=token)).tokens)

    threads = [threading.Thread(target=job, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens == [20, 20]


def test_a_cancelled_request_does_not_start(host: LocalHost) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        host.run(words(1), Run(token=token))


def test_a_cancel_ends_a_running_job_and_frees_its_lease(host: LocalHost) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        host.run(words(1000), Run(token=token, report=stop))
    assert host.memory().working_bytes == 0


def test_a_lane_lets_one_in_at_a_time_in_order() -> None:
    lane = Lane()
    order: list[int] = []
    threads = []

    def job(number: int) -> None:
        with lane.hold(CancelToken()):
            order.append(number)

    with lane.hold(CancelToken()):
        for number in range(3):
            threads.append(threading.Thread(target=job, args=(number,)))
            threads[-1].start()
            deadline = time.monotonic() + 5
            while len(lane._line) < number + 2:
                assert time.monotonic() < deadline
                time.sleep(0.001)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2]


def test_a_job_may_take_its_own_lane_again() -> None:
    lane = Lane()
    token = CancelToken()
    with lane.hold(token), lane.hold(token):
        assert len(lane._line) == 2
    assert not lane._line


def test_waiting_for_a_lane_ends_with_a_cancel() -> None:
    lane = Lane()
    token = CancelToken()
    timer = threading.Timer(0.05, token.cancel)
    with lane.hold(CancelToken()):
        timer.start()
        with pytest.raises(Cancelled), lane.hold(token):
            pytest.fail("two at once")
    assert not lane._line


def test_the_doors_to_the_engines_open_without_torch() -> None:
    script = (
        "import sys, engines.host, engines.catalog, engines.memory.status\n"
        "engines.host.ChildHost().close(); engines.host.LocalHost().memory()\n"
        "heavy = {'torch', 'transformers', 'diffusers', 'numpy'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
