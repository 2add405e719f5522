"""Numbers that are none: damaged weights, or values too large for half precision."""

from __future__ import annotations

import torch
from torch import Tensor

from engines.api import ModelRefused

NO_NUMBERS = (
    "what it gives is no picture; its weights, or those of what is used with it, are damaged or "
    "too large for this precision"
)


def check_numbers(values: Tensor, model: str) -> None:
    """Refuse a model that gave what is no number: it would be shown as black.

    Raises:
        ModelRefused: a value is infinite or none.
    """
    if not bool(torch.isfinite(values).all()):
        raise ModelRefused(model, NO_NUMBERS)
