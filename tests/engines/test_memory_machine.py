"""The memory's invariants under random histories on a simulated device."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engines.api import MemoryStatus, OutOfMemory, Run
from engines.memory.manager import MemoryManager
from engines.memory.simulated import Block, SimulatedDevice

SIZES = {"words": 270, "unet": 500, "vae": 120, "clip": 200, "music": 60}


class MemoryMachine(RuleBasedStateMachine):
    """Jobs come and go, loads fail, other programs take and give."""

    def __init__(self) -> None:
        super().__init__()
        self.device = SimulatedDevice(1000)
        self.memory = MemoryManager(self.device, patience_s=0.0)
        self.open: list[tuple[ExitStack, dict[str, Block], int]] = []

    @rule(
        keys=st.sets(st.sampled_from(sorted(SIZES)), max_size=4),
        working_bytes=st.integers(0, 400),
        fail_at=st.integers(0, 3),
    )
    def acquire(self, keys: set[str], working_bytes: int, fail_at: int) -> None:
        """Ask for a lease; a failure leaves nothing of it behind."""
        before = self.memory.status()
        self.device.fail_at = fail_at
        parts = [self.device.component(key, SIZES[key]) for key in sorted(keys)]
        stack = ExitStack()
        try:
            blocks: tuple[Any, ...] = stack.enter_context(
                self.memory.lease(*parts, working_bytes=working_bytes, run=Run())
            )
        except OutOfMemory as error:
            assert error.needed_bytes == working_bytes + sum(SIZES[key] for key in keys)
            self._no_trace_of_it(before)
        else:
            self.open.append((stack, dict(zip(sorted(keys), blocks, strict=True)), working_bytes))
            status = self.memory.status()
            assert status.used_bytes <= status.budget_bytes == self.device.budget_bytes()
        finally:
            self.device.fail_at = 0

    def _no_trace_of_it(self, before: MemoryStatus) -> None:
        after = self.memory.status()
        assert set(after.residents) <= set(before.residents)
        assert after.working_bytes == before.working_bytes
        assert {r.key for r in after.residents if r.leased} == {
            r.key for r in before.residents if r.leased
        }

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """End one of the jobs."""
        stack, blocks, _ = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        blocks.clear()
        stack.close()

    @precondition(lambda self: self.open)
    @rule()
    def overload(self) -> None:
        """A job that holds a lease is refused another."""
        run = Run()
        try:
            with self.memory.lease(working_bytes=0, run=run):
                before = self.memory.status()
                try:
                    with self.memory.lease(working_bytes=0, run=run):
                        raise AssertionError("a job got two leases")
                except OutOfMemory:
                    assert self.memory.status() == before
        except OutOfMemory:
            assert self.device.foreign_bytes

    @rule(foreign_bytes=st.integers(0, 600))
    def others_use_the_device(self, foreign_bytes: int) -> None:
        """Another program takes some of the device, or gives it back."""
        self.device.foreign_bytes = foreign_bytes

    @rule()
    def free(self) -> None:
        """The user asks for the device."""
        self.memory.free_idle()
        assert all(resident.leased for resident in self.memory.status().residents)

    @invariant()
    def the_books_balance(self) -> None:
        status = self.memory.status()
        weights = sum(resident.size_bytes for resident in status.residents)
        assert status.used_bytes == weights + status.working_bytes
        assert status.working_bytes == sum(working for _, _, working in self.open)
        assert self.device.allocated_bytes == weights

    @invariant()
    def the_leased_stay(self) -> None:
        leased = {r.key for r in self.memory.status().residents if r.leased}
        assert leased == {key for _, blocks, _ in self.open for key in blocks}

    def teardown(self) -> None:
        for stack, blocks, _ in self.open:
            blocks.clear()
            stack.close()
        self.open.clear()
        self.memory.free_idle()
        assert self.memory.status().used_bytes == 0
        assert self.device.allocated_bytes == 0


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
