"""Runs a trace of jobs against a device of a given size, with a policy that evicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engines.bench.decisions import thread_clock_s
from engines.bench.traces import PARTS, PHASES, Job
from engines.memory.policy import Idle, Policy

REST_OF_PRESS = -1
"""The known queue is what remains of what the user started with one press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run moved, and how long each decision took."""

    moved_bytes: int
    decisions_ms: tuple[float, ...]


def known_queue(jobs: Sequence[Job], at: int, look_ahead: int) -> tuple[str, ...]:
    """Return the labels of the jobs that wait while job `at` runs.

    Args:
        jobs: The whole trace.
        at: The running job's place in it.
        look_ahead: How many of the next jobs are known, or `REST_OF_PRESS`.
    """
    if look_ahead >= 0:
        return tuple(job.label for job in jobs[at + 1 : at + 1 + look_ahead])
    queue = []
    for job in jobs[at + 1 :]:
        if job.press != jobs[at].press:
            break
        queue.append(job.label)
    return tuple(queue)


class Replay:
    """A device on which one job runs after the other."""

    def __init__(self, policy: Policy, budget_bytes: int, *, empties: bool = False) -> None:
        """Begin with an empty device.

        Args:
            policy: Chooses what leaves.
            budget_bytes: For weights and working memory together.
            empties: Everything leaves when a job of other models begins.
        """
        self._policy = policy
        self._budget_bytes = budget_bytes
        self._empties = empties
        self._last_use: dict[str, int] = {}
        self._leases = 0
        self._moved_bytes = 0
        self._decisions_ms: list[float] = []

    def run(self, jobs: Sequence[Job], look_ahead: int = 0) -> Outcome:
        """Run all jobs and return what it took."""
        for at, job in enumerate(jobs):
            self._policy.began(job.label)
            self._policy.expect(known_queue(jobs, at, look_ahead))
            for number, keys in enumerate(PHASES[job.label]):
                if number == 0 and self._empties and not any(k in self._last_use for k in keys):
                    self._last_use.clear()
                self._lease(keys)
        return Outcome(moved_bytes=self._moved_bytes, decisions_ms=tuple(self._decisions_ms))

    def _lease(self, keys: Sequence[str]) -> None:
        missing_bytes = sum(PARTS[key].size_bytes for key in keys if key not in self._last_use)
        working_bytes = max(PARTS[key].working_bytes for key in keys)
        used_bytes = sum(PARTS[key].size_bytes for key in self._last_use)
        short_bytes = used_bytes + missing_bytes + working_bytes - self._budget_bytes
        if short_bytes > 0:
            self._evict(keys, short_bytes)
        self._policy.used(keys)
        self._leases += 1
        for key in keys:
            self._last_use[key] = self._leases
        self._moved_bytes += missing_bytes

    def _evict(self, spare: Sequence[str], short_bytes: int) -> None:
        idle = [
            Idle(key=key, size_bytes=PARTS[key].size_bytes, last_use=last_use, load_s=0.0)
            for key, last_use in self._last_use.items()
            if key not in spare
        ]
        start_s = thread_clock_s()
        victims = self._policy.victims(idle, short_bytes)
        self._decisions_ms.append((thread_clock_s() - start_s) * 1000.0)
        for victim in victims:
            short_bytes -= PARTS[victim.key].size_bytes
            del self._last_use[victim.key]
        if short_bytes > 0:
            raise RuntimeError(f"{type(self._policy).__name__} left {short_bytes} bytes too few")
