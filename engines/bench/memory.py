"""How many bytes the memory policy moves, beside other policies and the exact optimum.

400 jobs of simulated work on devices of four sizes. The policy is the one that
the application uses, driven through the same interface. It knows the three
jobs that wait behind the running one, and what it learned before from traces
of other seeds; the table also shows what it does with more, less and none of
either. Belady's rule knows the whole future, the optimum too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.bench.baselines import Belady, LongestUnused, SmallestSet
from engines.bench.decisions import decisions_ms, percentile
from engines.bench.optimum import fewest_bytes
from engines.bench.replay import REST_OF_PRESS, Outcome, Replay
from engines.bench.traces import GB, PARTS, PHASES, Job, leases, trace
from engines.memory.forecasting.forecast import ForecastPolicy
from engines.memory.policy import Idle

JOBS = 400
SEEDS = 5
BUDGETS_GB = (8, 10, 12, 16)
LOOK_AHEAD = 3
"""The known queue in the figure that counts."""
TAUGHT_SEEDS = range(1000, 1040)
"""Traces that the table is learned from before; never those that are measured."""
REPLAYED_SEEDS = range(1040, 1044)
"""Other traces, run on the device itself, from which the room in each phase is learned."""
COMPONENTS = 50
DECISIONS = 300
TARGETS = {8: 1.10, 10: 1.10, 12: 1.15, 16: 1.20}

WAYS: dict[str, tuple[int, bool]] = {
    "ours": (LOOK_AHEAD, True),
    "ours_queue_0": (0, True),
    "ours_queue_1": (1, True),
    "ours_queue_press": (REST_OF_PRESS, True),
    "ours_untaught": (LOOK_AHEAD, False),
}
"""For each figure of ours: the known queue, and whether it learned from other traces before."""

HEADINGS = {
    "ours": f"ours, the next {LOOK_AHEAD} jobs known",
    "ours_queue_0": "ours, no queue known",
    "ours_queue_1": "ours, the next job known",
    "ours_queue_press": "ours, the rest of what was started known",
    "ours_untaught": f"ours, the next {LOOK_AHEAD} jobs known, from an empty table",
    "lru": "least recently used",
    "smallest": "smallest set that is enough",
    "belady": "greedy Belady, knows the whole future",
    "unload": "unload when another model is needed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Bytes moved over the optimum, by size and policy: the mean over the seeds of each ratio."""

    ratios: Mapping[int, Mapping[str, float]]
    decision_ms_p99: float
    replay_ms_p99: float

    def as_plain(self) -> dict[str, Any]:
        """Return the figures for scripts."""
        return {
            "gb": {
                str(gb): {name: round(ratio, 4) for name, ratio in row.items()}
                for gb, row in self.ratios.items()
            },
            "decision_ms_p99": round(self.decision_ms_p99, 3),
            "replay_decision_ms_p99": round(self.replay_ms_p99, 3),
            "look_ahead_jobs": LOOK_AHEAD,
            "mean": "of the seeds' ratios",
        }


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns the exit code, 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="bench memory")
    parser.add_argument("--json", action="store_true", help="print figures for scripts")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many traces are measured")
    options = parser.parse_args(argv)
    if options.seeds < 1:
        parser.error("--seeds must be at least 1")
    figures = measure(range(options.seeds))
    if options.json:
        sys.stdout.write(json.dumps(figures.as_plain()) + "\n")
    else:
        sys.stdout.write(table(figures))
    return 0 if reached(figures) else 1


def measure(
    seeds: Sequence[int],
    *,
    jobs: int = JOBS,
    budgets_gb: Sequence[int] = BUDGETS_GB,
    decisions: int = DECISIONS,
    ways: Sequence[str] = tuple(WAYS),
) -> Figures:
    """Run every policy on every trace and size; of ours, the `ways` named."""
    traces = [trace(jobs, seed) for seed in seeds]
    took_ms: list[float] = []
    ratios = {gb: _row(traces, gb * GB, ways, took_ms) for gb in budgets_gb}
    return Figures(
        ratios=ratios,
        decision_ms_p99=percentile(decisions_ms(COMPONENTS, decisions), 99.0),
        replay_ms_p99=percentile(took_ms, 99.0),
    )


def reached(figures: Figures) -> bool:
    """Say whether all that was asked of the policy holds."""
    below = all(
        row["ours"] <= TARGETS.get(gb, float("inf"))
        and row["ours"] <= min(row[name] for name in ("lru", "smallest", "belady", "unload"))
        for gb, row in figures.ratios.items()
    )
    return below and figures.decision_ms_p99 < 1.0


def table(figures: Figures) -> str:
    """Return the figures as lines to read."""
    sizes = list(figures.ratios)
    lines = [
        "Bytes moved over the exact optimum (mean of the seeds' ratios)",
        "".join([f"{'':58}", *(f"{gb:>5} GB" for gb in sizes)]),
    ]
    for name, heading in HEADINGS.items():
        if any(name not in row for row in figures.ratios.values()):
            continue
        cells = "".join(f"{figures.ratios[gb][name]:8.3f}" for gb in sizes)
        lines.append(f"{heading:58}{cells}")
    targets = "".join(f"{TARGETS[gb]:8.3f}" if gb in TARGETS else f"{'':8}" for gb in sizes)
    lines.append(f"{'to be reached':58}{targets}")
    lines.append(
        f"One decision, 99 of 100: {figures.decision_ms_p99:.2f} ms among {COMPONENTS} components,"
        f" {figures.replay_ms_p99:.2f} ms in these traces (processor time)"
    )
    return "\n".join(lines) + "\n"


def _row(
    traces: Sequence[Sequence[Job]],
    budget_bytes: int,
    ways: Sequence[str],
    took_ms: list[float],
) -> dict[str, float]:
    """All policies at one size."""
    fewest = [fewest_bytes(leases(jobs), budget_bytes, PARTS) for jobs in traces]

    def mean(run: Callable[[Sequence[Job]], Outcome]) -> float:
        moved = [run(jobs).moved_bytes for jobs in traces]
        return statistics.mean(got / best for got, best in zip(moved, fewest, strict=True))

    row = {}
    for name in ways:
        look_ahead, taught = WAYS[name]
        learned = teach(budget_bytes, look_ahead) if taught else None

        def ours(
            jobs: Sequence[Job],
            look_ahead: int = look_ahead,
            learned: Mapping[str, Any] | None = learned,
        ) -> Outcome:
            outcome = Replay(_policy(learned), budget_bytes).run(jobs, look_ahead)
            took_ms.extend(outcome.decisions_ms)
            return outcome

        row[name] = mean(ours)
    row["lru"] = mean(lambda jobs: Replay(LongestUnused(), budget_bytes).run(jobs))
    row["smallest"] = mean(lambda jobs: Replay(SmallestSet(), budget_bytes).run(jobs))
    row["belady"] = mean(lambda jobs: Replay(Belady(leases(jobs)), budget_bytes).run(jobs))
    row["unload"] = mean(lambda jobs: Replay(LongestUnused(), budget_bytes, empties=True).run(jobs))
    return row


def teach(budget_bytes: int, look_ahead: int) -> dict[str, Any]:
    """Return what a policy learns from the traces of other seeds, on a device of this size."""
    policy = _policy(None)
    for seed in TAUGHT_SEEDS:
        for job in trace(JOBS, seed):
            policy.began(job.label)
            for keys in PHASES[job.label]:
                policy.used(keys)
    for seed in REPLAYED_SEEDS:
        Replay(policy, budget_bytes).run(trace(JOBS, seed), look_ahead)
    return policy.table()


def _policy(learned: Mapping[str, Any] | None) -> ForecastPolicy:
    """The application's policy, with bytes for the cost of loading."""
    policy = ForecastPolicy(cost=_size_bytes)
    if learned is not None and not policy.load(learned):
        raise RuntimeError("the policy does not read its own table")
    return policy


def _size_bytes(idle: Idle) -> float:
    return float(idle.size_bytes)
