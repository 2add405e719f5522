"""Say in a few milliseconds whether the environment beside main.py is up to date.

Runs on every start and on any Python 3, so it imports little and keeps to old syntax.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "triptych-set-up.json"
VERSION = 1
PARTS = {
    "base": (
        "requirements.txt",
        "requirements-no-deps.txt",
        "constraints.txt",
        "models.py",
        "convert_text.py",
    ),
    "test": ("requirements-test.txt", "constraints.txt"),
}
"""What the set-up of each part hangs on: a change in one of these files asks for it again."""


def environment(root: Path) -> Path:
    """Return the folder of the project's virtual environment."""
    return root / ".venv"


def interpreter(root: Path) -> Path:
    """Return the environment's Python, whether it is there or not."""
    if os.name == "nt":
        return environment(root) / "Scripts" / "python.exe"
    return environment(root) / "bin" / "python"


def digest(part: str, folder: Path = HERE) -> str:
    """Return a hash of all that decides how a part ("base" or "test") is set up."""
    total = hashlib.sha256(b"%d" % VERSION)
    for name in PARTS[part]:
        content = (folder / name).read_bytes().replace(b"\r\n", b"\n")
        total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


def read(root: Path) -> dict[str, str]:
    """Return what the environment was stamped with; nothing if it was not or cannot be read."""
    try:
        found = json.loads((environment(root) / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items()}


def is_current(root: Path, parts: tuple[str, ...], folder: Path = HERE) -> bool:
    """Say whether every part was set up from the files as they are now."""
    found = read(root)
    return interpreter(root).exists() and all(
        found.get(part) == digest(part, folder) for part in parts
    )


def write(root: Path, values: dict[str, str]) -> None:
    """Add to the environment's stamp; it is replaced whole or not at all."""
    goal = environment(root) / NAME
    part = goal.with_name(NAME + ".part")
    part.write_text(json.dumps({**read(root), **values}, indent=1) + "\n", encoding="utf-8")
    part.replace(goal)


def is_running_inside(root: Path) -> bool:
    """Say whether this very interpreter is the environment's."""
    try:
        return Path(sys.prefix).resolve() == environment(root).resolve()
    except OSError:
        return False
