"""Find a Python that can run Triptych; itself runs on any Python 3."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

SUPPORTED = ((3, 11), (3, 12))


def is_supported(version: tuple[int, int] | None = None, *, is_64_bit: bool | None = None) -> bool:
    """Say whether a Python (this one by default) is one that all packages have wheels for."""
    wanted = sys.version_info[:2] if version is None else version
    wide = sys.maxsize > 2**32 if is_64_bit is None else is_64_bit
    return wide and tuple(wanted) in SUPPORTED


def find() -> str:
    """Return the path of a supported Python on this machine, or nothing."""
    for major, minor in reversed(SUPPORTED):
        name = f"{major}.{minor}"
        if os.name == "nt":
            found = _ask_launcher(name)
        else:
            found = shutil.which("python" + name) or ""
        if found:
            return found
    return ""


def _ask_launcher(name: str) -> str:
    launcher = shutil.which("py")
    if not launcher:
        return ""
    command = [launcher, "-" + name, "-c", "import sys; print(sys.executable)"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def refusal(version: tuple[int, int] | None = None) -> str:
    """Return the sentence for a machine with no supported Python."""
    major, minor = sys.version_info[:2] if version is None else version
    bits = "" if sys.maxsize > 2**32 else " (32 bit)"
    if os.name == "nt":
        remedy = "install 64-bit Python 3.12 with: winget install Python.Python.3.12"
    elif shutil.which("apt-get"):
        remedy = "install one with: sudo apt-get install python3.11 python3.11-venv"
    elif shutil.which("dnf"):
        remedy = "install one with: sudo dnf install python3.12"
    else:
        remedy = "install one of them from your system's packages"
    return (
        f"Triptych needs Python 3.11 or 3.12 and this is {major}.{minor}{bits}: "
        f"{remedy}, then run the same command again."
    )
