"""The hosts that run engines, as the rest of the house sees them; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from engines.api import MemoryOptions, MemoryStatus, Request, Run
from engines.hosting.core import HostOptions
from engines.hosting.labels import label_of
from engines.hosting.local import LocalHost
from engines.hosting.outlook import KnownWork, Outlook, outlook
from engines.hosting.remote import ChildHost

__all__ = [
    "ChildHost",
    "EngineHost",
    "HostOptions",
    "KnownWork",
    "LocalHost",
    "Outlook",
    "label_of",
    "outlook",
]


class EngineHost(Protocol):
    """What both hosts offer; every method may be called from any thread."""

    def run(self, request: Request, run: Run) -> Any:
        """Answer `request`; blocks, and calls `run.report` on the calling thread.

        Raises:
            EngineError: all that can go wrong, nothing else.
        """
        ...

    def memory(self) -> MemoryStatus:
        """Return the last known state of the memory, at once."""
        ...

    def free_memory(self) -> None:
        """Evict all models that are not in use."""
        ...

    def configure_memory(self, options: MemoryOptions) -> None:
        """Follow the user's wishes from now on."""
        ...

    def expect(self, labels: Sequence[str]) -> None:
        """Take note of which jobs will come, the next first; see `label_of`."""
        ...

    def end_engines(self) -> None:
        """Free the device for sure: end the engines' process, if it is one of their own.

        Running jobs raise `EngineLost`; the next request starts a new process.
        """
        ...

    def warm(self) -> None:
        """Import ahead what the first requests will need."""
        ...

    def close(self) -> None:
        """End all work and free everything, within bounded time."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
