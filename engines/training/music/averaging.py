"""A running average of the weights: better than the last step while the rate is still high."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

DECAY: Final = 0.998


class Average:
    """Exponential moving average of a model's parameters, by name.

    Polyak averaging, as in Izmailov et al. 2018, arXiv:1803.05407, with a
    decay that begins low so that the first steps are soon forgotten.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.weights = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def follow(self, model: torch.nn.Module, *, steps: int, cooled: float) -> None:
        """Take in the weights after `steps` steps; the further cooled, the closer it follows."""
        decay = min(DECAY, (1 + steps) / (10 + steps)) * (1 - cooled)
        parameters = [p.detach() for _, p in model.named_parameters()]
        torch._foreach_lerp_(list(self.weights.values()), parameters, 1 - decay)

    @contextmanager
    def worn_by(self, model: torch.nn.Module) -> Iterator[None]:
        """Let a model have the averaged weights for a while."""
        own = {name: p.detach().clone() for name, p in model.named_parameters()}
        _put(model, self.weights)
        try:
            yield
        finally:
            _put(model, own)


@torch.no_grad()
def _put(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    for name, p in model.named_parameters():
        p.copy_(weights[name])
