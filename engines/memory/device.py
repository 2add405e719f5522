"""The devices whose memory is shared out: what they can give, and how they take back."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path
from typing import Protocol

MIB = 2**20

CPU_HEADROOM_BYTES = 1024 * MIB
"""Left to the window, the desktop and the file cache."""

CUDA_HEADROOM_BYTES = 512 * MIB
"""Left for the display and for what libraries take outside torch's allocator."""


class Device(Protocol):
    """The memory of one device, seen from this process."""

    @property
    def name(self) -> str:
        """The name torch knows it by: "cpu" or "cuda"."""
        ...

    def budget_bytes(self) -> int:
        """What this process may hold in all now: its own part and what is free, less headroom.

        The first call may be slow (it creates the CUDA context).
        """
        ...

    def trim(self) -> None:
        """Give what was dropped back to the system."""
        ...

    def is_shortage(self, error: BaseException) -> bool:
        """Say whether `error` is the device telling that it has no memory left."""
        ...


class CpuDevice:
    """Main memory, within the machine's and the container's limit."""

    name = "cpu"

    def __init__(self, headroom_bytes: int = CPU_HEADROOM_BYTES) -> None:
        self._headroom_bytes = headroom_bytes
        self._base_bytes: int | None = None

    def budget_bytes(self) -> int:
        """Count this process's own growth and what is available, less headroom."""
        own_bytes = _private_bytes()
        if self._base_bytes is None:
            self._base_bytes = own_bytes
        grown_bytes = max(0, own_bytes - self._base_bytes)
        return max(0, grown_bytes + _available_bytes() - self._headroom_bytes)

    def trim(self) -> None:
        """Collect cycles, then hand glibc's free pages back to the kernel."""
        gc.collect()
        if sys.platform == "linux":
            _malloc_trim()

    def is_shortage(self, error: BaseException) -> bool:
        """Know Python's and torch's ways to say so.

        torch has no class of its own for main memory: its allocator raises
        RuntimeError, and only the allocator's name tells it apart.
        """
        return isinstance(error, MemoryError) or (
            isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
        )


class CudaDevice:
    """An NVIDIA card as torch sees it."""

    name = "cuda"

    def __init__(self, headroom_bytes: int = CUDA_HEADROOM_BYTES) -> None:
        self._headroom_bytes = headroom_bytes

    def budget_bytes(self) -> int:
        """Count what the driver calls free and what torch's allocator holds, less headroom."""
        import torch

        free_bytes, _total_bytes = torch.cuda.mem_get_info()
        return max(0, free_bytes + torch.cuda.memory_reserved() - self._headroom_bytes)

    def trim(self) -> None:
        """Collect cycles, then return torch's cached blocks to the driver."""
        import torch

        gc.collect()
        torch.cuda.empty_cache()

    def is_shortage(self, error: BaseException) -> bool:
        """Know torch's class for it, and a shortage of main memory while loading."""
        import torch

        return isinstance(error, torch.OutOfMemoryError | MemoryError)


def device_for(name: str) -> Device:
    """Return the device of a chosen name, "cpu" or "cuda"."""
    return CudaDevice() if name == "cuda" else CpuDevice()


def _private_bytes() -> int:
    """Return this process's memory without mapped files, which the system can drop."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    info = psutil.Process().memory_info()
    return int(info.rss) - int(getattr(info, "shared", 0))


def _available_bytes() -> int:
    import psutil  # type: ignore[import-untyped,unused-ignore]

    available_bytes = int(psutil.virtual_memory().available)
    container_bytes = _container_free_bytes(Path("/sys/fs/cgroup"))
    return available_bytes if container_bytes is None else min(available_bytes, container_bytes)


def _container_free_bytes(group: Path) -> int | None:
    """Return what a control group (version 2) still allows, or None without a limit."""
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit == "max":
            return None
        current_bytes = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        reclaimable_bytes = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
        return max(0, int(limit) - current_bytes + reclaimable_bytes)
    except (OSError, ValueError):
        return None


def _malloc_trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
