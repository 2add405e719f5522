"""What work really took of the memory, remembered: predictions that correct themselves.

An engine reckons its working memory from shapes; this store keeps the peaks
that were measured, and from then on they go before the reckoning. The same
file remembers how quickly models came from disk.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from engines.api import ModelRefused
from engines.formats.json_reader import read_object
from engines.library import write_json
from engines.memory.lease import Working

log = logging.getLogger(__name__)

VERSION = 1
MOST_RECORDS = 400
"""Sizes that are remembered; the longest unused is forgotten first."""
PEAKS_KEPT = 5
"""Of one size: enough to even noise out, few enough to follow a change."""
LOADS_KEPT = 24
SHORT_FACTOR = 1.25
"""By how much more is predicted after work ran short of what it was given."""

FIRST_LOAD_BYTES_PER_S = 400e6
"""Until a load was measured: a SATA disk's pace, with reading and casting."""

Place = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one operation of one model at one size and batch.

    Attributes:
        estimate_bytes: What the engine reckoned, for scaling to other sizes.
        peaks_bytes: The last measured, oldest first; empty if it only ran short.
        floor_bytes: Set when it ran short, until it is measured again.
        used: When it was last asked for or measured; larger is later.
    """

    operation: str
    model: str
    size: int
    batch: int
    estimate_bytes: int
    peaks_bytes: tuple[int, ...] = ()
    floor_bytes: int = 0
    used: int = 0

    @property
    def place(self) -> Place:
        return self.operation, self.model, self.size, self.batch

    @property
    def amount(self) -> int:
        """What the work grows with."""
        return self.size * self.batch

    @property
    def bytes(self) -> int:
        """The prediction for this very size: the median, but never below the last.

        The first run is often apart: libraries set themselves up in it.
        """
        if not self.peaks_bytes:
            return self.floor_bytes
        usual_bytes = round(median(self.peaks_bytes))
        return max(usual_bytes, self.peaks_bytes[-1], self.floor_bytes)


class WorkingSets:
    """All records of one device, and the pace of its loads; any thread may ask.

    Nothing is written before `save`.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read what was kept; a file that cannot be read counts as empty.

        Args:
            path: A JSON file of this device's own; None keeps nothing.
        """
        self._path = path
        self._lock = threading.Lock()
        self._records: dict[Place, Record] = {}
        self._loads: list[tuple[int, float]] = []
        self._changed = False
        self._read()
        self._uses = itertools.count(1 + max((r.used for r in self._records.values()), default=0))

    @property
    def records(self) -> tuple[Record, ...]:
        """All that is remembered, by operation, model and size."""
        with self._lock:
            return tuple(sorted(self._records.values(), key=lambda record: record.place))

    def predict(self, working: Working) -> int:
        """Return the bytes that work will take: measured, else scaled, else the estimate."""
        return max(self._reckoned(working), working.least_bytes)

    def _reckoned(self, working: Working) -> int:
        with self._lock:
            known = self._records.get(_place(working))
            if known is not None:
                self._records[known.place] = replace(known, used=next(self._uses))
                return known.bytes
            kin = [
                record
                for record in self._records.values()
                if (record.operation, record.model) == (working.operation, working.model)
                and record.peaks_bytes
            ]
        return _scaled(working, kin) if kin else working.estimate_bytes

    def last_bytes(self, working: Working) -> int:
        """Return the peak seen the last time the same work ended, 0 if it never did."""
        with self._lock:
            known = self._records.get(_place(working))
        return known.peaks_bytes[-1] if known is not None and known.peaks_bytes else 0

    def measured(self, working: Working, peak_bytes: int) -> None:
        """Remember a peak; 0 means that it could not be told."""
        if peak_bytes <= 0:
            return
        with self._lock:
            known = self._records.get(_place(working)) or _fresh(working)
            peaks_bytes = (*known.peaks_bytes, peak_bytes)[-PEAKS_KEPT:]
            self._put(
                replace(
                    known,
                    estimate_bytes=working.estimate_bytes,
                    peaks_bytes=peaks_bytes,
                    floor_bytes=0,
                )
            )

    def ran_short(self, working: Working, had_bytes: int) -> None:
        """Remember that `had_bytes` were not enough: more is predicted from now on."""
        with self._lock:
            known = self._records.get(_place(working)) or _fresh(working)
            enough_bytes = round(SHORT_FACTOR * max(had_bytes, known.bytes))
            self._put(replace(known, floor_bytes=enough_bytes))

    def loaded(self, size_bytes: int, seconds: float) -> None:
        """Remember how long a load from disk took."""
        if size_bytes <= 0 or seconds <= 0:
            return
        with self._lock:
            self._loads = [*self._loads, (size_bytes, seconds)][-LOADS_KEPT:]
            self._changed = True

    def load_s(self, size_bytes: int) -> float:
        """Return how long a load of that size is expected to take, in seconds."""
        with self._lock:
            total_bytes = sum(size for size, _ in self._loads)
            total_s = sum(seconds for _, seconds in self._loads)
        pace = total_bytes / total_s if self._loads else FIRST_LOAD_BYTES_PER_S
        return size_bytes / pace

    def save(self) -> None:
        """Write what changed since the last time; a failure is logged, and nothing is lost."""
        with self._lock:
            if self._path is None or not self._changed:
                return
            data = {
                "version": VERSION,
                "records": [_packed(record) for record in self._records.values()],
                "loads": [list(load) for load in self._loads],
            }
            self._changed = False
        try:
            write_json(self._path, data)
        except OSError as error:
            log.warning("%s cannot be written (%s)", self._path, error.strerror)

    def _put(self, record: Record) -> None:
        """Keep a record, and forget the longest unused if there are too many."""
        self._records[record.place] = replace(record, used=next(self._uses))
        self._changed = True
        if len(self._records) > MOST_RECORDS:
            del self._records[min(self._records.values(), key=lambda r: r.used).place]

    def _read(self) -> None:
        if self._path is None or not self._path.is_file():
            return
        try:
            data = read_object(self._path)
            version = data.get("version")
            if isinstance(version, int) and version > VERSION:
                log.warning("a newer version of the studio keeps %s; it is left alone", self._path)
                self._path = None
                return
            records = [_unpacked(item) for item in data["records"]][-MOST_RECORDS:]
            loads = [(int(size), float(seconds)) for size, seconds in data["loads"]]
            if any(size <= 0 or not 0 < seconds < 1e6 for size, seconds in loads):
                raise ValueError("a load that cannot be")
        except (ModelRefused, LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning("%s is broken and ignored (%s)", self._path, error)
            return
        self._records = {record.place: record for record in records}
        self._loads = loads[-LOADS_KEPT:]


def _place(working: Working) -> Place:
    return working.operation, working.model, working.size, working.batch


def _fresh(working: Working) -> Record:
    return Record(
        operation=working.operation,
        model=working.model,
        size=working.size,
        batch=working.batch,
        estimate_bytes=working.estimate_bytes,
    )


def _scaled(working: Working, kin: list[Record]) -> int:
    """Carry measured peaks over to a size that was not measured.

    Two or more amounts give a line, peak = a + b * amount; one alone gives
    its share of the engine's own estimate. A larger work never takes less
    than a smaller one that was measured, nor a smaller more than a larger.
    """
    amount = working.size * working.batch
    if len({record.amount for record in kin}) > 1:
        wanted = _line(kin, amount)
    else:
        nearest = kin[-1]
        wanted = float(nearest.bytes)
        if nearest.estimate_bytes and working.estimate_bytes:
            wanted *= working.estimate_bytes / nearest.estimate_bytes
        elif nearest.amount and amount:
            wanted *= amount / nearest.amount
    least = max((record.bytes for record in kin if record.amount <= amount), default=0)
    most = min((record.bytes for record in kin if record.amount >= amount), default=None)
    bounded = max(wanted, least) if most is None else min(max(wanted, least), max(most, least))
    return round(bounded)


def _line(kin: list[Record], amount: int) -> float:
    """Return the line through the peaks at `amount`, fitted by least squared relative error."""
    weights = [1 / record.bytes**2 for record in kin]
    total = sum(weights)
    mean_x = sum(w * r.amount for w, r in zip(weights, kin, strict=True)) / total
    mean_y = sum(w * r.bytes for w, r in zip(weights, kin, strict=True)) / total
    spread = sum(w * (r.amount - mean_x) ** 2 for w, r in zip(weights, kin, strict=True))
    both = sum(
        w * (r.amount - mean_x) * (r.bytes - mean_y) for w, r in zip(weights, kin, strict=True)
    )
    slope = max(0.0, both / spread)
    return mean_y + slope * (amount - mean_x)


def _packed(record: Record) -> dict[str, Any]:
    return {
        "operation": record.operation,
        "model": record.model,
        "size": record.size,
        "batch": record.batch,
        "estimate_bytes": record.estimate_bytes,
        "peaks_bytes": list(record.peaks_bytes),
        "floor_bytes": record.floor_bytes,
        "used": record.used,
    }


def _unpacked(item: Mapping[str, Any]) -> Record:
    """Check one record of the file.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: it is not one.
    """
    record = Record(
        operation=str(item["operation"]),
        model=str(item["model"]),
        size=int(item["size"]),
        batch=int(item["batch"]),
        estimate_bytes=int(item["estimate_bytes"]),
        peaks_bytes=tuple(int(peak) for peak in item["peaks_bytes"])[-PEAKS_KEPT:],
        floor_bytes=int(item["floor_bytes"]),
        used=int(item["used"]),
    )
    numbers = (record.size, record.batch, record.estimate_bytes, record.floor_bytes, record.used)
    if min(numbers) < 0 or any(peak <= 0 for peak in record.peaks_bytes):
        raise ValueError("a record with impossible numbers")
    return record
