"""A shortage at each place where an engine takes memory: the job goes on or fails alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from engines.api import OutOfMemory, Request, Run
from engines.host import LocalHost
from engines.memory.manager import MemoryManager
from tests.engines import tiny_studio
from tests.engines.shortages import FailAt

WARM_SLICE, COLD_SLICE = 11, 4
"""Points of each work that are tried in every run; `test --all` tries them all."""

WORKS = (*tiny_studio.ASKS, "filled")


class Sweep:
    """One engine's short job, tried with a shortage at one place after the other."""

    def __init__(self, host: LocalHost, memory: MemoryManager, request: Request) -> None:
        self._host = host
        self._memory = memory
        self._request = request
        self._wanted = self.answer()
        self.outcomes: Counter[str] = Counter()

    def answer(self) -> bytes:
        return tiny_studio.substance(self._host.run(self._request, Run()))

    def points(self, *, cold: bool) -> list[int]:
        """Count where memory is taken: while models load, or all over if they are there."""
        if cold:
            self._memory.free_idle()
        with FailAt() as counting:
            assert self.answer() == self._wanted
        return counting.while_loading if cold else list(range(1, counting.count + 1))

    def swept(self, points: Iterable[int], *, cold: bool) -> None:
        """Fail at each point and look at what is left."""
        for point in points:
            if cold:
                self._memory.free_idle()
            self._fail_at(point)
            status = self._memory.status()
            assert status.working_bytes == 0, point
            assert not any(resident.leased for resident in status.residents), point
            assert self.answer() == self._wanted, point
        self._memory.free_idle()
        assert self._memory.status().used_bytes == 0
        assert self._memory.status().residents == ()

    def _fail_at(self, point: int) -> None:
        try:
            with FailAt([point]):
                answer = self.answer()
        except OutOfMemory:
            self.outcomes["failed alone"] += 1
        else:
            assert answer == self._wanted, point
            self.outcomes["went on"] += 1


def request_of(work: str, models: Path) -> Request:
    """Return the request for a kind of work."""
    return tiny_studio.filled(models) if work == "filled" else tiny_studio.ASKS[work]()


def slice_of(points: list[int], count: int) -> list[int]:
    """Choose some points, the same ones in each run."""
    return sorted(random.Random(20261123).sample(points, min(count, len(points))))


@pytest.mark.parametrize("work", WORKS)
def test_a_job_goes_on_after_a_shortage_or_fails_alone(
    host: LocalHost, memory: MemoryManager, models: Path, work: str
) -> None:
    sweep = Sweep(host, memory, request_of(work, models))
    sweep.swept(slice_of(sweep.points(cold=False), WARM_SLICE), cold=False)
    sweep.swept(slice_of(sweep.points(cold=True), COLD_SLICE), cold=True)
    assert sweep.outcomes["went on"] >= 0.8 * sweep.outcomes.total()


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_all_places(
    host: LocalHost,
    memory: MemoryManager,
    models: Path,
    work: str,
    cold: bool,
    record_property: pytest.FixtureRequest,
) -> None:
    sweep = Sweep(host, memory, request_of(work, models))
    points = sweep.points(cold=cold)
    sweep.swept(points, cold=cold)
    record_property("points", len(points))
    record_property("outcomes", dict(sweep.outcomes))
    assert sweep.outcomes.total() == len(points)
    assert sweep.outcomes["went on"] >= 0.9 * len(points)
