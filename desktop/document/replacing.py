"""Write a file so that the old one or the new one is there at every moment, whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(goal: Path) -> Iterator[Path]:
    """Yield an empty file beside `goal` to be filled; at the end it takes the goal's place.

    If the block raises, the file is removed and the goal is as it was.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    goal = goal.resolve()
    part = goal.parent / f".{goal.stem[:40]}-{secrets.token_hex(4)}.part"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    if goal.is_dir():
        raise IsADirectoryError(21, "that is a folder", str(goal))
    os.close(os.open(part, flags, 0o666))
    try:
        yield part
        if goal.exists():
            part.chmod(stat.S_IMODE(goal.stat().st_mode))
        _flush(part)
        part.replace(goal)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _flush_folder(goal.parent)


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
