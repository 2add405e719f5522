"""What the engines' tests share: services without a card, and proof that threads end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.api import Request, Run
from engines.catalog import Catalog
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services

GIB = 2**30


@pytest.fixture
def device() -> SimulatedDevice:
    """A device of 1,000 bytes."""
    return SimulatedDevice(1000)


@pytest.fixture
def memory(device: SimulatedDevice) -> MemoryManager:
    """A manager that does not wait long."""
    return MemoryManager(device, patience_s=5.0)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Services over the real library and a made-up processor memory of 16 GiB.

    Nobody can be asked: a test of one engine needs no other.
    """

    def nobody(request: Request, run: Run) -> Any:
        raise AssertionError(f"the engine asked another: {request}")

    catalog = Catalog(library=tmp_path / "library")
    return Services(catalog, MemoryManager(SimulatedDevice(16 * GIB)), nobody)


@pytest.fixture
def threads_end() -> Iterator[None]:
    """Prove that every thread the test started has ended within two seconds."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    left = set(threading.enumerate()) - before
    while left and time.monotonic() < deadline:
        for thread in left:
            thread.join(0.05)
        left = set(threading.enumerate()) - before
    assert not left
