"""A network whose memory is known, and what the tests on a card let it do.

Everything here takes the device as an argument, so that it is tried on the
processor wherever the tests run.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engines.api import Cancelled, CancelToken, MemoryOptions, Run
from engines.formats import safetensors
from engines.memory.device import Device
from engines.memory.ladder import Ladder, Rung
from engines.memory.lease import Component, Working
from engines.memory.manager import MemoryManager
from engines.memory.weights.footprints import Footprint, footprint
from engines.memory.weights.modules import component
from engines.memory.working import WorkingSets

MIB = 2**20
FLOAT_BYTES = 4


class Tower(nn.Module):
    """Square layers one after the other, of weights from a seed."""

    def __init__(self, width: int, layers: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        for layer in self.layers:
            layer.weight.data.normal_(std=width**-0.5, generator=generator)
        self.requires_grad_(False)

    def forward(self, rows: Tensor) -> Tensor:
        for layer in self.layers:
            rows = torch.relu(layer(rows)) + rows
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tower to be made."""

    key: str
    width: int = 1024
    layers: int = 16
    seed: int = 0

    @property
    def weights(self) -> Footprint:
        """Count its weights without making it."""
        square = self.width * self.width
        described = {
            f"layers.{number}.{name}": safetensors.Tensor("F32", shape, 0)
            for number in range(self.layers)
            for name, shape in (("weight", (self.width, self.width)), ("bias", (self.width,)))
        }
        assert footprint(described).castable == square * self.layers
        return footprint(described)

    @property
    def size_bytes(self) -> int:
        return self.weights.whole_bytes(FLOAT_BYTES)

    def component(self, device: str) -> Component[Tower]:
        """Return what is leased."""

        def load(place: str) -> Tower:
            return Tower(self.width, self.layers, self.seed).to(place)

        return component(self.key, self.weights, FLOAT_BYTES, load, device)


def rows_of(count: int, width: int, device: str) -> Tensor:
    """Return rows of numbers that are the same each time."""
    rows = torch.linspace(-1, 1, count, device=device).unsqueeze(1)
    return rows * torch.linspace(0, 1, width, device=device)


def working(rows: int, *, model: str = "tower") -> Working:
    """Describe a pass over that many rows; the estimate is wrong on purpose."""
    return Working(operation="test.climb", estimate_bytes=rows * 512 + MIB, model=model, size=rows)


def climb(memory: MemoryManager, plan: Plan, rows: int, run: Run | None = None) -> Tensor:
    """Do one job: lease the tower and let it work on `rows`; returns the first ten."""
    run = run or Run()
    with memory.lease(plan.component(memory.device), working=working(rows), run=run) as (tower,):
        run.step(0, 2)
        result = tower(rows_of(rows, plan.width, memory.device))
        run.step(1, 2)
        return result[:10].cpu()


def misses(device: Device, measured: Sequence[int], asked: Sequence[int]) -> dict[int, float]:
    """Work on the `measured` numbers of rows, then predict the `asked` ones and measure them.

    Returns:
        By number of rows, how far off the prediction was, as a share of the peak.
        Ask for 80,000 rows or more: smaller tensors (40 MB) the processor's
        allocator takes from what it kept, and the peak does not show them.
    """
    plan = Plan(key="test:tower", width=128, layers=2)
    warm = MemoryManager(device)
    climb(warm, plan, 64)  # libraries take workspaces of their own the first time
    warm.free_idle()
    sets = WorkingSets()
    memory = MemoryManager(device, working_sets=sets)
    for rows in measured:
        climb(memory, plan, rows)
    found: dict[int, float] = {}
    for rows in asked:
        predicted_bytes = sets.predict(working(rows))
        climb(memory, plan, rows)
        peak_bytes = sets.last_bytes(working(rows))
        assert peak_bytes > 0, "the peak could not be told"
        found[rows] = abs(predicted_bytes - peak_bytes) / peak_bytes
    memory.free_idle()
    return found


class Batches:
    """A pass over many rows in batches that a rung of the ladder can halve."""

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows
        self.batch = len(rows)

    def halve(self) -> bool:
        """Work on half as many rows at once; there are no batches of less than one row."""
        self.batch = max(1, self.batch // 2)
        return self.batch > 1

    def run(self, tower: Any, device: str) -> Tensor:
        """Return all rows' results, in main memory."""
        parts = [tower(part.to(device)).cpu() for part in self._rows.split(self.batch)]
        return torch.cat(parts)


def climb_down(memory: MemoryManager, plan: Plan, batches: Batches, halvings: int) -> Tensor:
    """Do one job that may run short, with a ladder of `halvings` rungs."""
    run, work = Run(), working(batches.batch)
    with memory.lease(plan.component(memory.device), working=work, run=run) as (tower,):
        rungs = [Rung(name="half the batch", climb=batches.halve)] * halvings
        ladder = Ladder(memory, run, work, rungs)
        return ladder(lambda: batches.run(tower, memory.device))


def soak(device: Device, plans: Sequence[Plan], jobs: int, seed: int) -> dict[str, int]:
    """Let many jobs share room for all but one of the towers; some are cancelled.

    Returns:
        How many were done and how many cancelled; after it nothing is held.
    """
    rows = 256
    weights_bytes = [plan.size_bytes for plan in plans]
    limit_bytes = sum(weights_bytes) - min(weights_bytes) // 2
    memory = MemoryManager(device)
    memory.configure(MemoryOptions(headroom_bytes=0, limit_bytes=limit_bytes + 8 * MIB))
    draw, tally = random.Random(seed), {"done": 0, "cancelled": 0}
    wanted = {plan.key: climb(memory, plan, rows) for plan in plans}
    for _ in range(jobs):
        plan, token = draw.choice(plans), CancelToken()
        if draw.random() < 0.2:
            token.cancel()
        try:
            result = climb(memory, plan, rows, Run(token=token))
        except Cancelled:
            tally["cancelled"] += 1
            continue
        finally:
            status = memory.measure()
            assert status.used_bytes <= status.budget_bytes
            assert status.ram_used_bytes <= status.ram_budget_bytes
            assert not any(resident.leased for resident in status.residents)
        assert torch.equal(result, wanted[plan.key])
        tally["done"] += 1
    memory.free_idle()
    assert memory.status().used_bytes == 0 and not memory.status().residents
    return tally
