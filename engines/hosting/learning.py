"""The policy of a host: it goes on from what earlier runs learned, and can be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engines.memory.forecast import ForecastPolicy


class LearningPolicy(ForecastPolicy):
    """A forecast whose table can be read by another thread than the one that learns.

    `learned` is replaced as a whole with each lease, inside the manager's
    lock; None before the first, for a job that leases nothing teaches nothing.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        """Go on from `before`, if that is a table."""
        super().__init__()
        self.learned: Mapping[str, Any] | None = None
        if before is not None:
            self.load(before)

    def used(self, keys: Sequence[str]) -> None:
        super().used(keys)
        self.learned = self.table()
