"""Shortages on demand: the processor's allocator fails at the n-th tensor torch makes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from engines.memory import porter
from engines.memory.device import CpuDevice
from engines.memory.simulated import SimulatedDevice

MESSAGE = "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"
"""As torch 2.13 says it on the processor, in a RuntimeError."""


class Processor(SimulatedDevice):
    """A made-up processor memory that knows torch's shortage as the real one does."""

    def is_shortage(self, error: BaseException) -> bool:
        """Know what `CpuDevice` knows."""
        return CpuDevice().is_shortage(error)


class FailAt(TorchDispatchMode):
    """Counts the operations of one thread that take memory, and fails at some of them.

    An operation that only looks at its arguments anew, writes into them or
    makes a tensor of no elements takes none, and cannot fail for it.

    Attributes:
        count: Such operations so far.
        while_loading: The numbers of those that ran while a model was loaded.
    """

    def __init__(self, points: Iterable[int] = ()) -> None:
        super().__init__()
        self.count = 0
        self.while_loading: list[int] = []
        self._points = frozenset(points)

    def __torch_dispatch__(
        self,
        operation: Any,
        types: Sequence[type],
        given: Sequence[Any] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one operation, or fail instead."""
        if _takes_memory(operation, given):
            self.count += 1
            if porter._one_loader.locked():
                self.while_loading.append(self.count)
            if self.count in self._points:
                raise RuntimeError(MESSAGE)
        return operation(*given, **(named or {}))


def _takes_memory(operation: Any, given: Sequence[Any]) -> bool:
    new = (made for made in operation._schema.returns if made.alias_info is None)
    if not any("Tensor" in str(made.type) for made in new):
        return False
    return operation._schema.name != "aten::empty" or math.prod(given[0]) > 0
