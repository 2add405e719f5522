"""Make the virtual environment beside main.py, and keep two set-ups from meeting in it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from installers import stamp
from installers.failures import SetupFailure
from installers.packages import Pip

LOCK = ".venv.lock"


@contextlib.contextmanager
def locked(root: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the set-up's lock; the system lets go of it even if this process is killed.

    Args:
        wait: Called once if another set-up holds it.

    Raises:
        SetupFailure: the project's folder cannot be written.
    """
    try:
        file = (root / LOCK).open("a+b")
    except OSError as error:
        raise SetupFailure(
            f"{root} cannot be written ({error.strerror}): copy Triptych to a folder of your own"
        ) from error
    with file:
        if not _try_lock(file):
            wait()
            _lock(file)
        yield


if sys.platform == "win32":
    import msvcrt
    import time

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(file: IO[bytes]) -> None:
        while not _try_lock(file):
            time.sleep(0.5)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


def make(root: Path, options: tuple[str, ...]) -> Pip:
    """Make the environment unless a working one is there, and return its pip.

    Args:
        options: See `Pip`.

    Raises:
        SetupFailure: it cannot be made.
    """
    pip = Pip(stamp.interpreter(root), options)
    if pip.works():
        return pip
    if stamp.is_running_inside(root):
        raise SetupFailure(f"{stamp.environment(root)} has no pip: delete it and run this again")
    folder = stamp.environment(root)
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(folder)]
    has_own_pip = importlib.util.find_spec("ensurepip") is not None
    if not has_own_pip:
        command.insert(3, "--without-pip")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupFailure(f"no virtual environment could be made in {folder}: {missing_venv()}")
    if not has_own_pip:
        _lend_pip(pip, stamp.interpreter(root))
    return pip


def _lend_pip(pip: Pip, python: Path) -> None:
    """Let the pip of the running Python install one into the environment."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "pip"]
    subprocess.run([*command, *pip.options], capture_output=True, check=False)
    if not pip.works():
        raise SetupFailure(missing_venv())


def can_make() -> bool:
    """Say whether this Python can make an environment with pip in it."""
    importlib.invalidate_caches()
    has_venv = importlib.util.find_spec("venv") is not None
    names = ("ensurepip", "pip")
    return has_venv and any(importlib.util.find_spec(name) is not None for name in names)


def missing_venv() -> str:
    """Return the sentence for a Python that lacks its own venv or ensurepip."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if shutil.which("apt-get"):
        return (
            f"this Python has no venv: install it with: sudo apt-get install python{version}-venv"
        )
    return f"Python {version} here lacks its modules venv and ensurepip: install the full Python"


def check_space(root: Path, needed_mb: int) -> None:
    """Refuse to begin what cannot end.

    Raises:
        SetupFailure: fewer than `needed_mb` megabytes are free.
    """
    free_mb = shutil.disk_usage(root).free // 1_000_000
    if free_mb < needed_mb:
        raise SetupFailure(
            f"the set-up needs {needed_mb / 1000:.1f} GB of disk and {free_mb / 1000:.1f} GB "
            f"are free at {root}: free some space and run this again"
        )


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
