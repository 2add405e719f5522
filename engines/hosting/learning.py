"""The policy of a host: it goes on from what earlier runs learned, and can be written down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from engines.memory.forecasting.forecast import ForecastPolicy

COPY_S = 30.0


class LearningPolicy(ForecastPolicy):
    """A forecast whose table can be read by another thread than the one that learns.

    `learned` is replaced as a whole, inside the manager's lock and at most
    every `COPY_S`, for copying a large table takes some milliseconds; None
    before the first lease, for a job that leases nothing teaches nothing.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        """Go on from `before`, if that is a table."""
        super().__init__()
        self.learned: Mapping[str, Any] | None = None
        self._copied_s = float("-inf")
        if before is not None:
            self.load(before)

    def used(self, keys: Sequence[str]) -> None:
        super().used(keys)
        if time.monotonic() - self._copied_s >= COPY_S:
            self.copy()

    def copy(self) -> None:
        """Bring `learned` up to date; only where nothing learns meanwhile."""
        self.learned = self.table()
        self._copied_s = time.monotonic()
