"""Which components each kind of job uses in which phase, learned from the leases it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Keys = tuple[str, ...]

LANES = 3
"""At most so many jobs run at once, so a lease belongs to one of the last so many begun."""


class Running:
    """A job that began: the phases it has had so far."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.phases: list[Keys] = []


class Profiles:
    """The phases of each kind of job, and of the jobs that run."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Keys, ...]] = {}
        self._running: list[Running] = []

    def began(self, label: str) -> None:
        """Note that a job began; the one it pushes out of the lanes is over."""
        self._running.append(Running(label))
        if len(self._running) > LANES:
            self._running.pop(0)

    def used(self, keys: Sequence[str]) -> Running | None:
        """Add a phase to the job it most likely belongs to, and return that job."""
        job = self._owner(keys)
        if job is None:
            return None
        job.phases.append(tuple(keys))
        phases = tuple(job.phases)
        if self.phases(job.label)[: len(phases)] != phases:
            # Longer than known, or another way of working: the newest counts.
            self._known[job.label] = phases
        return job

    @property
    def current(self) -> Running | None:
        """The job that began last."""
        return self._running[-1] if self._running else None

    def phases(self, label: str) -> tuple[Keys, ...]:
        """Return the phases of a kind of job, none if it never ran."""
        return self._known.get(label, ())

    def _owner(self, keys: Sequence[str]) -> Running | None:
        """The newest job known to use such keys, else of their engine, else the newest."""
        newest_first = self._running[::-1]
        for job in newest_first:
            if any(key in phase for phase in self.phases(job.label) for key in keys):
                return job
        engines = {key.partition(":")[0] for key in keys}
        for job in newest_first:
            if job.label.partition(":")[0] in engines:
                return job
        return newest_first[0] if newest_first else None

    def as_plain(self) -> list[list[Any]]:
        """Return what is known as plain values for JSON."""
        return [[label, [list(keys) for keys in known]] for label, known in self._known.items()]

    @classmethod
    def from_plain(cls, data: Any) -> Profiles:
        """Make the profiles that `as_plain` gave.

        Raises:
            ValueError: these are no such profiles.
        """
        profiles = cls()
        try:
            for label, known in data:
                phases = tuple(tuple(keys) for keys in known)
                texts = [label, *(key for keys in phases for key in keys)]
                if not all(isinstance(text, str) for text in texts):
                    raise ValueError("a profile holds something other than texts")
                profiles._known[label] = phases
        except TypeError as error:
            raise ValueError("these are not profiles of jobs") from error
        return profiles
