"""Random histories of one memory manager on a simulated card, and what must always hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engines.api import Cancelled, CancelToken, MemoryOptions, OutOfMemory, Run, Tier
from engines.memory.lease import Component, Working
from engines.memory.manager import MemoryManager
from engines.memory.policy import LeastRecentlyUsed
from engines.memory.simulated import Block, Shortage, SimulatedDevice, Weights

CARD_BYTES = 1000
RAM_BYTES = 600
KEYS = ("clip", "lm", "music", "unet", "vae")


def work(estimate_bytes: int = 0, operation: str = "work", size: int = 0) -> Working:
    """Return working memory by the engine's reckoning."""
    return Working(operation=operation, estimate_bytes=estimate_bytes, size=size)


def catalogue(device: SimulatedDevice) -> dict[str, Component[Weights]]:
    """Return components of all kinds: some park, some have smaller ways, one is huge."""
    return {
        "clip": device.component("clip", 200, parks=True),
        "lm": device.component("lm", 270, smaller=[("int8", 150, False)]),
        "music": device.component("music", 60),
        "unet": device.component(
            "unet", 500, parks=True, smaller=[("offload", 180, True), ("fp8", 130, False)]
        ),
        "vae": device.component("vae", 120, parks=True),
    }


class Expecting(LeastRecentlyUsed):
    """The least recently used go; what comes next is as the test says."""

    def __init__(self) -> None:
        self.next: tuple[str, ...] = ()

    def wanted(self) -> tuple[str, ...]:
        return self.next


@dataclass(eq=False)
class Job:
    """One open lease of the test's."""

    stack: ExitStack
    run: Run
    keys: tuple[str, ...]
    values: list[Any]
    blocks: list[Block] = field(default_factory=list)

    def end(self) -> None:
        self.values.clear()
        self.blocks.clear()
        self.stack.close()

    def fail(self) -> None:
        """Run short inside the lease."""
        self.values.clear()
        self.blocks.clear()
        try:
            with self.stack:
                raise Shortage(1)
        except OutOfMemory:
            return
        raise AssertionError("a shortage did not become ours")


class MemoryMachine(RuleBasedStateMachine):
    """Jobs come and go, loads fail, other programs take and give, the user changes his mind."""

    def __init__(self) -> None:
        super().__init__()
        self.device = SimulatedDevice(CARD_BYTES, "cuda", ram_bytes=RAM_BYTES, fragments=True)
        self.policy = Expecting()
        self.memory = MemoryManager(self.device, policy=self.policy, patience_s=0.0)
        self.parts = catalogue(self.device)
        self.jobs: list[Job] = []

    def _lease(self, keys: Sequence[str], estimate_bytes: int, run: Run) -> Job:
        stack = ExitStack()
        parts = [self.parts[key] for key in keys]
        lease = self.memory.lease(*parts, working=work(estimate_bytes), run=run)
        return Job(stack, run, tuple(keys), list(stack.enter_context(lease)))

    @rule(
        keys=st.lists(st.sampled_from(KEYS), unique=True, max_size=3),
        estimate_bytes=st.integers(0, 400),
        fail_at=st.sampled_from((0, 0, 0, 1, 2, 3, 4, 6)),
        cancel=st.sampled_from((False, False, False, True)),
    )
    def acquire(self, keys: list[str], estimate_bytes: int, fail_at: int, cancel: bool) -> None:
        """Ask for a lease; a failure leaves nothing of it behind."""
        before = self.memory.status()
        token = CancelToken()
        self.device.fail_at = fail_at
        self.device.at_allocation = token.cancel if cancel else None
        try:
            job = self._lease(keys, estimate_bytes, Run(token=token))
        except (OutOfMemory, Cancelled) as error:
            assert cancel or isinstance(error, OutOfMemory)
            after = self.memory.status()
            assert after.working_bytes == before.working_bytes
            assert after.works == before.works
            known = {resident.key for resident in before.residents}
            assert {resident.key for resident in after.residents} <= known
            on_card = {r.key for r in before.residents if r.tier is Tier.DEVICE}
            assert {r.key for r in after.residents if r.tier is Tier.DEVICE} <= on_card
        else:
            self.jobs.append(job)
            status = self.memory.status()
            assert status.used_bytes <= status.budget_bytes <= self.device.budget_bytes()
        finally:
            self.device.fail_at = 0
            self.device.at_allocation = None

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 9), fails=st.booleans())
    def release(self, which: int, fails: bool) -> None:
        """End one of the jobs."""
        job = self.jobs.pop(which % len(self.jobs))
        if fails:
            job.fail()
        else:
            job.end()

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 9), size_bytes=st.integers(1, 300), evict=st.booleans())
    def compute(self, which: int, size_bytes: int, evict: bool) -> None:
        """Take working memory and give it back; a job that runs short has idle things leave."""
        try:
            self.device.allocate(size_bytes)
        except Shortage:
            evict = True
        job = self.jobs[which % len(self.jobs)]
        before = self.device.allocated_bytes
        freed_bytes = self.memory.relieve(job.run, evict=evict)
        assert self.device.allocated_bytes == before - freed_bytes
        idle = [r for r in self.memory.status().residents if not r.leased]
        assert not evict or all(resident.tier is Tier.RAM for resident in idle)

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 9), key=st.sampled_from(KEYS))
    def hold_and_wait(self, which: int, key: str) -> None:
        """A job that holds a lease is refused another."""
        job = self.jobs[which % len(self.jobs)]
        before = self.memory.status()
        try:
            self._lease([key], 0, job.run)
        except OutOfMemory:
            after = self.memory.status()
            assert (after.residents, after.works) == (before.residents, before.works)
        else:
            raise AssertionError("a job got two leases")

    @precondition(lambda self: self.jobs)
    @rule(which=st.integers(0, 9), fail_at=st.sampled_from((0, 0, 1, 2, 3)))
    def shrink(self, which: int, fail_at: int) -> None:
        """A job has one of its components reloaded smaller; if that fails, it ends."""
        job = self.jobs[which % len(self.jobs)]
        self.device.fail_at = fail_at
        try:
            for place, key in enumerate(job.keys):
                job.values[place] = self.memory.shrink(job.run, key) or job.values[place]
        except OutOfMemory:
            self.jobs.remove(job)
        self.device.fail_at = 0
        if job not in self.jobs:
            job.fail()

    @rule(
        keys=st.lists(st.sampled_from(KEYS), unique=True, min_size=1, max_size=3),
        estimate_bytes=st.integers(0, 200),
    )
    def run_a_phase(self, keys: list[str], estimate_bytes: int) -> None:
        """A lease is granted and ends at once, if there is room beside the others."""
        try:
            job = self._lease(keys, estimate_bytes, Run())
        except OutOfMemory:
            assert self.jobs or self.device.budget_bytes() < CARD_BYTES
        else:
            job.end()

    @rule(
        card_bytes=st.sampled_from((0, 0, 0, 0, 150, 400, 700)),
        ram_bytes=st.sampled_from((0, 0, 0, 250, 500)),
    )
    def others_use_the_machine(self, card_bytes: int, ram_bytes: int) -> None:
        """Other programs take some of the memory, or give it back."""
        self.device.card.others_bytes = card_bytes
        self.device.ram.others_bytes = ram_bytes

    @rule(
        limit_bytes=st.sampled_from((0, 0, 500, 900)),
        ram_bytes=st.sampled_from((-1, -1, 0, 250)),
        headroom_bytes=st.sampled_from((-1, 100)),
    )
    def configure(self, limit_bytes: int, ram_bytes: int, headroom_bytes: int) -> None:
        """The user changes what the memory may take, and it holds at once."""
        options = MemoryOptions(
            limit_bytes=limit_bytes, ram_bytes=ram_bytes, headroom_bytes=headroom_bytes
        )
        self.memory.configure(options)
        self._keeps_to_the_budget()

    @rule(wanted=st.lists(st.sampled_from(KEYS), max_size=2), fail_at=st.sampled_from((0, 0, 1, 2)))
    def tend(self, wanted: list[str], fail_at: int) -> None:
        """The keeper looks; what is loaded ahead fits without evicting anything."""
        self.policy.next = tuple(wanted)
        self.memory.expect(wanted)
        self.device.fail_at = fail_at
        self.memory.tend()
        self.device.fail_at = 0
        self._keeps_to_the_budget()

    @rule(really=st.sampled_from((False, False, False, True)), parked=st.booleans())
    def free(self, really: bool, parked: bool) -> None:
        """The user asks for the card, now and then."""
        if not really:
            return
        self.memory.free_idle(parked=parked)
        for resident in self.memory.status().residents:
            assert resident.leased or (not parked and resident.tier is Tier.RAM)

    def _keeps_to_the_budget(self) -> None:
        status = self.memory.status()
        if not status.budget_bytes:
            return
        idle = [r for r in status.residents if not r.leased]
        assert status.used_bytes <= status.budget_bytes or all(r.tier is Tier.RAM for r in idle), (
            "over the budget with something idle"
        )
        assert status.ram_used_bytes <= status.ram_budget_bytes

    @invariant()
    def the_books_balance(self) -> None:
        status = self.memory.status()
        held = dict.fromkeys(Tier, 0)
        for resident in status.residents:
            held[resident.tier] += resident.size_bytes
        assert status.used_bytes == held[Tier.DEVICE] + status.working_bytes
        assert status.ram_used_bytes == held[Tier.RAM] == self.device.ram.allocated_bytes
        assert self.device.card.allocated_bytes == held[Tier.DEVICE]
        assert len(status.works) == len(self.jobs)
        assert status.working_bytes == sum(work.predicted_bytes for work in status.works)

    @invariant()
    def the_leased_stay(self) -> None:
        residents = {r.key: r for r in self.memory.status().residents}
        leased = {key for key, resident in residents.items() if resident.leased}
        assert leased == {key for job in self.jobs for key in job.keys}
        for job in self.jobs:
            for key, value in zip(job.keys, job.values, strict=True):
                assert value.is_in(self.device.card)
                assert (value.size_bytes, value.way) == (
                    residents[key].size_bytes,
                    residents[key].fitting,
                )

    def teardown(self) -> None:
        for job in self.jobs:
            job.end()
        self.jobs.clear()
        self.memory.free_idle()
        status = self.memory.status()
        assert (status.used_bytes, status.ram_used_bytes, status.residents) == (0, 0, ())
        assert self.device.card.allocated_bytes == self.device.ram.allocated_bytes == 0
