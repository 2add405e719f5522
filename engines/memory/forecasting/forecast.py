"""Evicts what is least likely to be missed, seen from the jobs that wait and those likely after.

The known queue and a table of which job follows which give some possible
futures. From them each idle component has an expected loss: what reloading it
costs, times how likely and how soon it is used again. The subsets of idle
components that would do, cheapest by that loss first, are then rehearsed in
each future, for what one eviction costs depends on what must leave next; the
subset that is cheapest on average goes. All of it is bounded in work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engines.memory.forecasting.experience import Experience, Place
from engines.memory.forecasting.jobtable import ORDER, History
from engines.memory.forecasting.outlook import Outlook
from engines.memory.forecasting.subsets import cheapest
from engines.memory.policy import Idle, Victim

CHOICES = 5
"""How many of the cheapest subsets are rehearsed."""
LEAN = 0.02
"""How much the expected loss counts beside the rehearsals, which see only some futures."""
DISK_BYTES_PER_S = 1e9
"""Taken for a component whose load was never timed."""


def reload_seconds(idle: Idle) -> float:
    """Return how long it would take to have `idle` back."""
    return idle.load_s if idle.load_s > 0 else idle.size_bytes / DISK_BYTES_PER_S


class ForecastPolicy:
    """Learns the user's ways job by job, and keeps what they will want again."""

    def __init__(self, cost: Callable[[Idle], float] = reload_seconds) -> None:
        """Begin without experience.

        Args:
            cost: What it costs to load a component again, in any unit.
        """
        self._cost = cost
        self._experience = Experience()
        self._history: History = ()
        self._queue: tuple[str, ...] = ()
        self._outlook: Outlook | None = None
        self._decided = False
        self._was_short = False

    def expect(self, labels: Sequence[str]) -> None:
        """Take the known queue, the next job first."""
        if tuple(labels) != self._queue:
            self._queue = tuple(labels)
            self._think_ahead()

    def began(self, label: str) -> None:
        """Learn that `label` followed the jobs before it."""
        job = self._experience.jobs.number(label)
        self._experience.jobs.learn(self._history, job)
        self._history = (*self._history, job)[-ORDER:]
        self._experience.profiles.began(label)
        self._decided = False
        self._think_ahead()

    def used(self, keys: Sequence[str]) -> None:
        """Learn which components the running job uses now."""
        self._experience.profiles.used(keys)
        self._decided = False

    def wanted(self) -> tuple[str, ...]:
        """Return the keys that the next known job will use, soonest first."""
        if not self._queue:
            return ()
        phases = self._experience.profiles.phases(self._queue[0])
        return tuple(dict.fromkeys(key for keys in phases for key in keys))

    def table(self) -> dict[str, Any]:
        """Return what was learned as plain values for JSON, for `load` in the next run."""
        return self._experience.as_plain()

    def load(self, table: Mapping[str, Any]) -> bool:
        """Go on from what an earlier run learned; False, and no change, if it is not that."""
        try:
            self._experience = Experience.from_plain(table)
        except ValueError:
            return False
        self._history = ()
        self._was_short = self._experience.was_short
        self._outlook = None
        return True

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        """Return the sufficient subset of `idle` with the least expected cost."""
        if needed_bytes <= 0:
            return ()
        known = self._experience
        real = [component for component in idle if component.size_bytes > 0]
        for component in real:
            known.stock.put(known.bit(component.key), component.size_bytes, self._cost(component))
        self._was_short = True
        first, self._decided = not self._decided, True
        place = self._place()
        if first and place is not None:
            self._note_limit(place, sum(c.size_bytes for c in real) - needed_bytes)
        outlook = self._look_ahead()
        losses = self._losses(real, outlook, place)
        choices = cheapest(losses, [c.size_bytes for c in real], needed_bytes, CHOICES)
        chosen = choices[0]
        if first and place is not None and len(choices) > 1:
            chosen = self._rehearsed(real, losses, choices, outlook, place)
        return tuple(
            Victim(key=real[at].key, reason=outlook.reason(known.bit(real[at].key)))
            for at in chosen
        )

    def _think_ahead(self) -> None:
        """Take a new outlook: before it is asked for, if memory was ever short."""
        self._outlook = None
        if self._was_short:
            self._look_ahead()

    def _look_ahead(self) -> Outlook:
        """Return what may follow the running job."""
        if self._outlook is None:
            job = self._experience.profiles.current
            label = job.label if job else ""
            self._outlook = Outlook(self._experience, self._history, self._queue, label)
        return self._outlook

    def _place(self) -> Place | None:
        """The running job's label and the number of the phase that is about to begin."""
        job = self._experience.profiles.current
        return (job.label, len(job.phases)) if job else None

    def _note_limit(self, place: Place, idle_limit_bytes: int) -> None:
        """Learn how many bytes of weights fit in the phase that is about to begin."""
        masks = self._experience.phase_masks(place[0])
        if place[1] < len(masks):
            own_bytes = self._experience.stock.total_bytes(masks[place[1]])
            self._experience.note_limit(place, idle_limit_bytes + own_bytes)

    def _losses(self, idle: Sequence[Idle], outlook: Outlook, place: Place | None) -> list[float]:
        """What evicting each of `idle` is expected to cost; in full what this job still needs."""
        known = self._experience
        rest = 0
        if place is not None:
            for mask in known.phase_masks(place[0])[place[1] :]:
                rest |= mask
        losses = []
        for component in idle:
            bit = known.bit(component.key)
            likely = 1.0 if bit & rest else outlook.likelihood(bit)
            losses.append(likely * known.stock.cost[bit])
        return losses

    def _rehearsed(
        self,
        idle: Sequence[Idle],
        losses: Sequence[float],
        choices: Sequence[tuple[int, ...]],
        outlook: Outlook,
        place: Place,
    ) -> tuple[int, ...]:
        """Return which of `choices` costs least on average over the possible futures."""
        known = self._experience
        label, number = place
        present = known.mask(component.key for component in idle)
        own = known.phase_masks(label)[number : number + 1]
        present |= own[0] if own else 0
        kept = [present & ~known.mask(idle[at].key for at in choice) for choice in choices]
        costs = outlook.mean_costs(kept, number)
        expected = [
            cost + LEAN * sum(losses[at] for at in choice)
            for cost, choice in zip(costs, choices, strict=True)
        ]
        return choices[min(range(len(choices)), key=expected.__getitem__)]
