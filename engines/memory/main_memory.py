"""What the system says of main memory and of this process's part of it."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets the peak resident size back to the present one


def private_bytes() -> int:
    """Return this process's memory without mapped files, which the system can drop."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    info = psutil.Process().memory_info()
    return int(info.rss) - int(getattr(info, "shared", 0))


def available_bytes(group: Path = CONTAINER) -> int:
    """Return what could be taken now without swapping, within the container's limit."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    machine_bytes = int(psutil.virtual_memory().available)
    limits = container_bytes(group)
    return machine_bytes if limits is None else min(machine_bytes, limits[1])


def total_bytes(group: Path = CONTAINER) -> int:
    """Return what the machine has, or the container allows."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    machine_bytes = int(psutil.virtual_memory().total)
    limits = container_bytes(group)
    return machine_bytes if limits is None else min(machine_bytes, limits[0])


def container_bytes(group: Path) -> tuple[int, int] | None:
    """Return a control group's limit and what it still allows (version 2), or None without one."""
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit == "max":
            return None
        current_bytes = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        reclaimable_bytes = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
        return int(limit), max(0, int(limit) - current_bytes + reclaimable_bytes)
    except (OSError, ValueError):
        return None


def trim() -> None:
    """Hand glibc's free pages back to the kernel; does nothing elsewhere."""
    if sys.platform == "linux":
        give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if give_back is not None:
            give_back(0)


class Peak:
    """The most that this process held since a moment, over what it held then.

    Pages of mapped files are left out: weights that are read for the first
    time show up there, and the system can drop them. Linux only; elsewhere
    the peak cannot be set back (Windows keeps the process's highest for ever).
    """

    def __init__(self) -> None:
        self._base: tuple[int, int] | None = None

    def reset(self) -> None:
        """Begin to measure; what was freed but kept for later is handed back first."""
        trim()
        try:
            _CLEAR.write_text(_RESET_PEAK)
            self._base = _highest_and_files()
        except (OSError, ValueError):
            self._base = None

    def read_bytes(self) -> int:
        """Return the peak over the base; 0 if it cannot be told."""
        if self._base is None:
            return 0
        try:
            highest_bytes, file_bytes = _highest_and_files()
        except (OSError, ValueError):
            return 0
        base_bytes, base_file_bytes = self._base
        return max(0, highest_bytes - base_bytes - max(0, file_bytes - base_file_bytes))


def _highest_and_files() -> tuple[int, int]:
    """Return the peak resident size and the mapped files' part of the present one."""
    lines = _STATUS.read_text().splitlines()
    found = {
        name: rest.split()[0]
        for name, _, rest in (line.partition(":") for line in lines)
        if rest.strip()
    }
    try:
        return int(found["VmHWM"]) * 1024, int(found["RssFile"]) * 1024
    except KeyError as error:
        raise ValueError(f"{_STATUS} does not tell {error}") from error
