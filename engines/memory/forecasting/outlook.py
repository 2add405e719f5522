"""The possible futures of one moment, and what they say of each component."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engines.memory.forecasting.experience import Experience
from engines.memory.forecasting.jobtable import History
from engines.memory.forecasting.rehearsal import Rehearsal, bits

FUTURES = 32
JOBS_AHEAD = 24
"""How many possible futures are drawn, and how many jobs each has."""
MOST_EVENTS = 200
"""Rehearsed events in one decision; after them it is decided by what is known."""
HALVINGS = (6, 12)
"""After so many rehearsed futures only the better half of the choices goes on."""
SOON_JOBS = 6
"""What a reason calls "the next jobs"."""
LATER = 0.85
"""How much a use counts less for each job that comes before it."""
NEVER = 1e-6
"""Taken for the chance of what no future shows, so that size still counts."""


class Outlook:
    """What may follow the running job, drawn once for it and the queue behind it."""

    def __init__(
        self, experience: Experience, history: History, queue: Sequence[str], running: str
    ) -> None:
        """Draw the futures.

        Args:
            experience: What was learned.
            history: The last jobs, the running one last.
            queue: The jobs that wait, the next first.
            running: The running job's label, or empty.
        """
        jobs = experience.jobs
        self._waiting = min(len(queue), JOBS_AHEAD)
        numbers = tuple(jobs.number(label) for label in queue[:JOBS_AHEAD])
        futures = jobs.futures(history, numbers, FUTURES, JOBS_AHEAD)
        self._count = max(1, len(futures))
        self._soon: dict[int, int] = {}
        self._worth: dict[int, float] = {}
        self._queued: dict[int, int] = {}
        masks = [experience.phase_masks(label) for label in jobs.labels]
        limits = [experience.limits(label) for label in jobs.labels]
        self._survey(futures, masks)
        own = (experience.phase_masks(running), experience.limits(running))
        self._own_phases = len(own[0])
        self._rehearsals = []
        for future in futures:
            all_masks, all_limits = own[0][:], own[1][:]
            for job in future:
                all_masks += masks[job]
                all_limits += limits[job]
            self._rehearsals.append(Rehearsal(all_masks, all_limits, experience.stock))

    def _survey(self, futures: Sequence[History], masks: Sequence[Sequence[int]]) -> None:
        """Count how often and how soon each component is used."""
        wholes = []
        for phases in masks:
            whole = 0
            for mask in phases:
                whole |= mask
            wholes.append(whole)
        for future in futures:
            seen = 0
            for ahead, job in enumerate(future):
                fresh = wholes[job] & ~seen
                seen |= fresh
                for bit in bits(fresh):
                    self._worth[bit] = self._worth.get(bit, 0.0) + LATER**ahead
                    if ahead < self._waiting:
                        self._queued[bit] = ahead + 1
                    if ahead < SOON_JOBS:
                        self._soon[bit] = self._soon.get(bit, 0) + 1

    def likelihood(self, bit: int) -> float:
        """Return how likely a component is used again, less for a later use; never nothing."""
        return self._worth.get(bit, 0.0) / self._count + NEVER

    def mean_costs(self, residents: Sequence[int], phase: int) -> list[float]:
        """Return what each choice of residents costs on average, up to a sum common to all.

        The worse half is given up after a few futures, and again after some
        more; it costs infinitely much.

        Args:
            residents: The components that stay, for each choice.
            phase: The number of the running job's phase that is about to begin.
        """
        start = min(phase + 1, self._own_phases)
        sums = dict.fromkeys(range(len(residents)), 0.0)
        events = rehearsed = 0
        for rehearsal in self._rehearsals:
            if rehearsed in HALVINGS and len(sums) > 2:
                better = sorted(sums, key=sums.__getitem__)[: (len(sums) + 1) // 2]
                sums = {choice: sums[choice] for choice in better}
            costs, met = rehearsal.costs([residents[choice] for choice in sums], start)
            for choice, cost in zip(sums, costs, strict=True):
                sums[choice] += cost
            rehearsed += 1
            events += met
            if events >= MOST_EVENTS:
                break
        times = max(1, rehearsed)
        return [sums[at] / times if at in sums else math.inf for at in range(len(residents))]

    def reason(self, bit: int) -> str:
        """Say in plain words what is known of a component's next use."""
        if bit in self._queued:
            return f"needed only by job {self._queued[bit]} of the {self._waiting} that wait"
        likely = 100.0 * self._soon.get(bit, 0) / self._count
        chance = f"{likely:.0f}% likely within the next {SOON_JOBS}"
        if self._waiting == 0:
            return f"no job waits; {chance}"
        if self._waiting == 1:
            return f"not needed by the job that waits; {chance}"
        return f"not needed by the {self._waiting} jobs that wait; {chance}"
