"""Lists of words in text files, one choice a line, called `__name__` in a prompt.

A line that begins with `#` is a remark. The name is the file's place below a
folder of such lists, without its `.txt`: `__colours__`, `__people/jobs__`. A `*`
stands for anything, and takes all the lists it fits: `__people/*__`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from engines.api import BadRequest

MOST_BYTES = 2**20
MOST_FILES = 10_000
"""So many are looked at for a name with `*`."""
MOST_FITTING = 200
SUFFIX = ".txt"

Choice = tuple[float, str]
"""How often it is taken beside the others, and its words."""

_ODDS = re.compile(r"\s*(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})::")


def choice(text: str) -> Choice:
    """Read a choice, which may say its odds: `3::red` is taken three times as often as `blue`."""
    found = _ODDS.match(text)
    return (float(found[1]), text[found.end() :]) if found else (1.0, text)


class Wildcards:
    """The lists of some folders; the first folder that has a name gives it."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._read: dict[str, tuple[Choice, ...]] = {}

    def choices(self, name: str) -> tuple[Choice, ...]:
        """Return the choices of a list, at least one.

        Raises:
            BadRequest: there is no such list, or it cannot be used.
        """
        if name not in self._read:
            self._read[name] = self._choices(name)
        return self._read[name]

    def _choices(self, name: str) -> tuple[Choice, ...]:
        paths = self._paths(name)
        if not paths:
            places = " or ".join(map(str, self._folders)) or "the library"
            raise BadRequest(f"there is no list {name}{SUFFIX} for __{name}__ in {places}")
        choices = [one for path in paths for one in _lines(path, name)]
        if not choices:
            raise BadRequest(f"the list {name} is empty")
        return tuple(choices)

    def _paths(self, name: str) -> list[Path]:
        """Return the files of a name, of the first folder that has any."""
        for folder in self._folders:
            names = _fitting(folder, name) if "*" in name else [name]
            paths = [path for one in names if (path := _inside(folder, one)) is not None]
            if paths:
                return paths
        return []


def _lines(path: Path, name: str) -> list[Choice]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRequest(f"the list {name} is larger than {MOST_BYTES // 2**10} KB")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise BadRequest(f"the list {name} cannot be read ({error.strerror})") from error
    stripped = (line.strip() for line in text.replace("\0", " ").splitlines())
    return [choice(line) for line in stripped if line and not line.startswith("#")]


def _fitting(folder: Path, name: str) -> list[str]:
    """Return the names of the lists below a folder that a name with `*` fits."""
    files = islice(folder.rglob(f"*{SUFFIX}"), MOST_FILES)
    names = (file.relative_to(folder).with_suffix("").as_posix() for file in files)
    return sorted(one for one in names if fnmatchcase(one, name))[:MOST_FITTING]


def _inside(folder: Path, name: str) -> Path | None:
    """Return the file of a name below a folder, if it is there and stays there."""
    try:
        root = folder.resolve()
        path = (root / f"{name}{SUFFIX}").resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name too long, or links in a circle
        return None
