"""The lease as a job sees it: a `with` block that yields what was loaded."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, overload

from engines.api import EngineError, OutOfMemory, Run, Tier
from engines.memory.admission import Admission
from engines.memory.books import Books, Lease
from engines.memory.eviction import Eviction
from engines.memory.lease import Component, Need, Working
from engines.memory.porter import Brought, Porter

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class Leasing:
    """Grants, fills and ends leases."""

    def __init__(
        self, books: Books, admission: Admission, eviction: Eviction, porter: Porter
    ) -> None:
        self._books = books
        self._admission = admission
        self._eviction = eviction
        self._porter = porter

    @overload
    def lease(self, *, working: Working, run: Run) -> AbstractContextManager[tuple[()]]: ...
    @overload
    def lease(
        self, first: Component[A], /, *, working: Working, run: Run
    ) -> AbstractContextManager[tuple[A]]: ...
    @overload
    def lease(
        self, first: Component[A], second: Component[B], /, *, working: Working, run: Run
    ) -> AbstractContextManager[tuple[A, B]]: ...
    @overload
    def lease(
        self,
        first: Component[A],
        second: Component[B],
        third: Component[C],
        /,
        *,
        working: Working,
        run: Run,
    ) -> AbstractContextManager[tuple[A, B, C]]: ...
    @overload
    def lease(
        self, *components: Component[Any], working: Working, run: Run
    ) -> AbstractContextManager[tuple[Any, ...]]: ...
    def lease(
        self, *components: Component[Any], working: Working, run: Run
    ) -> AbstractContextManager[tuple[Any, ...]]:
        """Hold `components` loaded, and room for `working` more, for a `with` block.

        Yields the loaded things in the order asked. A job is known by
        `run.token`; the lease of one phase of it ends before the next begins.

        Raises:
            OutOfMemory: it can never fit, the wait was too long, the device
                ran short while loading or inside the block, or this job holds
                a lease already.
            Cancelled: the user asked to stop while it waited.
        """
        predicted_bytes = self._books.working_sets.predict(working)
        need = Need(components=components, working=working, working_bytes=predicted_bytes)
        return self._lease(need, run)

    @contextmanager
    def _lease(self, need: Need, run: Run) -> Iterator[tuple[Any, ...]]:
        books = self._books
        lease = self._admission.admit(need, run)
        brought: list[Brought] = []
        try:
            self._porter.fill(lease, brought, run)
            with books.changed:
                running = books.works.begin(need.working, lease.need.working_bytes)
                lease.running = running
                books.tell()
            yield tuple(entry.value for entry in lease.entries)
        except BaseException as error:
            is_short = books.device.is_shortage(error)
            if is_short or isinstance(error, EngineError):
                # What the failed frames hold must go now, not when the error is forgotten.
                traceback.clear_frames(error.__traceback__)
            unwanted = () if lease.running else brought
            if is_short:
                # In no variable: the error would hold this frame, and the frame the error,
                # and with them what the job has loaded, until the collector comes.
                raise self._run_short(lease, run, unwanted) from None
            self._fail(lease, run, unwanted, is_short=False)
            raise
        with books.changed:
            try:
                books.works.end(running)
            finally:
                self._strike(lease, run)

    def _run_short(self, lease: Lease, run: Run, brought: Sequence[Brought]) -> OutOfMemory:
        """End a lease that ran short, and return the error with its numbers."""
        with self._books.changed:
            refusal = self._books.shortage(lease)
        self._fail(lease, run, brought, is_short=True)
        return refusal

    def _fail(self, lease: Lease, run: Run, brought: Sequence[Brought], *, is_short: bool) -> None:
        """Go back to the books of before the lease; what it brought goes where it came from."""
        books = self._books
        with books.changed:
            if lease.running is not None:
                books.works.fail(lease.running, short=is_short)
            self._strike(lease, run)
            leaving = [
                leaving
                for entry, was_parked in brought
                if entry.idle and entry.place is Tier.DEVICE and books.ledger.owns(entry)
                for leaving in self._eviction.mark(
                    [entry], "its job did not begin", park=was_parked
                )
            ]
        self._porter.clear(leaving)
        books.device.trim()

    def _strike(self, lease: Lease, run: Run) -> None:
        self._books.ledger.unpin(lease.need, lease.entries)
        del self._books.leases[id(run.token)]
        self._books.tell()
