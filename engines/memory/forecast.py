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

from engines.memory.jobtable import ORDER, History, JobTable
from engines.memory.policy import Idle, Victim
from engines.memory.profiles import Profiles
from engines.memory.rehearsal import Rehearsal, Stock, bits
from engines.memory.subsets import cheapest

FUTURES = 24
JOBS_AHEAD = 24
"""How many possible futures are drawn, and how long each is."""
CHOICES = 5
"""How many of the cheapest subsets are rehearsed."""
MOST_STEPS = 400
"""Rehearsed changes of residents in one decision."""
SOON_JOBS = 6
"""What a reason calls "the next jobs"."""
LATER = 0.85
"""How much a use counts less for each job that comes before it."""
LEAN = 0.1
"""How much the expected loss counts beside the rehearsals, which see only some futures."""
DISK_BYTES_PER_S = 1e9
"""Taken for a component whose load was never timed."""


def reload_seconds(idle: Idle) -> float:
    """Return how long it would take to have `idle` back."""
    return idle.load_s if idle.load_s > 0 else idle.size_bytes / DISK_BYTES_PER_S


class ForecastPolicy:
    """Learns the user's ways job by job, and keeps what they will want again."""

    def __init__(self, cost: Callable[[Idle], float] = reload_seconds) -> None:
        """Begin with an empty table.

        Args:
            cost: What it costs to load a component again, in any unit.
        """
        self._cost = cost
        self._table = JobTable()
        self._profiles = Profiles()
        self._history: History = ()
        self._queue: tuple[str, ...] = ()
        self._stock = Stock()
        self._bits: dict[str, int] = {}
        self._limits: dict[tuple[str, int], int] = {}
        self._outlook: _Outlook | None = None
        self._asked = False

    def expect(self, labels: Sequence[str]) -> None:
        """Take the known queue, the next job first."""
        if tuple(labels) != self._queue:
            self._queue = tuple(labels)
            self._outlook = None

    def began(self, label: str) -> None:
        """Learn that `label` followed the jobs before it."""
        job = self._table.number(label)
        self._table.learn(self._history, job)
        self._history = (*self._history, job)[-ORDER:]
        self._profiles.began(label)
        self._outlook = None
        self._asked = False

    def used(self, keys: Sequence[str]) -> None:
        """Learn which components the running job uses now."""
        self._profiles.used(keys)
        self._asked = False

    def wanted(self) -> tuple[str, ...]:
        """Return the keys that the next known job will use, soonest first."""
        if not self._queue:
            return ()
        phases = self._profiles.phases(self._queue[0])
        return tuple(dict.fromkeys(key for keys in phases for key in keys))

    def table(self) -> dict[str, Any]:
        """Return what was learned as plain values for JSON, to be loaded by the next run."""
        return {"jobs": self._table.as_plain(), "profiles": self._profiles.as_plain()}

    def load(self, table: Mapping[str, Any]) -> bool:
        """Go on from what an earlier run learned; False, and no change, if it is not that."""
        try:
            jobs = JobTable.from_plain(table["jobs"])
            profiles = Profiles.from_plain(table["profiles"])
        except (KeyError, TypeError, ValueError):
            return False
        self._table, self._profiles = jobs, profiles
        self._history = ()
        self._outlook = None
        return True

    def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
        """Return the sufficient subset of `idle` with the least expected cost."""
        if needed_bytes <= 0:
            return ()
        real = [component for component in idle if component.size_bytes > 0]
        for component in real:
            self._stock.put(
                self._bit(component.key), component.size_bytes, self._cost(component)
            )
        room_bytes = sum(component.size_bytes for component in real) - needed_bytes
        first_time, self._asked = not self._asked, True
        if first_time:
            self._note_limit(room_bytes)
        outlook = self._look_ahead()
        rest = self._mask_of_rest()
        losses = [outlook.loss(self._bit(c.key), self._cost(c), rest) for c in real]
        choices = cheapest(losses, [c.size_bytes for c in real], needed_bytes, CHOICES)
        chosen = choices[0]
        if first_time and len(choices) > 1:
            chosen = choices[self._rehearse(real, losses, choices, outlook)]
        return tuple(
            Victim(key=real[at].key, reason=outlook.reason(self._bit(real[at].key)))
            for at in chosen
        )

    def _bit(self, key: str) -> int:
        bit = self._bits.get(key)
        if bit is None:
            bit = self._bits[key] = 1 << len(self._bits)
            self._stock.put(bit, 0, 0.0)
        return bit

    def _mask(self, keys: Sequence[str]) -> int:
        mask = 0
        for key in keys:
            mask |= self._bit(key)
        return mask

    def _place(self) -> tuple[str, int] | None:
        """The running job's label and the number of the phase that is about to begin."""
        job = self._profiles.current
        return (job.label, len(job.phases)) if job else None

    def _mask_of_rest(self) -> int:
        """The components that later phases of the running job will need."""
        place = self._place()
        if place is None:
            return 0
        return self._mask([k for keys in self._profiles.phases(place[0])[place[1] :] for k in keys])

    def _note_limit(self, room_bytes: int) -> None:
        """Learn how many bytes of weights fit beside the working memory of this phase."""
        place = self._place()
        if place is None:
            return
        phases = self._profiles.phases(place[0])
        if place[1] < len(phases):
            own_bytes = self._stock.total_bytes(self._mask(phases[place[1]]))
            self._limits[place] = room_bytes + own_bytes

    def _phases(self, label: str) -> tuple[list[int], list[int]]:
        """What each phase of a job of `label` leases, and the room for weights in it."""
        widest = max(self._limits.values(), default=0)
        masks = [self._mask(keys) for keys in self._profiles.phases(label)]
        limits = [self._limits.get((label, number), widest) for number in range(len(masks))]
        return masks, limits

    def _look_ahead(self) -> _Outlook:
        """Return the possible futures from here, drawn once for each job and queue."""
        if self._outlook is None:
            queue = tuple(self._table.number(label) for label in self._queue[:JOBS_AHEAD])
            futures = self._table.futures(self._history, queue, FUTURES, JOBS_AHEAD)
            masks = [
                self._mask([key for keys in self._profiles.phases(label) for key in keys])
                for label in self._table.labels
            ]
            self._outlook = _Outlook(futures, masks, len(queue))
        return self._outlook

    def _rehearse(
        self,
        idle: Sequence[Idle],
        losses: Sequence[float],
        choices: Sequence[tuple[int, ...]],
        outlook: _Outlook,
    ) -> int:
        """Return which of `choices` costs least on average over the possible futures."""
        place = self._place()
        if outlook.rehearsals is None:
            outlook.rehearsals = self._rehearsals(outlook.futures, place[0] if place else "")
        now = place[1] if place else 0
        phases = self._profiles.phases(place[0]) if place else ()
        own = self._mask(phases[now]) if now < len(phases) else 0
        present = own | self._mask([component.key for component in idle])
        kept = [present & ~self._mask([idle[at].key for at in choice]) for choice in choices]
        sums = [0.0] * len(choices)
        changes = rehearsed = 0
        for rehearsal in outlook.rehearsals:
            before = rehearsal.changes
            for choice, cost in enumerate(rehearsal.costs(kept, now + 1)):
                sums[choice] += cost
            rehearsed += 1
            changes += rehearsal.changes - before
            if changes > MOST_STEPS:
                break
        expected = [
            sums[choice] / max(1, rehearsed) + LEAN * sum(losses[at] for at in members)
            for choice, members in enumerate(choices)
        ]
        return min(range(len(choices)), key=expected.__getitem__)

    def _rehearsals(self, futures: Sequence[History], label: str) -> list[Rehearsal]:
        """Spell out the phases of the running job and of those that may follow."""
        by_job = [self._phases(label) for label in self._table.labels]
        rehearsals = []
        for future in futures:
            masks, limits = map(list, self._phases(label))
            for job in future:
                masks += by_job[job][0]
                limits += by_job[job][1]
            rehearsals.append(Rehearsal(masks, limits, self._stock))
        return rehearsals


class _Outlook:
    """The possible futures of one moment, and what they say of each component."""

    def __init__(self, futures: Sequence[History], masks: Sequence[int], waiting: int) -> None:
        self.futures = futures
        self.rehearsals: list[Rehearsal] | None = None
        self._waiting = waiting
        self._soon: dict[int, float] = {}
        self._worth: dict[int, float] = {}
        self._queued: dict[int, int] = {}
        for future in futures:
            seen = 0
            for ahead, job in enumerate(future):
                fresh = masks[job] & ~seen
                if fresh:
                    seen |= fresh
                    for bit in bits(fresh):
                        self._worth[bit] = self._worth.get(bit, 0.0) + LATER**ahead
                        if ahead < waiting:
                            self._queued[bit] = ahead + 1
                        if ahead < SOON_JOBS:
                            self._soon[bit] = self._soon.get(bit, 0.0) + 1.0

    def loss(self, bit: int, cost: float, rest: int) -> float:
        """Return the expected cost of having evicted a component; never quite nothing.

        `rest` is what the running job itself still needs.
        """
        likely = 1.0 if bit & rest else self._worth.get(bit, 0.0) / max(1, len(self.futures))
        return cost * (likely + 1e-6)

    def reason(self, bit: int) -> str:
        """Say in plain words what is known of the next use."""
        likely = 100.0 * self._soon.get(bit, 0.0) / max(1, len(self.futures))
        chance = f"{likely:.0f}% likely within the next {SOON_JOBS}"
        if bit in self._queued:
            return f"needed by waiting job {self._queued[bit]}, later or smaller than what stays"
        if self._waiting:
            noun = "the job that waits" if self._waiting == 1 else f"the {self._waiting} jobs"
            waits = "" if self._waiting == 1 else " that wait"
            return f"not needed by {noun}{waits}; {chance}"
        return f"no job waits; {chance}"
