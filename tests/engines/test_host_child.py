"""The host in a child process, with the real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engines import devices
from engines.api import (
    Cancelled,
    CancelToken,
    EngineFailed,
    EngineLost,
    ImageRequest,
    MemoryOptions,
    MemoryStatus,
    Pixels,
    PlanRequest,
    Progress,
    Run,
    SoundRequest,
    TextRequest,
    UpscaleRequest,
)
from engines.host import ChildHost, HostOptions
from tests.engines.toy_engines import PLACES

ROOT = Path(__file__).resolve().parents[2]
MIB = 2**20
OPTIONS = HostOptions(device="cpu", places=PLACES)


def words(count: int) -> TextRequest:
    return TextRequest(prompt=str(count), seed=1)


def wait_until(fact: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(scope="module")
def heard() -> list[MemoryStatus]:
    return []


@pytest.fixture(scope="module")
def host(heard: list[MemoryStatus]) -> Iterator[ChildHost]:
    """One host for all tests here; after them no thread and no process of it is left."""
    threads = set(threading.enumerate())
    with ChildHost(options=OPTIONS, on_memory=heard.append) as host:
        host.run(words(1), Run())
        yield host
        pid = host.pid
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert set(threading.enumerate()) <= threads


def test_a_request_is_answered_in_another_process(host: ChildHost) -> None:
    result = host.run(words(2), Run())
    assert result.tokens == 2
    assert int(result.text) == host.pid != os.getpid()


def test_progress_is_thinned_and_the_last_arrives_on_the_callers_thread(host: ChildHost) -> None:
    heard: list[tuple[Progress, int]] = []
    start_s = time.monotonic()
    run = Run(report=lambda progress: heard.append((progress, threading.get_ident())))
    host.run(words(60), run)
    took_s = time.monotonic() - start_s
    assert 3 <= len(heard) <= took_s / 0.05 + 2
    assert heard[-1][0].done == 59
    assert heard[-1][0].preview == "59"
    assert {thread for _, thread in heard} == {threading.get_ident()}


def test_a_plan_asks_for_words_inside_the_child(host: ChildHost) -> None:
    assert host.run(PlanRequest(brief="2", seed=1), Run()).tokens == 2


def test_an_unknown_error_arrives_as_ours_after_its_preview_made_small(host: ChildHost) -> None:
    heard: list[Progress] = []
    with pytest.raises(EngineFailed, match="KeyError"):
        host.run(ImageRequest(prompt="oops", seed=1), Run(report=heard.append))
    preview = heard[-1].preview
    assert isinstance(preview, Pixels)
    assert (preview.width_px, preview.height_px) == (334, 167)
    assert len(preview.rgb) == 334 * 167 * 3


def test_a_library_that_would_end_the_process_ends_its_job_alone(host: ChildHost) -> None:
    pid = host.pid
    with pytest.raises(EngineFailed, match="SystemExit"):
        host.run(ImageRequest(prompt="exit", seed=1), Run())
    assert host.run(words(1), Run()).text == str(pid)


def test_an_answer_that_cannot_cross_is_a_failure_not_a_hang(host: ChildHost) -> None:
    with pytest.raises(EngineFailed, match="could not be sent"):
        host.run(UpscaleRequest(png=b""), Run())


def test_the_child_is_modest_and_offline(host: ChildHost) -> None:
    told = host.run(SoundRequest(midi=b""), Run())
    assert told == {
        "nice": str(min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)),
        "offline": "1",
        "device": "cpu",
        "threads": str(devices.threads()),
    }


def test_a_cancel_reaches_the_engine(host: ChildHost) -> None:
    token = CancelToken()
    threading.Timer(0.1, token.cancel).start()
    start_s = time.monotonic()
    with pytest.raises(Cancelled):
        host.run(words(1000), Run(token=token))
    assert time.monotonic() - start_s < 1.5
    assert host.run(words(1), Run()).tokens == 1


def test_a_failing_listener_ends_the_job_in_the_child_too(host: ChildHost) -> None:
    def gone(progress: Progress) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        host.run(words(1000), Run(report=gone))
    start_s = time.monotonic()
    host.run(words(1), Run())  # waits for the lane of words
    assert time.monotonic() - start_s < 1.5


def test_the_memory_is_told_without_asking(host: ChildHost, heard: list[MemoryStatus]) -> None:
    host.run(words(1), Run())
    wait_until(lambda: host.memory().working_bytes == 0)
    assert [resident.key for resident in host.memory().residents] == ["toy:text"]
    host.free_memory()
    wait_until(lambda: host.memory().used_bytes == 0)
    assert heard[-1] == host.memory()


def test_a_wish_about_the_memory_holds_at_once_and_in_the_next_process(host: ChildHost) -> None:
    host.run(words(1), Run())
    host.configure_memory(MemoryOptions(limit_bytes=MIB))
    wait_until(lambda: host.memory().budget_bytes == MIB)
    host.end_engines()
    assert host.memory().budget_bytes == 0
    host.run(words(1), Run())
    wait_until(lambda: host.memory().budget_bytes == MIB)
    host.configure_memory(MemoryOptions())
    wait_until(lambda: host.memory().budget_bytes > MIB)


def test_ending_the_engines_costs_their_jobs_and_frees_all(host: ChildHost) -> None:
    at_work = threading.Event()
    outcomes: list[BaseException] = []

    def job() -> None:
        try:
            host.run(words(2000), Run(report=lambda progress: at_work.set()))
        except EngineLost as error:
            outcomes.append(error)

    thread = threading.Thread(target=job)
    thread.start()
    assert at_work.wait(5.0)
    pid = host.pid
    assert pid is not None
    start_s = time.monotonic()
    host.end_engines()
    assert time.monotonic() - start_s < 2.0
    assert not psutil.pid_exists(pid)
    assert host.pid is None
    thread.join()
    assert len(outcomes) == 1
    assert host.memory().used_bytes == 0
    host.end_engines()  # there is nothing left to end
    assert int(host.run(words(1), Run()).text) != pid


def test_what_will_come_is_told_without_starting_anything(host: ChildHost) -> None:
    host.end_engines()
    host.expect(["text:"])
    assert host.pid is None
    host.run(words(1), Run())
    host.expect(["text:", "image:sd15"])
    assert host.run(words(1), Run()).tokens == 1


def test_many_jobs_and_cancels_leave_nothing_behind(host: ChildHost) -> None:
    outcomes: list[str] = []

    def work(lane: int) -> None:
        for i in range(20):
            token = CancelToken()
            timer = threading.Timer(0.003 * i, token.cancel)
            if i % 2:
                timer.start()
            try:
                host.run(words(2), Run(token=token))
                outcomes.append("done")
            except Cancelled:
                outcomes.append("cancelled")
            if i % 2:
                timer.join()

    def soak() -> tuple[int, int, int]:
        threads = [threading.Thread(target=work, args=(lane,)) for lane in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        child, parent = psutil.Process(host.pid), psutil.Process()

        def least(count: Callable[[], int]) -> int:
            counts = []
            for _ in range(20):  # what is open for a moment only is no leak
                counts.append(count())
                time.sleep(0.02)
            return min(counts)

        return least(parent.num_fds), least(child.num_fds), child.num_threads()

    first, second = soak(), soak()
    assert second[0] <= first[0] and second[1] <= first[1]
    assert second[2] <= first[2] + 4  # the pool may meet a busier moment
    assert len(outcomes) == 160
    assert outcomes.count("done") >= 80


def test_the_keyboards_interrupt_is_the_parents(host: ChildHost) -> None:
    pid = host.pid
    assert pid is not None
    os.kill(pid, signal.SIGINT)
    assert int(host.run(words(1), Run()).text) == pid


def test_a_killed_child_costs_its_jobs_and_nothing_else(host: ChildHost) -> None:
    lost_s: list[float] = []
    at_work = threading.Barrier(3)

    def job(request: TextRequest | PlanRequest) -> None:
        reports: list[Progress] = []

        def report(progress: Progress) -> None:
            reports.append(progress)
            if len(reports) == 1:
                at_work.wait()

        try:
            host.run(request, Run(report=report))
        except EngineLost:
            lost_s.append(time.monotonic())

    # Of the two, one works and the other waits in the child for the lane of words.
    requests = (words(2000), PlanRequest(brief="2000", seed=1))
    threads = [threading.Thread(target=job, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    at_work.wait()
    pid = host.pid
    assert pid is not None
    killed_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert len(lost_s) == 2
    assert max(lost_s) - killed_s < 1.0
    assert host.memory().used_bytes == 0
    assert int(host.run(words(1), Run()).text) not in (pid, os.getpid())
    assert not psutil.pid_exists(pid)


@pytest.mark.usefixtures("threads_end")
def test_nothing_starts_before_it_is_needed_and_a_closed_host_stays_closed() -> None:
    host = ChildHost(options=OPTIONS)
    host.free_memory()
    assert host.pid is None
    assert host.memory().budget_bytes == 0
    host.close()
    host.close()
    with pytest.raises(EngineLost):
        host.run(words(1), Run())


@pytest.mark.usefixtures("threads_end")
def test_warming_does_not_wait_and_closing_while_starting_is_bounded() -> None:
    host = ChildHost(options=OPTIONS)
    start_s = time.monotonic()
    host.warm()
    assert time.monotonic() - start_s < 0.05
    host.close()
    assert time.monotonic() - start_s < 8.0


def test_the_child_ends_with_a_killed_parent() -> None:
    script = (
        "from engines.host import ChildHost, HostOptions\n"
        "from engines.api import Run, TextRequest\n"
        "from tests.engines.toy_engines import PLACES\n"
        "host = ChildHost(options=HostOptions(device='cpu', places=PLACES))\n"
        "host.run(TextRequest(prompt='1', seed=1), Run())\n"
        "print(host.pid, flush=True)\n"
        "host.run(TextRequest(prompt='100000', seed=1), Run())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    wait_until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    """Whether a process works; one that ended but was not collected by init does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
