"""What `tests/gpu` does on a card, tried on the processor, so that only the card is new there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engines.api import MemoryOptions, OutOfMemory
from engines.memory.device import CpuDevice
from engines.memory.manager import MemoryManager
from tests.gpu.towers import Batches, Plan, Tower, climb, climb_down, rows_of, soak

TARGET_MISS = 0.15
ROOT = Path(__file__).resolve().parents[2]
PREDICTING = """
from engines.memory.device import CpuDevice
from tests.gpu.towers import misses
same = misses(CpuDevice(), (100_000, 100_000, 100_000), (100_000,))
others = misses(CpuDevice(), (80_000, 120_000, 160_000), (100_000, 240_000))
print(max(*same.values(), *others.values()))
"""
"""For a process of its own: what other tests freed, the allocator would hand out unseen."""


class ShortOver:
    """Lets a tower refuse more rows at once than it is told, as torch does on the processor."""

    def __init__(self, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
        forward = Tower.forward

        def limited(tower: Tower, rows: torch.Tensor) -> torch.Tensor:
            if len(rows) > most:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return forward(tower, rows)

        monkeypatch.setattr(Tower, "forward", limited)


@pytest.fixture
def memory() -> MemoryManager:
    return MemoryManager(CpuDevice())


def test_a_plan_knows_the_size_of_its_tower() -> None:
    plan = Plan(key="test:plan", width=64, layers=3)
    tower = plan.component("cpu").load("cpu")
    assert sum(p.numel() * p.element_size() for p in tower.parameters()) == plan.size_bytes
    assert [way.name for way in plan.component("cuda").smaller] == ["offload", "fp8"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the peak be set back")
def test_predictions_on_the_processor_are_within_fifteen_percent() -> None:
    command = [sys.executable, "-c", PREDICTING]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    assert 0 <= float(told.stdout) <= TARGET_MISS


def test_a_job_that_runs_short_halves_its_batch(
    memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, rows = Plan(key="test:short", width=64, layers=2), rows_of(64, 64, "cpu")
    expected = climb_down(memory, plan, Batches(rows), halvings=0)
    climb(memory, Plan(key="test:idle", width=64, layers=2), 8)
    ShortOver(16, monkeypatch)
    batches = Batches(rows)
    result = climb_down(memory, plan, batches, halvings=4)
    assert batches.batch == 16
    torch.testing.assert_close(result, expected)
    reasons = {event.reason for event in memory.status().events}
    assert {"empty cache", "evict idle", "half the batch"} <= reasons
    assert [r.key for r in memory.status().residents] == ["test:short"]


def test_a_job_that_cannot_go_on_fails_alone(
    memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(key="test:hopeless", width=64, layers=2)
    with monkeypatch.context() as short:
        ShortOver(0, short)
        with pytest.raises(OutOfMemory):
            climb_down(memory, plan, Batches(rows_of(8, 64, "cpu")), halvings=2)
    assert memory.status().working_bytes == 0
    assert climb(memory, plan, 16).shape == (10, 64)


def test_a_short_soak_shares_less_than_all_need() -> None:
    plans = [Plan(key=f"test:soak{n}", width=256, layers=4 + n, seed=n) for n in range(3)]
    tally = soak(CpuDevice(), plans, jobs=60, seed=1)
    assert sum(tally.values()) == 60 and tally["cancelled"] > 0


def test_options_reach_the_device(memory: MemoryManager) -> None:
    memory.configure(MemoryOptions(headroom_bytes=0, limit_bytes=1000))
    assert memory.measure().budget_bytes == 1000
