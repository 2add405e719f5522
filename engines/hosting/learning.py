"""The policy of a host: it goes on from what earlier runs learned, and can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.memory.forecast import ForecastPolicy


class LearningPolicy(ForecastPolicy):
    """A forecast whose table can be read by another thread than the one that learns.

    `learned` is replaced as a whole when a job begins, inside the manager's
    lock; None before the first.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        """Go on from `before`, if that is a table."""
        super().__init__()
        self.learned: Mapping[str, Any] | None = None
        if before is not None:
            self.load(before)

    def began(self, label: str) -> None:
        super().began(label)
        self.learned = self.table()
