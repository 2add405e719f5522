"""The inside of a host: services, engines and lanes, and one way to answer a request."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines import devices
from engines.api import (
    CancelToken,
    EngineError,
    EngineFailed,
    Kind,
    MemoryOptions,
    MemoryStatus,
    OutOfMemory,
    Request,
    Run,
)
from engines.catalog import Catalog
from engines.hosting.keeper import Keeper
from engines.hosting.labels import label_of, named
from engines.hosting.lanes import LANE_OF, Lane
from engines.hosting.learning import LearningPolicy
from engines.hosting.store import Store
from engines.memory import device
from engines.memory.manager import MemoryManager
from engines.memory.status import Listener, unknown
from engines.memory.working import WorkingSets
from engines.registry import PLACES, Registry
from engines.services import Services

log = logging.getLogger(__name__)

WARMED = (Kind.TEXT, Kind.MUSIC, Kind.IMAGE)
"""The engines whose imports are worth doing ahead, the quickest first."""

QUESTIONS = frozenset({Kind.FIT})
"""Kinds that only ask: no job of the memory's begins with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How to set a host up; crosses to the child process.

    Attributes:
        device: "auto", "cpu" or "cuda".
        roots: Where models lie; None for the usual places.
        places: Which engine answers which kind, see `engines.registry.PLACES`.
        log_path: A file for the host's log besides standard error, or empty.
        memory: What the user wants of the memory.
        store: The folder where working sets, the policy's table and the
            memory's log are kept; empty to keep nothing.
    """

    device: str = "auto"
    roots: tuple[str, ...] | None = None
    places: Mapping[Kind, str] = field(default_factory=lambda: dict(PLACES))
    log_path: str = ""
    memory: MemoryOptions = field(default_factory=MemoryOptions)
    store: str = ""

    def catalog(self) -> Catalog:
        """Return the library these options name."""
        if self.roots is None:
            return Catalog()
        return Catalog([Path(root) for root in self.roots])


class JobToken(CancelToken):
    """One request's own token, cancelled and told to finish also with its caller's.

    Jobs are told apart by their tokens, and a caller may use one token for
    several requests at once.
    """

    def __init__(self, caller: CancelToken) -> None:
        super().__init__()
        self._caller = caller

    @property
    def cancelled(self) -> bool:
        return super().cancelled or self._caller.cancelled

    @property
    def finishing(self) -> bool:
        return super().finishing or self._caller.finishing

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
        self._wishes = options.memory
        self._listener = listener
        self._memory = memory
        self._catalog = catalog
        self._store = Store(options.store)
        self._registry: Registry | None = None
        self._keeper: Keeper | None = None
        self._working_sets: WorkingSets | None = None
        self._policy: LearningPolicy | None = None
        self._expected: tuple[str, ...] = ()
        self._answering = 0
        self._lanes = {name: Lane() for name in set(LANE_OF.values())}
        self._building = threading.Lock()
        self._counting = threading.Lock()

    def run(self, request: Request, run: Run) -> Any:
        """Answer `request` under a token of its own.

        Raises:
            EngineError: all that can go wrong, nothing else.
        """
        own = Run(token=JobToken(run.token), report=run.report)
        if request.kind in QUESTIONS:
            return self._answer(request, own)
        with self._counting:
            self._answering += 1
        try:
            return self._answer(request, own, begins=True)
        except BaseException as error:
            # Whoever keeps the error must not keep the models in the frames it passed.
            traceback.clear_frames(error.__traceback__)
            raise
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

    def configure_memory(self, options: MemoryOptions) -> None:
        """Follow the user's wishes from now on."""
        with self._building:
            self._wishes = options
            memory = self._memory
        if memory is not None:
            memory.configure(options)

    def expect(self, labels: Sequence[str]) -> None:
        """Take note of which jobs will come, the next first; see `engines.hosting.labels`."""
        self._expected = tuple(labels)
        if self._memory is not None and self._catalog is not None:
            self._memory.expect(named(self._expected, self._catalog))

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

    def close(self) -> None:
        """End the keeper and evict what is idle; a later request begins anew."""
        with self._building:
            keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.close()
        if self._policy is not None and self._policy.learned is not None and not self._answering:
            self._policy.copy()
        self.keep_books()  # before the end of it all, which is no event worth keeping
        self.free_memory()

    def keep_books(self) -> None:
        """Write down what was learned and what happened."""
        if self._memory is not None:
            self._store.note(self._memory.status().events)
        if self._working_sets is not None:
            self._working_sets.save()
        if self._policy is not None and self._policy.learned is not None:
            self._store.keep_forecast(self._policy.learned)

    def _answer(self, request: Request, run: Run, *, begins: bool = False) -> Any:
        """Run the engine in its lane; also what an engine calls to ask another."""
        run.token.check()
        try:
            with self._lanes[LANE_OF[request.kind]].hold(run.token):
                registry = self._registry or self._build()
                engine = registry.get(request.kind)
                if not begins:
                    return engine.run(request, run)
                with self._job(request, run):
                    return engine.run(request, run)
        except (EngineError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in a Rust library is no Exception
            if self._memory is not None and self._memory.is_shortage(error):  # outside any lease
                raise _short_of_a_little(self._memory) from None
            log.exception("the %s engine failed", request.kind)
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    @contextmanager
    def _job(self, request: Request, run: Run) -> Iterator[None]:
        """Tell the memory of a job from its beginning to its end."""
        memory, catalog = self._memory, self._catalog
        assert memory is not None and catalog is not None  # both are made before any engine
        memory.began(named((label_of(request),), catalog)[0], run)
        self._look_after(memory)
        try:
            yield
        finally:
            memory.ended(run)

    def _look_after(self, memory: MemoryManager) -> None:
        """Have the keeper look at the memory from now on."""
        with self._building:
            if self._keeper is None:

                def tend() -> None:
                    memory.tend()
                    self.keep_books()

                def needed() -> bool:
                    status = memory.status()
                    held = self._answering > 0 or bool(status.residents)
                    return held or self._store.is_behind(status.events)

                self._keeper = Keeper(tend, needed)
            self._keeper.wake()

    def _build(self) -> Registry:
        """Choose the device and make the services, once."""
        with self._building:
            if self._registry is None:
                device.use_growing_segments()
                name = devices.choose(self._options.device)
                devices.fix_threads()
                if self._memory is None:
                    self._memory = self._manager(name)
                if self._catalog is None:
                    self._catalog = self._options.catalog()
                if self._expected:
                    self._memory.expect(named(self._expected, self._catalog))
                services = Services(self._catalog, self._memory, self._answer)
                self._registry = Registry(services, self._options.places)
            return self._registry

    def _manager(self, device_name: str) -> MemoryManager:
        """Make the manager with what was learned before and what the user wants."""
        self._policy = LearningPolicy(self._store.forecast())
        self._working_sets = WorkingSets(self._store.working_sets(device_name))
        return MemoryManager(
            device.device_for(device_name),
            options=self._wishes,
            policy=self._policy,
            working_sets=self._working_sets,
            listener=self._listener,
        )


def _short_of_a_little(memory: MemoryManager) -> OutOfMemory:
    """Return the error of a job that ran short of what it asked no lease for."""
    status = memory.measure()
    free_bytes = max(0, status.budget_bytes - status.used_bytes)
    return OutOfMemory(free_bytes + 1, free_bytes)
