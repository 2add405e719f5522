"""What a host keeps of the memory from one run to the next.

A folder in the user's data: working sets, the table of which job follows
which, and the last events. Several processes may share it; each file is
replaced as a whole or only added to, and one that is broken is begun anew.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engines.api import Change, MemoryEvent, ModelRefused
from engines.formats.json_reader import read_object
from engines.library import write_json

log = logging.getLogger(__name__)

VERSION = 1
KEPT_EVENTS = 400
"""The log is cut back to this many lines when it has twice as many."""

LONGEST_LINE = 2000
LARGEST_LOG_BYTES = 4_000_000
"""A longer file is not ours: it is not read, and begun anew."""

EVENTS = "events.jsonl"
FORECAST = "forecast.json"


class Store:
    """The files of one folder; without a folder nothing is kept."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None
        self._lines = -1
        self._noted = 0
        self._kept_table: Mapping[str, Any] | None = None
        self._noting = threading.Lock()

    def working_sets(self, device_name: str) -> Path | None:
        """Where a device's `engines.memory.working.WorkingSets` lie."""
        return self._file(f"working-sets-{device_name}.json")

    def forecast(self) -> dict[str, Any] | None:
        """Return what the policy learned in earlier runs, None if there is nothing to read."""
        path = self._file(FORECAST)
        if path is None or not path.is_file():
            return None
        try:
            data = read_object(path)
        except ModelRefused as error:
            log.warning("%s is broken and ignored (%s)", path, error.reason)
            return None
        return data if data.get("version") == VERSION else None

    def keep_forecast(self, table: Mapping[str, Any]) -> None:
        """Write what the policy learned; a failure is only told of."""
        path = self._file(FORECAST)
        with self._noting:
            if path is None or table is self._kept_table:
                return
            self._kept_table = table
            try:
                write_json(path, {"version": VERSION, **table})
            except OSError as error:
                log.warning("%s cannot be written: %s", path, error)

    def is_behind(self, events: Sequence[MemoryEvent]) -> bool:
        """Say whether some of one manager's events are not in the log yet."""
        return self._folder is not None and bool(events) and events[-1].number > self._noted

    def note(self, events: Sequence[MemoryEvent]) -> None:
        """Add to the log what it lacks of one manager's events, oldest first.

        A log that cannot be written is only told of.
        """
        path = self._file(EVENTS)
        with self._noting:
            new = [event for event in events if event.number > self._noted]
            if path is None or not new:
                return
            self._noted = new[-1].number
            try:
                self._append(path, new)
            except OSError as error:
                log.warning("the memory's log %s cannot be written: %s", path, error)

    def events(self) -> tuple[MemoryEvent, ...]:
        """Return the last events of all runs, oldest first; what is broken is left out."""
        path = self._file(EVENTS)
        if path is None:
            return ()
        try:
            read = [_read(line) for line in _lines(path)[-KEPT_EVENTS:]]
        except OSError as error:
            log.warning("the memory's log %s cannot be read: %s", path, error)
            return ()
        return tuple(event for event in read if event is not None)

    def _append(self, path: Path, events: Sequence[MemoryEvent]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._lines < 0:
            self._lines = len(_lines(path))
        with path.open("a", encoding="utf-8") as file:
            file.writelines(_written(event) + "\n" for event in events)
        self._lines += len(events)
        if self._lines > 2 * KEPT_EVENTS:
            self._cut(path)

    def _cut(self, path: Path) -> None:
        kept = _lines(path)[-KEPT_EVENTS:]
        part = path.with_suffix(".part")
        part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        part.replace(path)
        self._lines = len(kept)

    def _file(self, name: str) -> Path | None:
        return self._folder / name if self._folder is not None else None


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > LARGEST_LOG_BYTES:
            return []
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _written(event: MemoryEvent) -> str:
    return json.dumps({"version": VERSION, **asdict(event)}, ensure_ascii=False)


def _read(line: str) -> MemoryEvent | None:
    """Read one line; None if it is not one of ours."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        data: Any = json.loads(line)
        if not isinstance(data, dict) or data.pop("version", None) != VERSION:
            return None
        event = MemoryEvent(**{**data, "change": Change(str(data.get("change")))})
    except (ValueError, TypeError, RecursionError):
        return None
    return event if _plausible(event) else None


def _plausible(event: MemoryEvent) -> bool:
    texts: Iterable[object] = (event.key, event.reason)
    counts: Iterable[object] = (event.number, event.size_bytes)
    times: Iterable[object] = (event.at_s, event.seconds)
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(count) is int and count >= 0 for count in counts)
        and all(isinstance(t, int | float) and math.isfinite(t) for t in times)
    )
