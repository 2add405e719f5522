"""The host in this process: the command line and the tests."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from engines.api import MemoryOptions, MemoryStatus, Request, Run
from engines.catalog import Catalog
from engines.hosting.core import Core, HostOptions
from engines.memory.manager import MemoryManager
from engines.memory.status import Listener


class LocalHost:
    """Runs the engines on the threads that ask."""

    def __init__(
        self,
        device: str = "auto",
        *,
        catalog: Catalog | None = None,
        memory: MemoryManager | None = None,
        on_memory: Listener | None = None,
        options: HostOptions | None = None,
    ) -> None:
        """Prepare a host without importing anything heavy.

        Args:
            device: "auto", "cpu" or "cuda".
            catalog: The library; the usual one by default.
            memory: A manager to use instead of the device's own.
            on_memory: Told of each new memory status on the thread that made it.
            options: All of the host's options; goes before `device`.
        """
        self._core = Core(
            options or HostOptions(device=device),
            listener=on_memory,
            memory=memory,
            catalog=catalog,
        )

    def run(self, request: Request, run: Run) -> Any:
        """Answer `request`; blocks, and may be called from any thread."""
        return self._core.run(request, run)

    def memory(self) -> MemoryStatus:
        """Return the last known state of the memory, at once."""
        return self._core.memory()

    def free_memory(self) -> None:
        """Evict all models that are not in use."""
        self._core.free_memory()

    def configure_memory(self, options: MemoryOptions) -> None:
        """Follow the user's wishes from now on."""
        self._core.configure_memory(options)

    def expect(self, labels: Sequence[str]) -> None:
        """Take note of which jobs will come, the next first."""
        self._core.expect(labels)

    def end_engines(self) -> None:
        """Evict all models that are not in use: this process cannot end itself."""
        self._core.free_memory()

    def warm(self) -> None:
        """Import now what the first requests will need; blocks."""
        self._core.warm()

    def close(self) -> None:
        """Free the models and end the keeper."""
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
