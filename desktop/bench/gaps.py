"""How long the window's event loop stands still."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 2


class GapMeter(QObject):
    """A fast timer that notes the longest time between two of its ticks."""

    def __init__(self) -> None:
        super().__init__()
        self._last_s = time.perf_counter()
        self._last_own_s = time.thread_time()
        self._longest_s = 0.0
        self._own_s = 0.0
        self.over_limit = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._on_tick)

    @property
    def longest_ms(self) -> float:
        return self._longest_s * 1000.0

    @property
    def own_ms(self) -> float:
        """How long the window's thread itself worked at most between two ticks.

        The rest of a gap is the processor's being busy elsewhere.
        """
        return self._own_s * 1000.0

    def start(self) -> None:
        """Begin anew."""
        self._longest_s = self._own_s = 0.0
        self.over_limit = 0
        self._last_s = time.perf_counter()
        self._last_own_s = time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _on_tick(self) -> None:
        now_s, own_s = time.perf_counter(), time.thread_time()
        gap_s = now_s - self._last_s
        self._own_s = max(self._own_s, own_s - self._last_own_s)
        self._last_s, self._last_own_s = now_s, own_s
        self._longest_s = max(self._longest_s, gap_s)
        self.over_limit += gap_s > 0.050
