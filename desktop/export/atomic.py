"""Put a finished file in its place, or leave what was there."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop.document.replacing import replacing
from engines.api import CannotWrite


@contextmanager
def goal(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` to write to; at the end it becomes `path`.

    Raises:
        CannotWrite: the folder or the disk does not take it; `path` is as it was.
    """
    try:
        with replacing(path) as part:
            yield part
    except OSError as problem:
        raise CannotWrite(str(path), _reason(problem, path)) from problem


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file at once.

    Raises:
        CannotWrite: as `goal`.
    """
    with goal(path) as part:
        part.write_bytes(data)


def _reason(problem: OSError, path: Path) -> str:
    if problem.errno == errno.ENOSPC:
        return "the disk is full"
    if isinstance(problem, FileNotFoundError):
        return f"there is no folder {path.parent}"
    if isinstance(problem, IsADirectoryError):
        return "it is a folder"
    if isinstance(problem, PermissionError):
        return f"the folder {path.parent} may not be written"
    return problem.strerror or str(problem)
