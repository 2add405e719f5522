"""The jobs that wait, written as they change: what a crash or a quit cut off can go on.

Only jobs that are one request are kept; that is all that the panels ask.
They lie in the application's data folder, one file for each running window,
the pictures and scores in them beside it by their sha256.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from desktop.document import strict_json
from desktop.document.model import Recipe
from desktop.document.problems import DocumentError
from desktop.document.replacing import replacing
from desktop.jobs import Job, JobQueue, Lane
from desktop.recipes import REQUESTS, parts_of, recipe_of, request_of
from engines.api import BadRequest, Request, Run

log = logging.getLogger(__name__)

VERSION = 1
MOST_JOBS = 1000
MOST_BYTES = 64 * 2**20
WRITE_AFTER_MS = 150

_NAME = re.compile(r"waiting-(\d{1,9})\.json")
_PART = re.compile(r"[0-9a-f]{64}")


class KeptQueue(QObject):
    """Writes this window's waiting jobs, and finds those of windows that are no more."""

    def __init__(self, jobs: JobQueue, folder: Path) -> None:
        super().__init__(jobs)
        self._jobs = jobs
        self._folder = folder
        self._mine = folder / f"waiting-{os.getpid()}.json"
        self._written: tuple[Request, ...] = ()
        self._left: tuple[Path, ...] = ()
        self._found: tuple[Request, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_AFTER_MS)
        self._timer.timeout.connect(self._write_beside)
        jobs.added.connect(self._on_change)
        jobs.ended.connect(self._on_change)

    @property
    def found(self) -> tuple[Request, ...]:
        """What waited in windows that ended, in the order it was asked for."""
        return self._found

    def begin(self) -> None:
        """Look for what was left behind."""
        self._left = _left_behind(self._folder)
        self._found = tuple(x for path in self._left for x in read_requests(path, self._part))
        if not self._found:
            self.drop()

    def go_on(self, ask: Callable[[Request], object]) -> None:
        """Ask again for all that was found, with the same seeds; nothing is lost on the way."""
        found, self._found = self._found, ()
        for request in found:
            ask(request)
        self.write_now()
        self.drop()

    def drop(self) -> None:
        """Forget what was found."""
        self._found = ()
        for path in self._left:
            with contextlib.suppress(OSError):
                path.unlink()
        self._left = ()
        self._sweep()

    def end(self) -> None:
        """Write what still waits, and take no more notice: the jobs are about to be cancelled."""
        self._jobs.added.disconnect(self._on_change)
        self._jobs.ended.disconnect(self._on_change)
        self._timer.stop()
        self.write_now()

    def write_now(self) -> None:
        """Write what waits now, on this thread; a full disk is only logged."""
        requests = self._waiting()
        if requests != self._written:
            self._written = requests
            _try_to_write(self._mine, requests)

    def _waiting(self) -> tuple[Request, ...]:
        """Return the requests that are not answered yet; what runs would begin again."""
        jobs = (job for job in self._jobs.jobs if not job.ended and not job.cancelling)
        requests = (job.request for job in jobs)
        return tuple(x for x in requests if x is not None and str(x.kind) in REQUESTS)[:MOST_JOBS]

    def _on_change(self, job: Job) -> None:
        if job.request is not None and not self._timer.isActive():
            self._timer.start()

    def _write_beside(self) -> None:
        """Write on the file thread what is waiting now, if it is not as written."""
        requests, goal = self._waiting(), self._mine
        if requests == self._written:
            return
        self._written = requests

        def work(run: Run) -> None:
            _try_to_write(goal, requests)

        self._jobs.submit(
            "Keeping the waiting jobs", work, _nothing, Lane.FILE, kind="queue", quiet=True
        )

    def _part(self, sha256: str) -> bytes:
        """Return a picture or score of a request.

        Raises:
            KeyError: it is not here or not whole.
        """
        if not _PART.fullmatch(sha256):
            raise KeyError(sha256)
        with contextlib.suppress(OSError):
            path = _parts_folder(self._folder) / sha256
            data = path.read_bytes() if path.stat().st_size <= 4 * MOST_BYTES else b""
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        raise KeyError(sha256)

    def _sweep(self) -> None:
        """Take away pictures and scores of requests that are no more."""
        with contextlib.suppress(OSError):
            files = [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
            if not files:
                for part in list(_parts_folder(self._folder).iterdir()):
                    part.unlink()


def write_requests(goal: Path, requests: Iterable[Request]) -> None:
    """Write requests to a file, what they hold as bytes beside it.

    Raises:
        OSError: the folder cannot be written.
    """
    parts = _parts_folder(goal.parent)
    parts.mkdir(parents=True, exist_ok=True)
    lines = []
    for request in requests:
        for data in parts_of(request):
            _write_part(parts, data)
        lines.append(asdict(recipe_of(request, getattr(request, "model", ""))))
    with replacing(goal) as part:
        text = json.dumps({"version": VERSION, "jobs": lines}, ensure_ascii=False, indent=1)
        part.write_text(text, encoding="utf-8")


def read_requests(path: Path, read: Callable[[str], bytes]) -> tuple[Request, ...]:
    """Read the requests of a file; what is damaged is logged and left out.

    Args:
        read: gives the bytes of a part by its sha256, or raises KeyError.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DocumentError("it is too large")
        said = strict_json.parse(path.read_bytes())
        jobs = said.get("jobs")
        if said.get("version") != VERSION or not isinstance(jobs, list):
            raise DocumentError("it is of another version")
    except (OSError, DocumentError) as problem:
        log.warning("The waiting jobs in %s cannot be read: %s", path, problem)
        return ()
    found = []
    for job in jobs[:MOST_JOBS]:
        try:
            found.append(_request(job, read))
        except BadRequest as problem:
            log.warning("A waiting job in %s is left out: %s", path, problem)
    return tuple(found)


def _request(job: object, read: Callable[[str], bytes]) -> Request:
    """Make one request of a file's entry.

    Raises:
        BadRequest: the entry is damaged.
    """
    names = {field.name for field in dataclasses.fields(Recipe)}
    if not isinstance(job, dict) or job.keys() != names:
        raise BadRequest("it is no job")
    texts = (job["kind"], job["model"], job["request"])
    if not all(isinstance(text, str) for text in texts) or type(job["seed"]) is not int:
        raise BadRequest("it is no job")
    try:
        return request_of(Recipe(**job), read)
    except RecursionError:
        raise BadRequest("it is nested too deeply") from None


def _try_to_write(goal: Path, requests: tuple[Request, ...]) -> None:
    try:
        if requests:
            goal.parent.mkdir(parents=True, exist_ok=True)
            write_requests(goal, requests)
        elif goal.exists():
            goal.unlink()
    except OSError as problem:
        log.warning("The waiting jobs cannot be written: %s", problem)


def _write_part(folder: Path, data: bytes) -> None:
    goal = folder / hashlib.sha256(data).hexdigest()
    if not goal.exists():
        with replacing(goal) as part:
            part.write_bytes(data)


def _parts_folder(folder: Path) -> Path:
    return folder / "parts"


def _left_behind(folder: Path) -> tuple[Path, ...]:
    """Return the files whose windows do not run any more, the oldest first."""
    import psutil

    left = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match is not None and not psutil.pid_exists(int(match[1])):
                left.append((path.stat().st_mtime, path))
    return tuple(path for _, path in sorted(left))


def _nothing(result: None) -> None:
    """Take no notice of the result."""
