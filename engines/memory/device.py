"""The devices whose memory is shared out: what they can give, and how they take back."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from typing import Protocol

from engines.api import EngineError, MemoryOptions
from engines.memory import main_memory
from engines.memory.weights.parking import shelves

MIB = 2**20

CPU_HEADROOM_BYTES = 1024 * MIB
"""Left to the window, the desktop and the file cache."""

CUDA_HEADROOM_BYTES = 512 * MIB
"""Left for the display and for what libraries take outside torch's allocator."""

_CUDA_OUT_OF_MEMORY = 2  # cudaErrorMemoryAllocation
_LIBRARIES_SHORT = ("CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")


class Device(Protocol):
    """The memory of one device, seen from this process."""

    @property
    def name(self) -> str:
        """The name torch knows it by: "cpu" or "cuda"."""
        ...

    @property
    def headroom_bytes(self) -> int:
        """What is left free for others on purpose."""
        ...

    def configure(self, options: MemoryOptions) -> None:
        """Take the user's headroom and limits; they hold from the next question on."""
        ...

    def total_bytes(self) -> int:
        """What the device has."""
        ...

    def budget_bytes(self) -> int:
        """What this process may hold in all now: its own part and what is free, less headroom.

        Never more than the user's limit. The first call may be slow (it
        creates the CUDA context).
        """
        ...

    def foreign_bytes(self) -> int:
        """What other programs hold of it."""
        ...

    def ram_budget_bytes(self) -> int:
        """What may lie parked in main memory; 0 if the device is main memory itself."""
        ...

    def trim(self) -> None:
        """Give what was dropped back to the system."""
        ...

    def is_shortage(self, error: BaseException) -> bool:
        """Say whether `error`, or what it was raised from, tells that no memory is left."""
        ...

    def reset_peak(self) -> None:
        """Begin to measure the working memory."""
        ...

    def peak_bytes(self) -> int:
        """Return the most held since `reset_peak` over what was held then; 0 if unknown."""
        ...


class CpuDevice:
    """Main memory, within the machine's and the container's limit."""

    name = "cpu"

    def __init__(self) -> None:
        self.headroom_bytes = CPU_HEADROOM_BYTES
        self._limit_bytes = 0
        self._base_bytes: int | None = None
        self._peak = main_memory.Peak()

    def configure(self, options: MemoryOptions) -> None:
        """Take the headroom and the limit."""
        self.headroom_bytes = _or_default(options.headroom_bytes, CPU_HEADROOM_BYTES)
        self._limit_bytes = options.limit_bytes

    def total_bytes(self) -> int:
        """Count the machine's memory, or the container's part of it."""
        return main_memory.total_bytes()

    def budget_bytes(self) -> int:
        """Count this process's own growth and what is available, less headroom."""
        own_bytes = main_memory.private_bytes()
        if self._base_bytes is None:
            self._base_bytes = own_bytes
        grown_bytes = max(0, own_bytes - self._base_bytes)
        room_bytes = grown_bytes + main_memory.available_bytes() - self.headroom_bytes
        return _within(room_bytes, self._limit_bytes)

    def foreign_bytes(self) -> int:
        """Count what is neither available nor this process's."""
        used_bytes = main_memory.total_bytes() - main_memory.available_bytes()
        return max(0, used_bytes - main_memory.private_bytes())

    def ram_budget_bytes(self) -> int:
        """Say none: what leaves main memory has left."""
        return 0

    def trim(self) -> None:
        """Collect cycles, then hand free pages back to the kernel."""
        gc.collect()
        main_memory.trim()

    def is_shortage(self, error: BaseException) -> bool:
        """Know Python's and torch's ways to say so.

        torch has no class of its own for main memory: its allocator raises
        RuntimeError, and only the allocator's name tells it apart.
        """
        return any(
            isinstance(cause, MemoryError)
            or (isinstance(cause, RuntimeError) and "DefaultCPUAllocator" in str(cause))
            for cause in _causes(error)
        )

    def reset_peak(self) -> None:
        """Begin with what is resident now."""
        self._peak.reset()

    def peak_bytes(self) -> int:
        """Return the growth of the resident size at its highest; 0 but on Linux."""
        return self._peak.read_bytes()


class CudaDevice:
    """An NVIDIA card as torch sees it.

    Nothing touches the card before the first question about its memory.
    """

    name = "cuda"

    def __init__(self) -> None:
        use_growing_segments()
        self.headroom_bytes = CUDA_HEADROOM_BYTES
        self._limit_bytes = 0
        self._ram_wish_bytes = -1
        self._half_of_ram_bytes: int | None = None
        self._base_bytes = 0
        self._host = CpuDevice()

    def configure(self, options: MemoryOptions) -> None:
        """Take the headroom, the limit and what may be parked in main memory."""
        self.headroom_bytes = _or_default(options.headroom_bytes, CUDA_HEADROOM_BYTES)
        self._limit_bytes = options.limit_bytes
        self._ram_wish_bytes = options.ram_bytes

    def total_bytes(self) -> int:
        """Ask the driver."""
        return self._ask()[1]

    def budget_bytes(self) -> int:
        """Count what the driver calls free and what torch's allocator holds, less headroom."""
        free_bytes, _total_bytes, reserved_bytes = self._ask()
        return _within(free_bytes + reserved_bytes - self.headroom_bytes, self._limit_bytes)

    def foreign_bytes(self) -> int:
        """Count what is neither free nor torch's; CUDA's own context is in it."""
        free_bytes, total_bytes, reserved_bytes = self._ask()
        return max(0, total_bytes - free_bytes - reserved_bytes)

    def ram_budget_bytes(self) -> int:
        """Return the user's wish, or half of what was free at first, within what there is now."""
        room_bytes = self._host.budget_bytes()
        if self._half_of_ram_bytes is None:
            self._half_of_ram_bytes = room_bytes // 2
        wish_bytes = _or_default(self._ram_wish_bytes, self._half_of_ram_bytes)
        may_bytes = min(wish_bytes, room_bytes)
        shelves.limit(may_bytes)  # spare copies of what returned to the card keep to it too
        return may_bytes

    def trim(self) -> None:
        """Collect cycles, then return torch's cached blocks to the driver."""
        import torch

        gc.collect()
        torch.cuda.empty_cache()
        main_memory.trim()

    def is_shortage(self, error: BaseException) -> bool:
        """Know torch's classes for it, the libraries' words, and a shortage of main memory.

        cuBLAS and cuDNN take workspaces of their own; torch passes their
        failure on as a RuntimeError with the library's name for it.
        """
        return self._host.is_shortage(error) or any(map(_is_cards_shortage, _causes(error)))

    def reset_peak(self) -> None:
        """Begin with what tensors hold now."""
        import torch

        torch.cuda.reset_peak_memory_stats()
        self._base_bytes = torch.cuda.memory_allocated()

    def peak_bytes(self) -> int:
        """Return the growth of what tensors hold at its highest."""
        import torch

        return max(0, torch.cuda.max_memory_allocated() - self._base_bytes)

    def _ask(self) -> tuple[int, int, int]:
        """Return the free, total and torch's bytes; creates the context the first time."""
        import torch

        free_bytes, total_bytes = torch.cuda.mem_get_info()
        return free_bytes, total_bytes, torch.cuda.memory_reserved()


def device_for(name: str) -> Device:
    """Return the device of a chosen name, "cpu" or "cuda"."""
    return CudaDevice() if name == "cuda" else CpuDevice()


def use_growing_segments() -> None:
    """Let torch's allocator grow its blocks, unless the user set it up himself.

    Without it, pieces of one size that were freed cannot serve another size,
    and a card has gaps that no model fits. torch reads the setting before its
    first use of the card; on Windows the driver has no such thing.
    """
    names = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")
    if sys.platform == "linux" and not any(name in os.environ for name in names):
        os.environ[names[0]] = "expandable_segments:True"


def _is_cards_shortage(error: BaseException) -> bool:
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    if isinstance(error, torch.AcceleratorError):
        return getattr(error, "error_code", None) == _CUDA_OUT_OF_MEMORY
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _LIBRARIES_SHORT)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was raised from: loaders say "it does not fit" from a shortage.

    Libraries raise anew without naming the cause; our own errors always name it.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        is_named = error.__suppress_context__ or isinstance(error, EngineError)
        error = error.__cause__ if is_named else error.__context__


def _or_default(wish_bytes: int, default_bytes: int) -> int:
    return default_bytes if wish_bytes < 0 else wish_bytes


def _within(room_bytes: int, limit_bytes: int) -> int:
    return max(0, min(room_bytes, limit_bytes) if limit_bytes > 0 else room_bytes)
