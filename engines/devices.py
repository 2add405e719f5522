"""Which device computes, in which precision, with how many threads and from which seed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from engines.api import BadRequest

if TYPE_CHECKING:
    import torch

MOST_THREADS = 8
"""More threads than this gain nothing on these models and starve the window."""


def choose(name: str) -> str:
    """Return "cpu" or "cuda" for "auto", "cpu" or "cuda".

    Raises:
        BadRequest: there is no such device here.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda"):
        raise BadRequest(f"the device is auto, cpu or cuda, not {name!r}")
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if name == "cuda":
        raise BadRequest("no NVIDIA card can be used here; the processor can")
    return "cpu"


def dtype(device: str) -> torch.dtype:
    """Return the precision of weights on `device`: full on the processor, half on a card."""
    import torch

    if device != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def threads() -> int:
    """Return how many threads compute; the same on each run on one machine."""
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def fix_threads() -> None:
    """Set torch's thread count and its repeatable algorithms, for the same seed, same bytes."""
    import torch

    if torch.get_num_threads() != threads():
        torch.set_num_threads(threads())
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def generator(seed: int, device: str = "cpu") -> torch.Generator:
    """Return a source of random numbers of its own, seeded; torch's global one is not touched."""
    import torch

    return torch.Generator(device=device).manual_seed(seed)
