"""Which device computes, in which precision, with how many threads and from which seed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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


@contextmanager
def own_default_precision() -> Iterator[None]:
    """Keep the default precision that a library sets while it loads to this thread.

    `from_pretrained` sets torch's default precision for the whole process and
    back again; a job that works meanwhile on another thread would get tensors
    of a wrong kind. One thread at a time may be in here.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    process_set, process_get = torch.set_default_dtype, torch.get_default_dtype
    makers = (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn)
    mine = threading.get_ident()

    class Default(TorchFunctionMode):
        precision: torch.dtype | None = None

        def __torch_function__(
            self, function: Any, types: Any, given: Any = (), named: Any = None
        ) -> Any:
            named = named or {}
            if self.precision is not None and function in makers and named.get("dtype") is None:
                named = {**named, "dtype": self.precision}
            return function(*given, **named)

    default = Default()

    def set_mine(precision: torch.dtype) -> None:
        if threading.get_ident() == mine:
            default.precision = precision
        else:
            process_set(precision)

    def get_mine() -> torch.dtype:
        is_mine = threading.get_ident() == mine and default.precision is not None
        return default.precision if is_mine else process_get()

    torch.set_default_dtype, torch.get_default_dtype = set_mine, get_mine
    try:
        with default:
            yield
    finally:
        torch.set_default_dtype, torch.get_default_dtype = process_set, process_get
