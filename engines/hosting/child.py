"""The child process: reads messages, runs jobs on threads, and ends with its parent."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from engines.api import CancelToken, EngineError, EngineFailed, Run
from engines.hosting.core import Core, HostOptions
from engines.hosting.messages import (
    Cancel,
    Configure,
    Ended,
    Expect,
    Finish,
    FreeMemory,
    Start,
    Stop,
    ToChild,
    Warm,
)
from engines.hosting.outbox import Outbox
from engines.offline import seal

log = logging.getLogger(__name__)

MOST_JOBS = 64
NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000


def main(connection: Connection, options: HostOptions) -> None:
    """Serve until the parent says so or is gone, then leave at once."""
    seal()
    _be_modest()
    _open_log(options.log_path)
    child = _Child(connection, options)
    child.serve()
    child.leave()
    # Engines may be deep in native code; nothing is left that needs an orderly end.
    logging.shutdown()
    os._exit(0)


class _Child:
    """The jobs of one child process."""

    def __init__(self, connection: Connection, options: HostOptions) -> None:
        self._connection = connection
        self._outbox = Outbox(connection.send)
        self._core = Core(options, listener=self._outbox.memory)
        self._pool = ThreadPoolExecutor(MOST_JOBS, thread_name_prefix="job")
        # One thread: of two wishes the later one must hold.
        self._orders = ThreadPoolExecutor(1, thread_name_prefix="memory")
        self._tokens: dict[int, CancelToken] = {}
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Read messages on this thread, which does nothing else."""
        while True:
            try:
                message: ToChild = self._connection.recv()
            except (EOFError, OSError):
                return
            match message:
                case Start(job):
                    with self._lock:
                        self._tokens[job] = CancelToken()
                    self._pool.submit(self._run, message)
                case Cancel(job):
                    if (token := self._token(job)) is not None:
                        token.cancel()
                case Finish(job):
                    if (token := self._token(job)) is not None:
                        token.finish()
                case FreeMemory():
                    self._orders.submit(self._core.free_memory)
                case Configure(options):
                    self._orders.submit(self._core.configure_memory, options)
                case Expect(labels):
                    self._orders.submit(self._core.expect, labels)
                case Warm():
                    self._pool.submit(self._core.warm)
                case Stop():
                    return

    def _token(self, job: int) -> CancelToken | None:
        """Return the token of a job that has not ended."""
        with self._lock:
            return self._tokens.get(job)

    def leave(self) -> None:
        """Ask all jobs to stop and send what is queued; bounded."""
        with self._lock:
            for token in self._tokens.values():
                token.cancel()
        self._core.keep_books()
        self._outbox.close(timeout_s=0.5)

    def _run(self, start: Start) -> None:
        """Answer one request; whatever happens, the parent hears of the end."""
        token = self._tokens[start.job]
        run = Run(token=token, report=lambda progress: self._outbox.progress(start.job, progress))
        try:
            ended = Ended(start.job, result=self._core.run(start.request, run))
        except EngineError as error:
            ended = Ended(start.job, error=error.with_traceback(None))
        except BaseException as error:  # a library that calls sys.exit ends its job, no more
            log.exception("a job ended in a way that is no engine's")
            ended = Ended(start.job, error=EngineFailed(f"{type(error).__name__}: {error}"))
        finally:
            with self._lock:
                del self._tokens[start.job]
        self._outbox.end(ended)


def _be_modest() -> None:
    """Leave the keyboard's interrupt to the parent, and the processor to the window first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def _open_log(path: str) -> None:
    """Log to standard error, where there is one, and to a file if one is named."""
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:
        faulthandler.enable()
        handlers.append(logging.StreamHandler())
    if path:
        handlers.append(logging.FileHandler(path, encoding="utf-8", delay=True))
    logging.basicConfig(
        level=logging.WARNING,
        handlers=handlers or [logging.NullHandler()],
        format="%(asctime)s engines %(levelname)s %(name)s: %(message)s",
    )
