"""Jobs in threads, step by step: start one, wait for a fact, join."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE_S = 5.0


def in_thread(work: Callable[[], None]) -> threading.Thread:
    """Start `work` in a thread of its own."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(fact: Callable[[], bool]) -> None:
    """Wait for a fact, at most some seconds."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)
