"""What a job tries, step by step, when the device runs short of memory under it."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engines.api import Run
from engines.memory.lease import Working
from engines.memory.manager import MemoryManager

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to go on with less.

    Attributes:
        name: What the log calls it: "tile the VAE", "half the batch".
        climb: Does it; False if it gains nothing here, to go on to the next.
    """

    name: str
    climb: Callable[[], bool]


class Ladder:
    """One phase's way down, made inside its lease and used for all its calls.

    A call that runs short is repeated after each rung: the device's cache is
    emptied, what is idle is evicted, then the phase's own rungs are climbed in
    their order, each once; they stay climbed for the calls that follow.
    """

    def __init__(
        self, memory: MemoryManager, run: Run, working: Working, rungs: Sequence[Rung] = ()
    ) -> None:
        self._memory = memory
        self._run = run
        self._working = working
        self._left = list(rungs)

    def __call__(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns, called again after each rung.

        Raises:
            OutOfMemory: it ran short on the last rung too.
            Cancelled: the user asked to stop.
        """
        ways = self._rungs()
        while True:
            try:
                return attempt()
            except BaseException as error:
                if not self._is_short(error):
                    raise
            self._run.token.check()
            if not any(self._climb(rung) for rung in ways):
                raise self._memory.shortage(self._run)

    def _rungs(self) -> Iterator[Rung]:
        """Yield the manager's own rungs, then what is left of the phase's."""
        yield Rung(name="empty cache", climb=self._empty_cache)
        yield Rung(name="evict idle", climb=self._evict_idle)
        while self._left:
            rung = self._left.pop(0)
            yield Rung(name=rung.name, climb=functools.partial(self._climb_own, rung))

    def _empty_cache(self) -> bool:
        self._memory.relieve(self._run, evict=False)
        return True

    def _evict_idle(self) -> bool:
        return self._memory.relieve(self._run, evict=True) > 0

    def _climb_own(self, rung: Rung) -> bool:
        """Climb one of the phase's rungs, and tell of it if it gained something."""
        gained = rung.climb()
        if gained:
            self._memory.climbed(self._run, rung.name, self._working.operation)
        return gained

    def _climb(self, rung: Rung) -> bool:
        """Climb one rung; one that runs short itself has gained nothing."""
        try:
            return rung.climb()
        except BaseException as error:
            if not self._is_short(error):
                raise
            return False

    def _is_short(self, error: BaseException) -> bool:
        """Say whether `error` is a shortage, and let go of what its frames hold if so."""
        is_short = self._memory.is_shortage(error)
        if is_short:
            traceback.clear_frames(error.__traceback__)
        return is_short
