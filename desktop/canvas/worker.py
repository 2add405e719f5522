"""One thread for drawing that must not hold up the window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")

CLOSE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Order:
    """Something to work out, and who gets the result."""

    key: Hashable
    work: Callable[[], Any]
    then: Callable[[Any], None]


class Worker(QObject):
    """Works out one thing after the other on a thread; a newer order replaces a waiting one.

    The thread starts with the first order and ends when none is left, so an
    idle worker has no thread. `ask`, `forget` and `close` belong to the GUI
    thread, and results arrive there.
    """

    idle = Signal()
    _ended = Signal(object, object)  # _Order, result

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, _Order] = {}
        self._current: dict[Hashable, _Order] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return bool(self._current)

    @property
    def alive(self) -> bool:
        """Whether the thread runs at this moment."""
        return self._thread is not None and self._thread.is_alive()

    def ask(
        self,
        key: Hashable,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        urgent: bool = False,
    ) -> None:
        """Work something out on the thread; only the newest order of a key is answered.

        An `urgent` order goes before all that wait.
        """
        if self._closed:
            return
        order = _Order(key, work, then)
        self._current[key] = order
        with self._lock:
            self._waiting.pop(key, None)
            self._waiting = (
                {key: order, **self._waiting} if urgent else {**self._waiting, key: order}
            )
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def forget(self, key: Hashable) -> None:
        """Drop an order; a result that comes late is dropped too."""
        self._current.pop(key, None)
        with self._lock:
            self._waiting.pop(key, None)

    def close(self, *sender: object) -> bool:
        """Drop everything and wait for the thread; True if it ended.

        Takes what `QObject.destroyed` sends, to be its slot.
        """
        self._closed = True
        self._current.clear()
        with self._lock:
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_TIMEOUT_S)
            return not thread.is_alive()
        return True

    def _run(self) -> None:
        try:
            while (order := self._next()) is not None:
                result = order.work()
                if not self._closed:
                    self._ended.emit(order, result)
        finally:
            with self._lock:
                self._thread = None

    def _next(self) -> _Order | None:
        with self._lock:
            if not self._waiting:
                # Under the lock, so that `ask` never counts on a thread that is leaving.
                self._thread = None
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def _on_ended(self, order: _Order, result: Any) -> None:
        if self._current.get(order.key) is order:
            del self._current[order.key]
            order.then(result)
        if not self._current:
            self.idle.emit()
