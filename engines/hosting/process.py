"""One life of the child process, as its parent sees it.

Two threads belong to it. The sender starts the process and writes to the
pipe; the reader takes messages from it and only passes them on. Neither the
window nor a job ever waits for the pipe.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import multiprocessing
import queue
import threading
from collections.abc import Callable

from engines.api import EngineError, EngineLost, Progress, Request
from engines.hosting import child
from engines.hosting.core import HostOptions
from engines.hosting.messages import Ended, FromChild, Memory, Progressed, Start, Stop, ToChild
from engines.memory.status import Listener

log = logging.getLogger(__name__)

STOP_S = 3.0
"""How long the child may take to end when it is asked to."""

Inbox = queue.SimpleQueue[Progressed | Ended]


class ChildProcess:
    """Starts a child at once, in the background, and talks to it."""

    def __init__(
        self, options: HostOptions, on_memory: Listener, on_end: Callable[[], None]
    ) -> None:
        """Begin; both callbacks are called on the reader thread and must be light."""
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._theirs = theirs
        self._process = context.Process(
            target=child.main, args=(theirs, options), name="triptych-engines", daemon=True
        )
        self._on_memory = on_memory
        self._on_end = on_end
        self._lock = threading.Lock()
        self._ending = threading.Lock()
        self._jobs: dict[int, Inbox] = {}
        self._numbers = itertools.count(1)
        self._lost = False
        self._started = threading.Event()
        self._outgoing: queue.SimpleQueue[ToChild | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._write, name="engines-sender", daemon=True)
        self._reader = threading.Thread(target=self._read, name="engines-reader", daemon=True)
        self._sender.start()
        self._reader.start()

    @property
    def lost(self) -> bool:
        """Whether the process has ended, or is about to be replaced."""
        return self._lost

    @property
    def pid(self) -> int | None:
        """The process's number, or None before it started."""
        return self._process.pid

    def start_job(self, request: Request) -> tuple[int, Inbox]:
        """Send a request; its progress and its end will come into the returned inbox.

        Raises:
            EngineLost: the process has ended.
        """
        inbox: Inbox = queue.SimpleQueue()
        with self._lock:
            if self._lost:
                raise EngineLost
            job = next(self._numbers)
            self._jobs[job] = inbox
        self.send(Start(job, request))
        return job, inbox

    def forget_job(self, job: int) -> None:
        """Drop what may still come for a job."""
        with self._lock:
            self._jobs.pop(job, None)

    def send(self, message: ToChild) -> None:
        """Queue a message; never waits."""
        self._outgoing.put(message)

    def kill(self) -> None:
        """End the process now, without asking it; its jobs are told that it is lost."""
        self.send_no_more()
        self._started.wait(STOP_S)
        if self._process.pid is not None:
            self._process.kill()
        self._join()

    def close(self) -> None:
        """End the process, by force if it must be, and both threads; bounded."""
        self.send(Stop())
        self.send_no_more()
        self._started.wait(STOP_S)
        self._join()

    def _join(self) -> None:
        self._end_process(STOP_S)
        self._sender.join(STOP_S)
        self._reader.join(STOP_S)

    def send_no_more(self) -> None:
        """Let the sender end after what is queued."""
        self._outgoing.put(None)

    def _write(self) -> None:
        """Start the process, then send until told to stop; runs on the sender thread."""
        try:
            self._process.start()
        except OSError:
            log.exception("the engine process could not be started")
            self._ours.close()
            return
        finally:
            self._theirs.close()  # or the pipe would never end when the child does
            self._started.set()
        while (message := self._outgoing.get()) is not None:
            try:
                self._ours.send(message)
            except (OSError, ValueError):
                return  # the reader sees the end too, and tells the jobs

    def _read(self) -> None:
        """Pass on what the child says until it is gone; runs on the reader thread."""
        self._started.wait()
        try:
            while True:
                self._pass_on(self._ours.recv())
        except (EOFError, OSError):
            pass  # the usual end
        except Exception:
            log.exception("what the engine process said could not be read")
        with self._lock:
            self._lost = True
            left = tuple(self._jobs.items())
        self._on_end()
        for job, inbox in left:
            inbox.put(Ended(job, error=EngineLost()))
        self.send_no_more()
        self._end_process(STOP_S)
        self._sender.join()
        self._ours.close()

    def _pass_on(self, message: FromChild) -> None:
        if isinstance(message, Memory):
            self._on_memory(message.status)
            return
        with self._lock:
            inbox = self._jobs.get(message.job)
        if inbox is not None:
            inbox.put(message)

    def _end_process(self, patience_s: float) -> None:
        """Wait for the process, then insist; leaves no zombie."""
        with self._ending:
            if self._process.pid is None:
                return
            self._process.join(patience_s)
            for insist in (self._process.terminate, self._process.kill):
                if self._process.is_alive():
                    insist()
                    self._process.join(1.0)


class Latest:
    """The newest progress and the end out of an inbox."""

    def __init__(self, inbox: Inbox, report: Callable[[Progress], None]) -> None:
        self._inbox = inbox
        self._report = report

    def wait(self, timeout_s: float) -> Ended | None:
        """Report the newest progress within `timeout_s`; return the end if it came."""
        newest: Progressed | None = None
        ended: Ended | None = None
        with contextlib.suppress(queue.Empty):
            message = self._inbox.get(timeout=timeout_s)
            while True:
                if isinstance(message, Ended):
                    ended = message
                    break
                newest = message
                message = self._inbox.get_nowait()
        if newest is not None:
            self._report(newest.progress)
        return ended


def outcome(ended: Ended) -> object:
    """Return the result, or raise the error."""
    if ended.error is not None:
        error: EngineError = ended.error
        raise error
    return ended.result
