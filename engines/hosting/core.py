"""The inside of a host: services, engines and lanes, and one way to answer a request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines import devices
from engines.api import CancelToken, EngineError, EngineFailed, Kind, MemoryStatus, Request, Run
from engines.catalog import Catalog
from engines.hosting.lanes import LANE_OF, Lane
from engines.memory import device
from engines.memory.manager import MemoryManager
from engines.memory.status import Listener, unknown
from engines.registry import PLACES, Registry
from engines.services import Services

log = logging.getLogger(__name__)

WARMED = (Kind.TEXT, Kind.MUSIC, Kind.IMAGE)
"""The engines whose imports are worth doing ahead, the quickest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How to set a host up; crosses to the child process.

    Attributes:
        device: "auto", "cpu" or "cuda".
        roots: Where models lie; None for the usual places.
        places: Which engine answers which kind, see `engines.registry.PLACES`.
        log_path: A file for the host's log besides standard error, or empty.
    """

    device: str = "auto"
    roots: tuple[str, ...] | None = None
    places: Mapping[Kind, str] = field(default_factory=lambda: dict(PLACES))
    log_path: str = ""

    def catalog(self) -> Catalog:
        """Return the library these options name."""
        if self.roots is None:
            return Catalog()
        return Catalog([Path(root) for root in self.roots])


class JobToken(CancelToken):
    """One request's own token, cancelled also with its caller's.

    Jobs are told apart by their tokens, and a caller may use one token for
    several requests at once.
    """

    def __init__(self, caller: CancelToken) -> None:
        super().__init__()
        self._caller = caller

    @property
    def cancelled(self) -> bool:
        return super().cancelled or self._caller.cancelled

    def check(self) -> None:
        super().check()
        self._caller.check()


class Core:
    """Answers requests in this process; torch is imported with the first."""

    def __init__(
        self,
        options: HostOptions,
        *,
        listener: Listener | None = None,
        memory: MemoryManager | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._options = options
        self._listener = listener
        self._memory = memory
        self._catalog = catalog
        self._registry: Registry | None = None
        self._answering = 0
        self._lanes = {name: Lane() for name in set(LANE_OF.values())}
        self._building = threading.Lock()
        self._counting = threading.Lock()

    def run(self, request: Request, run: Run) -> Any:
        """Answer `request` under a token of its own.

        Raises:
            EngineError: all that can go wrong, nothing else.
        """
        with self._counting:
            self._answering += 1
        try:
            return self._answer(request, Run(token=JobToken(run.token), report=run.report))
        finally:
            with self._counting:
                self._answering -= 1

    def memory(self) -> MemoryStatus:
        """Return the last status at once."""
        if self._memory is None:
            return unknown(self._options.device)
        return self._memory.status()

    def free_memory(self) -> None:
        """Evict all models that are not in use."""
        if self._memory is not None:
            self._memory.free_idle()

    def warm(self) -> None:
        """Import what the first requests will need, until the first of them comes.

        A failure is only logged: it shows again when the engine is needed.
        """
        try:
            registry = self._registry or self._build()
            if self._memory is not None and self._memory.device == "cpu":
                self._memory.measure()  # a card is first asked when it is first needed
            for kind in WARMED:
                if not self._answering:  # imports would hold the interpreter against the job
                    registry.get(kind)
        except Exception:
            log.exception("warming up did not succeed")

    def _answer(self, request: Request, run: Run) -> Any:
        """Run the engine in its lane; also what an engine calls to ask another."""
        run.token.check()
        try:
            with self._lanes[LANE_OF[request.kind]].hold(run.token):
                registry = self._registry or self._build()
                return registry.get(request.kind).run(request, run)
        except (EngineError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in a Rust library is no Exception
            log.exception("the %s engine failed", request.kind)
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    def _build(self) -> Registry:
        """Choose the device and make the services, once."""
        with self._building:
            if self._registry is None:
                name = devices.choose(self._options.device)
                devices.fix_threads()
                if self._memory is None:
                    self._memory = MemoryManager(device.device_for(name), listener=self._listener)
                if self._catalog is None:
                    self._catalog = self._options.catalog()
                services = Services(self._catalog, self._memory, self._answer)
                self._registry = Registry(services, self._options.places)
            return self._registry
