"""A job on its way: progress goes out, a cancel comes in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar

from engines.api.errors import Cancelled
from engines.api.models import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A small raw picture for a preview: `rgb` is height x width x 3 bytes, top row first."""

    width_px: int
    height_px: int
    rgb: bytes


Preview = Pixels | str | bytes
"""A picture, the text written so far, or a MIDI file of the bars so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`done` of `total` steps; `stage` names what is being done, in a word or two."""

    done: int
    total: int
    stage: str = ""
    preview: Preview | None = None


class CancelToken:
    """Set once by the user, looked at by the engine at every step.

    Besides being cancelled, a job may be asked to finish: what it is at work
    on is still wanted, what it would begin after that is not.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._finish = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    def finish(self) -> None:
        self._finish.set()

    @property
    def finishing(self) -> bool:
        return self._finish.is_set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""
        if self._event.is_set():
            raise Cancelled


def _ignore(progress: Progress) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True, slots=True)
class Run:
    """The context of one job, handed to the engine."""

    token: CancelToken = field(default_factory=CancelToken)
    report: Callable[[Progress], None] = _ignore

    def step(
        self, done: int, total: int, preview: Preview | None = None, *, stage: str = ""
    ) -> None:
        """Report progress; the one place where a job is cancelled.

        Raises:
            Cancelled: the user asked to stop.
        """
        self.token.check()
        self.report(Progress(done=done, total=total, stage=stage, preview=preview))


Req = TypeVar("Req", contravariant=True)
Res = TypeVar("Res", covariant=True)


class Engine(Protocol[Req, Res]):
    """What every engine is: a kind and one method."""

    kind: ClassVar[Kind]

    def run(self, request: Req, run: Run) -> Res:
        """Answer `request`, calling `run.step` at least once a second."""
        ...
