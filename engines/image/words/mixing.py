"""The states of several prompts made one: `a fox AND a wolf :0.4`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def mixed(shares: Sequence[float], states: Sequence[Tensor]) -> Tensor:
    """Return the mean of states, all of one shape, weighted by their shares."""
    if len(states) == 1:
        return states[0]
    total = sum(shares)
    weighted = [one * (share / total) for share, one in zip(shares, states, strict=True)]
    return torch.stack(weighted).sum(dim=0)
