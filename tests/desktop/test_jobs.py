"""The job queue: order, progress, cancel, failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs import HISTORY_LIMIT, Job, JobQueue, JobState, Lane
from desktop.queue_order import Waiting
from engines.api import EngineLost, ImageRequest, Run


@pytest.fixture
def queue(qapp: object) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    assert queue.close()


def _ignore(result: object) -> None:
    pass


def test_work_runs_off_the_window_thread_and_its_result_comes_home(queue: JobQueue) -> None:
    home = threading.get_ident()
    seen: list[tuple[int, int]] = []

    def work(run: Run) -> int:
        return threading.get_ident()

    queue.submit("Work", work, lambda worker: seen.append((worker, threading.get_ident())))
    assert queue.wait_idle()
    [(worker, receiver)] = seen
    assert worker != home
    assert receiver == home


def test_one_lane_keeps_its_order_and_runs_one_at_a_time(queue: JobQueue) -> None:
    gate = threading.Event()
    order: list[int] = []

    def first(run: Run) -> None:
        gate.wait(5)
        order.append(1)

    one = queue.submit("One", first, _ignore)
    two = queue.submit("Two", lambda run: order.append(2), _ignore)
    assert queue.job(one.id).state is JobState.RUNNING
    assert queue.job(two.id).state is JobState.QUEUED
    gate.set()
    assert queue.wait_idle()
    assert order == [1, 2]


def test_lanes_do_not_wait_for_each_other(queue: JobQueue) -> None:
    gate = threading.Event()
    queue.submit("Slow", lambda run: gate.wait(5), _ignore, Lane.ENGINE)
    done = threading.Event()
    queue.submit("Save", lambda run: done.set(), _ignore, Lane.FILE)
    assert done.wait(5)
    gate.set()
    assert queue.wait_idle()


def test_progress_reaches_the_window_at_most_twenty_times_a_second(queue: JobQueue) -> None:
    changes: list[Job] = []
    queue.changed.connect(changes.append)
    gate = threading.Event()

    def work(run: Run) -> None:
        for i in range(2000):
            run.step(i, 2000, f"word {i}" if i % 7 == 0 else None)
        gate.wait(0.12)

    job = queue.submit("Count", work, _ignore)
    assert queue.wait_idle()
    with_progress = [change for change in changes if change.progress is not None]
    assert 1 <= len(with_progress) <= 12
    assert queue.job(job.id).progress is not None
    assert queue.job(job.id).preview == "word 1995"


def test_cancel_ends_a_running_job_and_adds_nothing(queue: JobQueue) -> None:
    results: list[object] = []
    started = threading.Event()

    def work(run: Run) -> str:
        started.set()
        while True:
            run.step(0, 1)

    job = queue.submit("Endless", work, results.append)
    assert started.wait(5)
    queue.cancel(job.id)
    assert queue.job(job.id).cancelling
    assert queue.wait_idle()
    assert queue.job(job.id).state is JobState.CANCELLED
    assert results == []


def test_cancelling_a_waiting_job_is_immediate(queue: JobQueue) -> None:
    gate = threading.Event()
    ran: list[int] = []
    queue.submit("One", lambda run: gate.wait(5), _ignore)
    two = queue.submit("Two", lambda run: ran.append(2), _ignore)
    queue.cancel(two.id)
    assert queue.job(two.id).state is JobState.CANCELLED
    gate.set()
    assert queue.wait_idle()
    assert ran == []


def test_finish_this_one_drop_the_rest(queue: JobQueue) -> None:
    gate = threading.Event()
    done: list[int] = []
    queue.submit("One", lambda run: gate.wait(5), lambda _: done.append(1))
    for i in range(2, 5):
        queue.submit(str(i), lambda run: None, lambda _, i=i: done.append(i))  # type: ignore[misc]
    queue.cancel_all_queued()
    gate.set()
    assert queue.wait_idle()
    assert done == [1]


def test_finish_reaches_the_engine_of_the_job_that_runs(queue: JobQueue) -> None:
    begun, told = threading.Event(), list[bool]()

    def draw(run: Run) -> int:
        begun.set()
        for _ in range(500):
            if run.token.finishing:
                break
            threading.Event().wait(0.01)
        told.append(run.token.finishing)
        run.token.check()
        return 1

    done: list[int] = []
    request = ImageRequest(prompt="a fox", seed=1, count=4)
    job = queue.submit("Draw", draw, done.append, request=request)
    assert queue.job(job.id).makes_several
    assert begun.wait(5)
    queue.cancel_all_queued()
    assert queue.job(job.id).finishing
    assert queue.wait_idle()
    assert (told, done) == ([True], [1])
    assert queue.job(job.id).state is JobState.DONE


def test_a_job_that_waits_or_is_over_has_nothing_to_finish(queue: JobQueue) -> None:
    gate = threading.Event()
    queue.submit("One", lambda run: gate.wait(5), _ignore)
    two = queue.submit("Two", lambda run: None, _ignore)
    queue.finish(two.id)
    assert not queue.job(two.id).finishing
    gate.set()
    assert queue.wait_idle()
    queue.finish(two.id)
    assert not queue.job(two.id).finishing
    assert not two.makes_several


def test_a_lost_engine_costs_one_job_and_the_next_goes_on(queue: JobQueue) -> None:
    done: list[str] = []

    def lost(run: Run) -> None:
        raise EngineLost

    bad = queue.submit("Lost", lost, _ignore)
    queue.submit("Next", lambda run: "fine", done.append)
    assert queue.wait_idle()
    assert queue.job(bad.id).state is JobState.FAILED
    assert isinstance(queue.job(bad.id).error, EngineLost)
    assert done == ["fine"]


def test_the_order_is_asked_for_and_those_gone_before_are_counted(queue: JobQueue) -> None:
    gate = threading.Event()
    done: list[int] = []
    asked: list[tuple[Waiting, ...]] = []

    def last(waiting: Sequence[Waiting]) -> Waiting:
        asked.append(tuple(waiting))
        return waiting[-1]

    queue.order_by(last)
    queue.submit("One", lambda run: gate.wait(5), _ignore)
    for i in (2, 3, 4):
        queue.submit(
            str(i),
            lambda run: None,
            lambda _, i=i: done.append(i),
            labels=(f"text:{i}",),  # type: ignore[misc]
        )
    gate.set()
    assert queue.wait_idle()
    assert done == [4, 3, 2]
    assert [w.label for w in asked[0]] == ["text:2", "text:3", "text:4"]
    assert [job.overtaken for job in queue.jobs] == [0, 2, 1, 0]


def test_what_will_be_asked_is_told_when_it_changes(queue: JobQueue) -> None:
    gate = threading.Event()
    told: list[tuple[str, ...]] = []
    queue.expected_changed.connect(told.append)
    queue.submit("One", lambda run: gate.wait(5), _ignore, labels=("plan:a", "image:b"))
    two = queue.submit("Two", lambda run: None, _ignore, labels=("text:c",))
    queue.submit("Save", lambda run: None, _ignore, Lane.FILE)
    queue.cancel(two.id)
    gate.set()
    assert queue.wait_idle()
    assert told == [("image:b",), ("image:b", "text:c"), ("image:b",), ()]


def test_retry_does_the_same_work_as_a_new_job(queue: JobQueue) -> None:
    outcomes = iter([ValueError("first"), "second"])
    done: list[str] = []

    def work(run: Run) -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    first = queue.submit("Try", work, done.append)
    assert queue.wait_idle()
    again = queue.retry(first.id)
    assert queue.wait_idle()
    assert again.id != first.id
    assert queue.job(again.id).state is JobState.DONE
    assert done == ["second"]


def test_only_the_latest_ended_jobs_are_kept(queue: JobQueue, qtbot: QtBot) -> None:
    for i in range(HISTORY_LIMIT + 5):
        queue.submit(str(i), lambda run: None, _ignore)
    assert queue.wait_idle()
    assert len(queue.jobs) == HISTORY_LIMIT
    queue.forget_ended()
    assert queue.jobs == ()


def test_close_ends_a_job_that_runs(qapp: object) -> None:
    queue = JobQueue()
    started = threading.Event()

    def work(run: Run) -> None:
        started.set()
        while True:
            run.step(0, 1)

    queue.submit("Endless", work, _ignore)
    assert started.wait(5)
    assert queue.close()
