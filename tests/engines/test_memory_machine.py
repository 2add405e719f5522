"""The memory's invariants under random histories on a simulated card."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.engines.memory_machine import MemoryMachine

TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(
    max_examples=1000,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
