"""Bring project files of older versions up to date, step by step.

The version of a file is the version of the program that wrote it; `MIN_READER`
is the oldest version that still understands what we write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from desktop.document.problems import DocumentError

VERSION = 1
MIN_READER = 1

Step = Callable[[dict[str, Any]], None]
_STEPS: dict[int, Step] = {}


def migration(version: int) -> Callable[[Step], Step]:
    """Register the step that turns the data of `version` into that of `version + 1`."""

    def keep(step: Step) -> Step:
        _STEPS[version] = step
        return step

    return keep


def migrate(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of the newest version that we know.

    Raises:
        DocumentError: the file needs a newer program, or says no version.
    """
    version, min_reader = data.get("version"), data.get("min_reader")
    if type(version) is not int or type(min_reader) is not int or version < 0:
        raise DocumentError("it does not say which version of Triptych wrote it")
    if min_reader > VERSION:
        raise DocumentError(
            f"it was made by a newer Triptych (project version {min_reader}; "
            f"this one reads up to {VERSION}); update Triptych to open it"
        )
    for step in range(version, VERSION):
        if step not in _STEPS:
            raise DocumentError(f"project version {version} is no longer read")
        _STEPS[step](data)
        data["version"] = step + 1
    return data
