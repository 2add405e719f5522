"""All that a policy has learned: job order, phases, sizes, reload costs and room to work in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engines.memory.forecasting.jobtable import JobTable
from engines.memory.forecasting.plain import amount, text, whole
from engines.memory.forecasting.profiles import Profiles
from engines.memory.forecasting.rehearsal import Stock

VERSION = 1
MOST_BYTES = 1 << 60
MOST_PHASES = 1000

Place = tuple[str, int]
"""A kind of job and the number of one of its phases."""


class Experience:
    """What is known of jobs and components; each component has one bit."""

    def __init__(self) -> None:
        self.jobs = JobTable()
        self.profiles = Profiles()
        self.stock = Stock()
        self._bits: dict[str, int] = {}
        self._limits: dict[Place, int] = {}

    def bit(self, key: str) -> int:
        """Return the bit of a component, a new one if it was never seen."""
        bit = self._bits.get(key)
        if bit is None:
            bit = self._bits[key] = 1 << len(self._bits)
            self.stock.put(bit, 0, 0.0)
        return bit

    def mask(self, keys: Iterable[str]) -> int:
        """Return the bits of all `keys`."""
        mask = 0
        for key in keys:
            mask |= self.bit(key)
        return mask

    def phase_masks(self, label: str) -> list[int]:
        """Return what each phase of a kind of job leases."""
        return [self.mask(keys) for keys in self.profiles.phases(label)]

    def limits(self, label: str) -> list[int]:
        """Return how many bytes of weights fit beside the working memory of each phase.

        Where memory never was short, there is no limit.
        """
        count = len(self.profiles.phases(label))
        return [self._limits.get((label, number), MOST_BYTES) for number in range(count)]

    @property
    def was_short(self) -> bool:
        """Whether memory was ever too small for all that was wanted."""
        return bool(self._limits)

    def note_limit(self, place: Place, limit_bytes: int) -> None:
        """Learn how many bytes of weights fit in a phase."""
        self._limits[place] = limit_bytes

    def as_plain(self) -> dict[str, Any]:
        """Return all of it as plain values for JSON."""
        return {
            "version": VERSION,
            "jobs": self.jobs.as_plain(),
            "profiles": self.profiles.as_plain(),
            "limits": [[label, number, size] for (label, number), size in self._limits.items()],
            "components": [
                [key, self.stock.size_bytes[bit], self.stock.cost[bit]]
                for key, bit in self._bits.items()
            ],
        }

    @classmethod
    def from_plain(cls, data: Any) -> Experience:
        """Make what `as_plain` gave.

        Raises:
            ValueError: it is not that.
        """
        made = cls()
        try:
            if data["version"] != VERSION:
                raise ValueError(f"this has version {data['version']}")
            made.jobs = JobTable.from_plain(data["jobs"])
            made.profiles = Profiles.from_plain(data["profiles"])
            for label, number, size in data["limits"]:
                place = (text(label), whole(number, MOST_PHASES))
                made.note_limit(place, whole(size, MOST_BYTES))
            for key, size, cost in data["components"]:
                made.stock.put(made.bit(text(key)), whole(size, MOST_BYTES), amount(cost))
        except (KeyError, TypeError) as error:
            raise ValueError("this is not what a policy learned") from error
        return made
