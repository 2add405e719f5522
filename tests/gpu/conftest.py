"""What the tests on a real card share: they are skipped by name where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engines.memory.device import CudaDevice

_figures: dict[str, str] = {}


@pytest.fixture(autouse=True)
def card(request: pytest.FixtureRequest) -> CudaDevice:
    """Give the card's memory; without a card the test is skipped, and says which it was."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip(f"{request.node.name} needs an NVIDIA card, and torch sees none here")
    device = CudaDevice()
    device.budget_bytes()
    return device


@pytest.fixture(autouse=True)
def whole_card(card: CudaDevice) -> Iterator[None]:
    """Let go of everything before and after, and of any cap a test put on the card."""
    import torch

    torch.cuda.set_per_process_memory_fraction(1.0)
    card.trim()
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)
    card.trim()


@pytest.fixture
def figure() -> Callable[[str, str], None]:
    """Give what writes a measured figure under the tests' outcome."""
    return _figures.__setitem__


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was measured, and on which card."""
    if not _figures:
        return
    import torch

    terminalreporter.section(f"measured on {torch.cuda.get_device_name()}")
    for name, value in _figures.items():
        terminalreporter.write_line(f"{name}: {value}")
