"""What crosses between the window's process and the engines' process: frozen values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.api import EngineError, MemoryOptions, MemoryStatus, Progress, Request


@dataclass(frozen=True, slots=True)
class Start:
    """To the child: answer this request as job `job`."""

    job: int
    request: Request


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the child: the user asked job `job` to stop."""

    job: int


@dataclass(frozen=True, slots=True)
class Finish:
    """To the child: of job `job` only what is being made is still wanted."""

    job: int


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """To the child: evict all that is idle."""


@dataclass(frozen=True, slots=True)
class Configure:
    """To the child: the user wants the memory otherwise."""

    options: MemoryOptions


@dataclass(frozen=True, slots=True)
class Expect:
    """To the child: these jobs will come, the next first."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Warm:
    """To the child: import ahead what the first requests need."""


@dataclass(frozen=True, slots=True)
class Stop:
    """To the child: end."""


ToChild = Start | Cancel | Finish | FreeMemory | Configure | Expect | Warm | Stop


@dataclass(frozen=True, slots=True)
class Progressed:
    """From the child: how far job `job` is."""

    job: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Ended:
    """From the child: job `job` has its result, or its error."""

    job: int
    result: Any = None
    error: EngineError | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """From the child: the memory changed."""

    status: MemoryStatus


FromChild = Progressed | Ended | Memory
