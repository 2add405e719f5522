"""How a picture model's modules are laid out for the device they compute on.

Convolutions on the processor run faster with channels last: for the starter,
0.90 of the UNet's time and 0.62 of the decoder's. The sums then come in another
order, so a picture differs from a plain diffusers script's in the last bits,
by less than 1/255 on average. A card is left as it is until it was measured.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

CHANNELS_LAST = {"cpu": True, "cuda": False}
"""Device -> whether convolutions' weights lie with the channels last."""

M = TypeVar("M")


def laid_out(loaded: M, device: str) -> M:
    """Lay a loaded module's weights out as `device` computes fastest; the values stay."""
    if CHANNELS_LAST.get(device, False) and isinstance(loaded, nn.Module):
        loaded.to(memory_format=torch.channels_last)
    return loaded
