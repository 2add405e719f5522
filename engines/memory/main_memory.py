"""What the system says of main memory and of this process's part of it."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets the peak resident size back to the present one


def private_bytes() -> int:
    """Return this process's memory without mapped files, which the system can drop."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    info = psutil.Process().memory_info()
    return int(info.rss) - int(getattr(info, "shared", 0))


def available_bytes() -> int:
    """Return what could be taken now without swapping, within the container's limit."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    limits = container_limits()
    return min([int(psutil.virtual_memory().available), *(left for _, left in limits)])


def total_bytes() -> int:
    """Return what the machine has, or the container allows."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    limits = container_limits()
    return min([int(psutil.virtual_memory().total), *(limit for limit, _ in limits)])


def container_limits(root: Path = CONTAINER, own: Path = _OWN_GROUP) -> list[tuple[int, int]]:
    """Return the limit and what it still allows of each control group this process is in.

    A process's group and all above it bind it (version 2); inside a container
    the root is the container's own group.
    """
    groups = [root, *(root.joinpath(*part) for part in _steps(own))]
    return [limits for group in groups if (limits := _limits(group)) is not None]


def _steps(own: Path) -> list[tuple[str, ...]]:
    """Return the path of this process's group from the root, one step longer each time."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    paths = [line.removeprefix("0::") for line in lines if line.startswith("0::/")]
    names = tuple(name for path in paths for name in path.split("/") if name not in ("", ".."))
    return [names[: end + 1] for end in range(len(names))]


def _limits(group: Path) -> tuple[int, int] | None:
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
