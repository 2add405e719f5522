"""Work that takes time: queued, run on pool threads, told to the window, cancelled.

The lanes work side by side: engine jobs (one after the other, the engines
share one card; `desktop.queue_order` says which), file jobs (one after the
other, so that a save is never overtaken by another), exports, and two that
wait for none of these: questions to the engines, and orders, which must not
even wait for a question that is never answered. All of a `JobQueue` belongs to the GUI
thread except `_Task.run`, which touches only its own `Run`, the mailbox of
progress and the one relay.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from PySide6.QtCore import (
    QDeadlineTimer,
    QEventLoop,
    QObject,
    QRunnable,
    Qt,
    QThreadPool,
    QTimer,
    Signal,
)

from desktop.queue_order import Waiting
from engines.api import (
    Cancelled,
    CancelToken,
    GridRequest,
    ImageRequest,
    Preview,
    Progress,
    Request,
    Run,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

PROGRESS_INTERVAL_MS = 50
"""Progress reaches the window at most this often: 20 times a second."""

LOOK_INTERVAL_MS = 5

HISTORY_LIMIT = 60
"""How many ended jobs are remembered."""

QUIT_TIMEOUT_MS = 10_000


class Lane(StrEnum):
    """Which queue a job waits in."""

    ENGINE = "engine"
    FILE = "file"
    EXPORT = "export"
    QUESTION = "question"
    ORDER = "order"


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job at one moment; the queue replaces it after each change.

    Ask `JobQueue.job(id)` for the newest. A `quiet` one is housekeeping that
    no list shows. `preview` is the last one that came
    with any progress. `labels` name what the engines are asked now and will
    be, in order, as "kind:model"; `batch` and `overtaken` are as in
    `desktop.queue_order.Waiting`. `request` is what a job asks of the engines,
    if that is all it is: then it can be asked again in another run of the
    program. Times are `time.monotonic` seconds, 0 while unknown.
    """

    id: int
    kind: str
    title: str
    lane: Lane
    state: JobState = JobState.QUEUED
    progress: Progress | None = None
    preview: Preview | None = None
    error: Exception | None = None
    cancelling: bool = False
    finishing: bool = False
    quiet: bool = False
    labels: tuple[str, ...] = ()
    batch: str = ""
    request: Request | None = None
    overtaken: int = 0
    started_s: float = 0.0
    ended_s: float = 0.0

    @property
    def ended(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    @property
    def makes_several(self) -> bool:
        """Whether it can be finished before all that was asked of it is made."""
        asked = self.request
        return isinstance(asked, GridRequest) or (
            isinstance(asked, ImageRequest) and asked.count > 1
        )

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1; below 0 if that is not known."""
        if self.state is JobState.DONE:
            return 1.0
        if self.progress is None or self.progress.total <= 0:
            return -1.0
        return min(1.0, max(0.0, self.progress.done / self.progress.total))


@dataclass(frozen=True, slots=True)
class _Order:
    """What a job is made of; kept so that it can be tried again."""

    kind: str
    title: str
    lane: Lane
    work: Callable[[Run], Any]
    then: Callable[[Any], None]
    quiet: bool
    labels: tuple[str, ...]
    batch: str
    request: Request | None


class _Relay(QObject):
    """Carries the outcome home; lives as long as its queue, on the GUI thread."""

    ended = Signal(int, object, object)  # job id, result, exception or None


class _Task(QRunnable):
    """One job on a pool thread; owns no QObject, Qt would destroy it on that thread."""

    def __init__(self, job_id: int, order: _Order, run: Run, relay: _Relay) -> None:
        super().__init__()
        self._job_id = job_id
        self._order = order
        self._run = run
        self._relay = relay

    def run(self) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            self._run.token.check()
            result = self._order.work(self._run)
        except Cancelled as cancelled:
            error = cancelled
        except Exception as failure:
            log.info("The job %r failed", self._order.title, exc_info=True)
            error = failure
        self._relay.ended.emit(self._job_id, result, error)


class JobQueue(QObject):
    """All jobs of the window, oldest first."""

    added = Signal(object)  # Job
    changed = Signal(object)  # Job, at most 20 times a second each
    ended = Signal(object)  # Job
    forgotten = Signal(int)  # job id: it fell out of the list
    expected_changed = Signal(object)  # tuple of labels: what the engines will be asked next

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ids = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._orders: dict[int, _Order] = {}
        self._tokens: dict[int, CancelToken] = {}
        self._waiting: dict[Lane, deque[int]] = {lane: deque() for lane in Lane}
        self._busy: dict[Lane, int] = {}
        self._expected: tuple[str, ...] = ()
        self._choose: Callable[[Sequence[Waiting]], Waiting] = _first
        self._mailbox: dict[int, Progress] = {}
        self._pools = {lane: QThreadPool() for lane in Lane}
        for pool in self._pools.values():
            pool.setMaxThreadCount(1)
        self._relay = _Relay()
        self._relay.ended.connect(self._on_end, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setInterval(PROGRESS_INTERVAL_MS)
        self._timer.timeout.connect(self._deliver_progress)

    @property
    def jobs(self) -> tuple[Job, ...]:
        return tuple(self._jobs.values())

    @property
    def idle(self) -> bool:
        return not self._busy and not any(self._waiting.values())

    def job(self, job_id: int) -> Job:
        """Return a job as it is now.

        Raises:
            KeyError: it was never there or is forgotten.
        """
        return self._jobs[job_id]

    def order_by(self, choose: Callable[[Sequence[Waiting]], Waiting]) -> None:
        """Let `choose` say which of the waiting engine jobs is next."""
        self._choose = choose

    def submit(
        self,
        title: str,
        work: Callable[[Run], T],
        then: Callable[[T], None],
        lane: Lane = Lane.ENGINE,
        *,
        kind: str = "",
        quiet: bool = False,
        labels: tuple[str, ...] = (),
        batch: str = "",
        request: Request | None = None,
    ) -> Job:
        """Queue `work` for a pool thread; `then` gets its result on the GUI thread.

        `labels`, `batch` and `request` are the job's, see `Job`.
        """
        order = _Order(kind or str(lane), title, lane, work, then, quiet, labels, batch, request)
        return self._queue(order)

    def cancel(self, job_id: int) -> None:
        """Stop a job: at once if it still waits, at its next step if it runs."""
        job = self._jobs.get(job_id)
        if job is None or job.ended:
            return
        self._tokens[job_id].cancel()
        if job.state is JobState.QUEUED:
            self._waiting[job.lane].remove(job_id)
            self._close(job_id, JobState.CANCELLED, None)
            self._tell_expected()
        else:
            self._replace(replace(job, cancelling=True))

    def finish(self, job_id: int) -> None:
        """Have a running job end after what it is making now, with what is made by then."""
        job = self._jobs.get(job_id)
        if job is not None and job.state is JobState.RUNNING and not job.finishing:
            self._tokens[job_id].finish()
            self._replace(replace(job, finishing=True))

    def cancel_all_queued(self) -> None:
        """Finish what is being made, drop the rest of what was asked of the engines, and exports.

        Of a job that makes several pictures the one being drawn is finished.
        Files that wait to be saved and housekeeping are not part of it.
        """
        if Lane.ENGINE in self._busy:
            self.finish(self._busy[Lane.ENGINE])
        for lane in (Lane.ENGINE, Lane.EXPORT):
            for job_id in tuple(self._waiting[lane]):
                self.cancel(job_id)

    def note_asked(self, token: CancelToken, label: str) -> None:
        """Take off a running job's labels what it asked before `label`, which it asks now."""
        for job_id in self._busy.values():
            job = self._jobs[job_id]
            if self._tokens[job_id] is token and label in job.labels[1:]:
                self._replace(replace(job, labels=job.labels[job.labels.index(label) :]))
                self._tell_expected()

    def retry(self, job_id: int) -> Job:
        """Queue the same work again, as a new job."""
        return self._queue(self._orders[job_id])

    def forget_ended(self) -> None:
        """Take every ended job off the list."""
        for job in self.jobs:
            if job.ended:
                self._forget(job.id)

    def wait_idle(self, timeout_ms: int = 10_000) -> bool:
        """Let events happen until nothing waits or runs; False if time ran out first."""
        deadline = QDeadlineTimer(timeout_ms)
        loop = QEventLoop()
        look = QTimer()
        look.timeout.connect(lambda: loop.quit() if self.idle or deadline.hasExpired() else None)
        look.start(LOOK_INTERVAL_MS)
        if not self.idle:
            loop.exec()
        return self.idle

    def close(self) -> bool:
        """Cancel all and wait for the threads; True if every one ended."""
        for job_id in [job_id for line in self._waiting.values() for job_id in line]:
            self.cancel(job_id)
        for job_id in tuple(self._busy.values()):
            self.cancel(job_id)
        self._timer.stop()
        ended = [pool.waitForDone(QUIT_TIMEOUT_MS) for pool in self._pools.values()]
        return all(ended)

    def _queue(self, order: _Order) -> Job:
        job = Job(
            id=next(self._ids),
            kind=order.kind,
            title=order.title,
            lane=order.lane,
            quiet=order.quiet,
            labels=order.labels,
            batch=order.batch,
            request=order.request,
        )
        self._jobs[job.id] = job
        self._orders[job.id] = order
        self._tokens[job.id] = CancelToken()
        self._waiting[order.lane].append(job.id)
        self.added.emit(job)
        self._start_next(order.lane)
        self._tell_expected()
        return self._jobs.get(job.id, job)

    def _start_next(self, lane: Lane) -> None:
        if lane in self._busy or not self._waiting[lane]:
            return
        job_id = self._take_next(lane)
        self._busy[lane] = job_id
        job = self._jobs[job_id]
        self._replace(replace(job, state=JobState.RUNNING, started_s=time.monotonic()))
        mailbox = self._mailbox

        def report(progress: Progress) -> None:
            mailbox[job_id] = _with_last_preview(progress, mailbox.get(job_id))

        run = Run(self._tokens[job_id], report)
        if not self._timer.isActive():
            self._timer.start()
        self._pools[lane].start(_Task(job_id, self._orders[job_id], run, self._relay))

    def _take_next(self, lane: Lane) -> int:
        """Take the next job out of the line; those it goes before are told so."""
        line = self._waiting[lane]
        if lane is not Lane.ENGINE or len(line) == 1:
            return line.popleft()
        chosen = self._choose([_place_of(self._jobs[job_id]) for job_id in line]).id
        for passed in itertools.takewhile(lambda job_id: job_id != chosen, tuple(line)):
            job = self._jobs[passed]
            self._replace(replace(job, overtaken=job.overtaken + 1))
        line.remove(chosen)
        return chosen

    def _tell_expected(self) -> None:
        """Tell what the engines will be asked, if that is not as it was."""
        running = self._busy.get(Lane.ENGINE)
        # What it began with is being answered already.
        labels = list(self._jobs[running].labels[1:]) if running is not None else []
        for job_id in self._waiting[Lane.ENGINE]:
            labels += self._jobs[job_id].labels
        if tuple(labels) != self._expected:
            self._expected = tuple(labels)
            self.expected_changed.emit(self._expected)

    def _deliver_progress(self) -> None:
        for job_id in tuple(self._mailbox):
            progress = self._mailbox.pop(job_id)
            job = self._jobs.get(job_id)
            if job is not None and job.state is JobState.RUNNING:
                preview = progress.preview if progress.preview is not None else job.preview
                self._replace(replace(job, progress=progress, preview=preview))

    def _on_end(self, job_id: int, result: Any, error: Exception | None) -> None:
        self._deliver_progress()
        job = self._jobs[job_id]
        order = self._orders[job_id]
        if error is None:
            state = JobState.DONE
        elif isinstance(error, Cancelled):
            state, error = JobState.CANCELLED, None
        else:
            state = JobState.FAILED
        del self._busy[job.lane]
        self._start_next(job.lane)
        self._tell_expected()
        try:
            if state is JobState.DONE:
                order.then(result)
        finally:
            self._close(job_id, state, error)
            if self.idle:
                self._timer.stop()

    def _close(self, job_id: int, state: JobState, error: Exception | None) -> None:
        job = replace(self._jobs[job_id], state=state, error=error, ended_s=time.monotonic())
        self._replace(job)
        self.ended.emit(job)
        ended = [other.id for other in self.jobs if other.ended]
        for old in ended[: max(0, len(ended) - HISTORY_LIMIT)]:
            self._forget(old)

    def _replace(self, job: Job) -> None:
        self._jobs[job.id] = job
        self.changed.emit(job)

    def _forget(self, job_id: int) -> None:
        del self._jobs[job_id], self._orders[job_id], self._tokens[job_id]
        self.forgotten.emit(job_id)


def _first(waiting: Sequence[Waiting]) -> Waiting:
    """Take the jobs in the order they were asked for."""
    return waiting[0]


def _place_of(job: Job) -> Waiting:
    label = job.labels[0] if job.labels else ""
    return Waiting(id=job.id, label=label, batch=job.batch, overtaken=job.overtaken)


def _with_last_preview(progress: Progress, before: Progress | None) -> Progress:
    """Keep the preview of a progress that is overtaken before it was shown."""
    if progress.preview is None and before is not None and before.preview is not None:
        return replace(progress, preview=before.preview)
    return progress
