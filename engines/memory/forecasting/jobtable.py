"""Which job follows which: a table of counts, learned job by job.

The likelihood of the next job comes from the longest run of last jobs that
was seen before, smoothed by the shorter ones: prediction by partial matching
with the weights of Witten and Bell (1991, "The zero-frequency problem",
method C) and a uniform floor, so that nothing is ever impossible.
"""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import Any

from engines.memory.forecasting.plain import text, whole

ORDER = 4
"""How many of the last jobs count."""
MOST_JOBS = 40_000
"""After so many jobs all counts are halved: habits change, and the table stays small."""
STALE_AFTER = 16
"""Learned jobs after which all smoothed likelihoods are reckoned anew."""
VERSION = 1

History = tuple[int, ...]


class JobTable:
    """Counts of what followed the last jobs; labels have numbers in the order they came up."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._numbers: dict[str, int] = {}
        self._followers: dict[History, dict[int, int]] = {}
        self._ladders: dict[History, list[float]] = {}
        self._jobs = 0
        self._random = random.Random(0)

    def number(self, label: str) -> int:
        """Return the number of `label`, a new one if it never came up."""
        if label not in self._numbers:
            self._numbers[label] = len(self.labels)
            self.labels.append(label)
            self._ladders.clear()
        return self._numbers[label]

    def learn(self, history: History, job: int) -> None:
        """Count that `job` followed `history`, the last jobs, oldest first."""
        for length in range(min(ORDER, len(history)) + 1):
            context = history[len(history) - length :]
            followers = self._followers.setdefault(context, {})
            followers[job] = followers.get(job, 0) + 1
            self._ladders.pop(context, None)
        self._jobs += 1
        if self._jobs >= MOST_JOBS:
            self._fade()
        if self._jobs % STALE_AFTER == 0:
            self._ladders.clear()

    def likelihoods(self, history: History) -> list[float]:
        """Return how likely each label is next, by number; they sum to 1."""
        count = len(self.labels)
        likely = [1.0 / count] * count
        for length in range(min(ORDER, len(history)) + 1):
            followers = self._followers.get(history[len(history) - length :])
            if not followers:
                break
            floor = len(followers)
            whole = sum(followers.values()) + floor
            likely = [share * floor / whole for share in likely]
            for job, times in followers.items():
                likely[job] += times / whole
        return likely

    def futures(self, history: History, queue: History, count: int, length: int) -> list[History]:
        """Draw `count` runs of `length` next jobs, each beginning with `queue`.

        The first draw is spread evenly over the likelihoods, so that few runs
        show what a few percent of chance would do.
        """
        if not self.labels:
            return []
        start = (*history, *queue)[-ORDER:]
        futures = []
        for index in range(count):
            run = list(queue)
            last = start
            chance = (index + self._random.random()) / count
            while len(run) < length:
                job = bisect(self._ladder(last), chance)
                run.append(job)
                last = (*last, job)[-ORDER:]
                chance = self._random.random()
            futures.append(tuple(run))
        return futures

    def _ladder(self, history: History) -> list[float]:
        """The cumulated likelihoods, kept until they change much; the last step is left out."""
        ladder = self._ladders.get(history)
        if ladder is None:
            ladder = list(accumulate(self.likelihoods(history)))[:-1]
            self._ladders[history] = ladder
        return ladder

    def _fade(self) -> None:
        """Halve all counts and forget what becomes nothing."""
        faded: dict[History, dict[int, int]] = {}
        for context, followers in self._followers.items():
            kept = {job: times // 2 for job, times in followers.items() if times > 1}
            if kept:
                faded[context] = kept
        self._followers = faded
        self._ladders.clear()
        self._jobs //= 2

    def as_plain(self) -> dict[str, Any]:
        """Return the table as plain values for JSON."""
        return {
            "version": VERSION,
            "labels": list(self.labels),
            "jobs": self._jobs,
            "followers": [
                [list(context), [[job, times] for job, times in followers.items()]]
                for context, followers in self._followers.items()
            ],
        }

    @classmethod
    def from_plain(cls, data: Any) -> JobTable:
        """Make the table that `as_plain` gave.

        Raises:
            ValueError: it is not such a table.
        """
        table = cls()
        try:
            if data["version"] != VERSION:
                raise ValueError(f"the job table has version {data['version']}")
            for label in data["labels"]:
                table.number(text(label))
            count = len(table.labels)
            if count != len(data["labels"]):
                raise ValueError("a label stands twice")
            table._jobs = whole(data["jobs"], MOST_JOBS)
            for context, followers in data["followers"]:
                jobs = tuple(whole(job, count) for job in context)
                if len(jobs) > ORDER:
                    raise ValueError("a context is too long")
                table._followers[jobs] = {
                    whole(job, count): whole(times, 10 * MOST_JOBS) for job, times in followers
                }
        except (KeyError, TypeError) as error:
            raise ValueError("this is not a job table") from error
        return table
