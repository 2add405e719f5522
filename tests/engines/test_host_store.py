"""What the host keeps of the memory: bounded, in order, and nothing broken in it stops anything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.api import Change, MemoryEvent, MemoryOptions
from engines.host import HostOptions, outlook
from engines.hosting.keeper import Keeper
from engines.hosting.learning import LearningPolicy
from engines.hosting.store import KEPT_EVENTS, Store
from engines.memory.lease import Working
from engines.memory.working import WorkingSets


def event(number: int) -> MemoryEvent:
    return MemoryEvent(
        number=number,
        at_s=1e9 + number,
        change=Change.EVICT,
        key=f"text:m{number}:model:bfloat16",
        size_bytes=number,
        seconds=0.5,
        reason="least likely to be needed: 4 %",
    )


def log_of(folder: Path) -> Path:
    return folder / "events.jsonl"


def test_events_come_back_in_order(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "deep" / "memory"))
    store.note([event(1), event(2)])
    store.note([event(2), event(3)])  # a status repeats what it told before
    assert store.events() == (event(1), event(2), event(3))
    assert not store.is_behind([event(3)])
    assert store.is_behind([event(3), event(4)])


def test_a_new_manager_counts_from_one_again(tmp_path: Path) -> None:
    Store(str(tmp_path)).note([event(1), event(2)])
    Store(str(tmp_path)).note([event(1)])
    assert Store(str(tmp_path)).events() == (event(1), event(2), event(1))


def test_the_log_stays_short(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for number in range(1, 5 * KEPT_EVENTS):
        store.note([event(number)])
    lines = log_of(tmp_path).read_text().splitlines()
    assert len(lines) <= 2 * KEPT_EVENTS
    assert store.events()[-1] == event(5 * KEPT_EVENTS - 1)
    assert len(store.events()) == KEPT_EVENTS
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[1]",
        "\x00\ufffd",
        '{"version": 2}',
        '{"version": 1, "change": "evict"}',
        json.dumps({"version": 1, "number": -1, "at_s": 1, "change": "evict", "key": "k",
                    "size_bytes": 1}),
        json.dumps({"version": 1, "number": 1, "at_s": "x", "change": "evict", "key": "k",
                    "size_bytes": 1}),
        json.dumps({"version": 1, "number": 1, "at_s": 1, "change": "explode", "key": "k",
                    "size_bytes": 1}),
        '{"version": 1, "number": 1, "at_s": NaN, "change": "evict", "key": "k", "size_bytes": 1}',
        "[" * 1900,
        "x" * 5000,
    ],
)  # fmt: skip
def test_a_broken_line_is_left_out(line: str, tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.note([event(1)])
    with log_of(tmp_path).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    store.note([event(2)])
    assert store.events() == (event(1), event(2))


def test_what_the_policy_learned_is_there_in_the_next_run(tmp_path: Path) -> None:
    policy = LearningPolicy()
    for label in ("text:a", "image:b") * 3:
        policy.began(label)
        policy.used([f"{label}:model:bfloat16"])
    assert policy.learned is not None
    Store(str(tmp_path)).keep_forecast(policy.learned)
    before = Store(str(tmp_path)).forecast()
    assert before is not None
    again = LearningPolicy(before)
    assert again.table() == policy.learned


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 9}', '{"version": 1, "jobs": 3}'])
def test_a_broken_table_is_begun_anew(text: str, tmp_path: Path) -> None:
    (tmp_path / "forecast.json").write_text(text)
    assert LearningPolicy(Store(str(tmp_path)).forecast()).table() == LearningPolicy().table()


def test_without_a_folder_nothing_is_kept() -> None:
    store = Store("")
    store.note([event(1)])
    assert store.events() == ()
    assert store.working_sets("cpu") is None


def test_a_folder_that_cannot_be_made_costs_only_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(str(tmp_path / "file" / "memory"))
    store.note([event(1)])
    assert "cannot be written" in caplog.text
    assert store.events() == ()


def test_the_outlook_tells_what_was_learned_without_an_engine(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.note([event(1)])
    sets = WorkingSets(store.working_sets("cpu"))
    sets.measured(Working(operation="toy.count", estimate_bytes=5, model="m", size=3), 100)
    sets.save()
    options = HostOptions(store=str(tmp_path), memory=MemoryOptions(limit_bytes=1000))
    seen = outlook(options)
    assert seen.status.device == "cpu"
    assert seen.status.budget_bytes == 1000
    assert seen.status.total_bytes > seen.status.headroom_bytes > 0
    [work] = seen.works
    assert (work.operation, work.model, work.size, work.measured_bytes) == (
        "toy.count",
        "m",
        3,
        100,
    )
    assert seen.events == (event(1),)


def test_the_outlook_of_a_card_comes_from_its_driver() -> None:
    options = HostOptions(memory=MemoryOptions(headroom_bytes=100, limit_bytes=5000))
    status = outlook(options, card_bytes=(8000, 6000)).status
    assert (status.device, status.budget_bytes, status.foreign_bytes) == ("cuda", 5000, 2000)
    free = HostOptions(memory=MemoryOptions(headroom_bytes=100))
    assert outlook(free, card_bytes=(8000, 6000)).status.budget_bytes == 5900


def test_the_keeper_sleeps_while_it_is_not_needed(threads_end: None) -> None:
    looks: list[int] = []
    needed = False
    keeper = Keeper(lambda: looks.append(1), lambda: needed, every_s=0.01)
    _wait(lambda: keeper._woken.is_set() is False)
    assert looks == []
    needed = True
    keeper.wake()
    _wait(lambda: len(looks) > 2)
    keeper.close()
    assert not keeper._thread.is_alive()


def test_a_failure_ends_no_keeper(threads_end: None, caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []

    def tend() -> None:
        looks.append(1)
        raise ValueError("the driver is gone")

    keeper = Keeper(tend, lambda: True, every_s=0.01)
    _wait(lambda: len(looks) > 2)
    keeper.close()
    assert "the driver is gone" in caplog.text


def _wait(fact: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.002)
