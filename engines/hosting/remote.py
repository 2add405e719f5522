"""The host in a child process: the window. torch is never imported on this side."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from engines.api import Cancelled, EngineLost, MemoryOptions, MemoryStatus, Request, Run
from engines.hosting.core import HostOptions
from engines.hosting.messages import Cancel, Configure, Expect, Finish, FreeMemory, ToChild, Warm
from engines.hosting.process import ChildProcess, Latest, outcome
from engines.memory.status import Listener, unknown

LOOK_S = 0.05
"""How often a job that runs elsewhere looks whether it was cancelled here."""

CANCEL_S = 2.0
"""How long a cancelled job waits for the child to confirm; then it ends here anyway."""


class ChildHost:
    """Runs the engines in one child process, started with the first need of it."""

    def __init__(
        self,
        device: str = "auto",
        *,
        on_memory: Listener | None = None,
        options: HostOptions | None = None,
    ) -> None:
        """Prepare a host; starts nothing.

        Args:
            device: "auto", "cpu" or "cuda".
            on_memory: Told of each new memory status, on a thread of the host's.
            options: All of the host's options; goes before `device`.
        """
        self._options = options or HostOptions(device=device)
        self._listener = on_memory
        self._status = unknown(self._options.device)
        self._child: ChildProcess | None = None
        self._expected: tuple[str, ...] = ()
        self._closed = False
        self._lock = threading.Lock()

    def run(self, request: Request, run: Run) -> Any:
        """Answer `request`; blocks, and reports progress on the calling thread.

        Raises:
            EngineError: what the engine raised; EngineLost if its process ended.
        """
        run.token.check()
        child = self._living_child()
        job, inbox = child.start_job(request)
        latest = Latest(inbox, run.report)
        cancelled_s: float | None = None
        told_to_finish = False
        try:
            while (ended := latest.wait(LOOK_S)) is None:
                if run.token.finishing and not told_to_finish:
                    told_to_finish = True
                    child.send(Finish(job))
                if not run.token.cancelled:
                    continue
                if cancelled_s is None:
                    cancelled_s = time.monotonic()
                    child.send(Cancel(job))
                elif time.monotonic() - cancelled_s > CANCEL_S:
                    raise Cancelled
        except BaseException:
            child.send(Cancel(job))  # nobody listens any more
            raise
        finally:
            child.forget_job(job)
        return outcome(ended)

    def memory(self) -> MemoryStatus:
        """Return the last status the child told, at once."""
        return self._status

    def free_memory(self) -> None:
        """Ask the child, if there is one, to evict what is idle; does not wait."""
        self._send(FreeMemory())

    def configure_memory(self, options: MemoryOptions) -> None:
        """Follow the user's wishes from now on, in later processes too; does not wait."""
        with self._lock:
            self._options = replace(self._options, memory=options)
        self._send(Configure(options))

    def expect(self, labels: Sequence[str]) -> None:
        """Tell the child, this one or the next, which jobs will come; does not wait."""
        with self._lock:
            self._expected = tuple(labels)
        self._send(Expect(tuple(labels)))

    def end_engines(self) -> None:
        """End the child now: the one way that surely frees a card.

        Running jobs raise `EngineLost`; the next request starts a new child.
        Returns when the process is gone.
        """
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def warm(self) -> None:
        """Start the child and let it import ahead; does not wait."""
        self._living_child().send(Warm())

    @property
    def pid(self) -> int | None:
        """The child's process number, or None while there is none."""
        child = self._child
        return child.pid if child is not None and not child.lost else None

    def close(self) -> None:
        """End the child within some seconds; running jobs raise `EngineLost`."""
        with self._lock:
            self._closed = True
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _living_child(self) -> ChildProcess:
        with self._lock:
            if self._closed:
                raise EngineLost
            if self._child is None or self._child.lost:
                self._child = ChildProcess(self._options, self._tell, self._tell_ended)
                if self._expected:
                    self._child.send(Expect(self._expected))
            return self._child

    def _send(self, message: ToChild) -> None:
        """Tell the child, if there is one."""
        with self._lock:
            if self._child is not None:
                self._child.send(message)

    def _tell_ended(self) -> None:
        self._tell(unknown(self._options.device))

    def _tell(self, status: MemoryStatus) -> None:
        self._status = status
        if self._listener is not None:
            self._listener(status)
