"""The learning rate of a training that is stopped and taken up again at any time.

It falls with the inverse root of the steps, so that the running mean is a
good model at each moment, and in a line to nothing at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A schedule over `steps`; `highest` holds until `steady` steps.

    Attributes:
        warm: Steps of warming up, at the start and after each time it is taken up.
        last: The share of the steps at the end in which it falls to nothing.
    """

    highest: float
    steps: int
    steady: int
    warm: int = 200
    last: float = 0.12

    def at(self, step: int, since: int) -> float:
        """Return the rate of `step`, `since` steps after training was taken up."""
        falling: float = min(1.0, (self.steady / max(step, 1)) ** 0.5)
        ending = min(1.0, max(0.0, (self.steps - step) / (self.last * self.steps)))
        return self.highest * falling * max(ending, 0.01) * min(1.0, (since + 1) / self.warm)
