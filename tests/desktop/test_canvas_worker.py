"""The thread that draws for the canvas and the timeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from shiboken6 import delete

from desktop.canvas.view import CanvasView
from desktop.canvas.worker import Worker

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.session import Session


@pytest.fixture
def worker(qapp: object) -> Iterator[Worker]:
    worker = Worker("test")
    yield worker
    assert worker.close()
    assert not worker.alive


@pytest.fixture
def gate(worker: Worker) -> threading.Event:
    """Hold the thread in an order of its own until the gate is opened."""
    gate = threading.Event()
    begun = threading.Event()

    def hold() -> None:
        begun.set()
        gate.wait(5.0)

    worker.ask("gate", hold, lambda result: None)
    assert begun.wait(5.0)
    return gate


def test_work_is_done_on_the_thread_and_told_on_the_gui_thread(
    qtbot: QtBot, worker: Worker
) -> None:
    threads: list[int] = []
    worker.ask(
        "a", threading.get_ident, lambda ident: threads.extend((ident, threading.get_ident()))
    )
    qtbot.waitUntil(lambda: len(threads) == 2, timeout=5000)
    assert threads[1] == threading.get_ident() != threads[0]


def test_only_the_newest_order_of_a_key_is_answered(
    qtbot: QtBot, worker: Worker, gate: threading.Event
) -> None:
    got: list[int] = []
    for number in range(5):
        worker.ask("a", lambda number=number: number, got.append)
    gate.set()
    qtbot.waitUntil(lambda: not worker.busy, timeout=5000)
    assert got == [4]


def test_urgent_orders_go_first(qtbot: QtBot, worker: Worker, gate: threading.Event) -> None:
    got: list[str] = []
    worker.ask("a", lambda: "a", got.append)
    worker.ask("b", lambda: "b", got.append)
    worker.ask("c", lambda: "c", got.append, urgent=True)
    gate.set()
    qtbot.waitUntil(lambda: len(got) == 3, timeout=5000)
    assert got == ["c", "a", "b"]


def test_a_forgotten_order_is_not_answered(
    qtbot: QtBot, worker: Worker, gate: threading.Event
) -> None:
    got: list[str] = []
    worker.ask("a", lambda: "a", got.append)
    worker.ask("b", lambda: "b", got.append)
    worker.forget("a")
    gate.set()
    qtbot.waitUntil(lambda: not worker.busy, timeout=5000)
    assert got == ["b"]


def test_without_work_there_is_no_thread(qtbot: QtBot, worker: Worker) -> None:
    worker.ask("a", lambda: 1, lambda result: None)
    qtbot.waitUntil(lambda: not worker.busy and not worker.alive, timeout=5000)
    worker.ask("a", lambda: 2, lambda result: None)
    assert worker.busy
    qtbot.waitUntil(lambda: not worker.busy, timeout=5000)


def test_a_destroyed_view_ends_its_thread(qtbot: QtBot, session: Session) -> None:
    view = CanvasView(session)
    worker = view.worker
    worker.ask("long", lambda: threading.Event().wait(0.1), lambda result: None)
    delete(view)
    assert not worker.alive
    session.select_all()
