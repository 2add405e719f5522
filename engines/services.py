"""What an engine is given when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.api import Request, Run
from engines.catalog import Catalog
from engines.memory.manager import MemoryManager


@dataclass(frozen=True, slots=True)
class Services:
    """The library, the memory, and the way to ask another engine.

    `ask` runs another engine's answer on the same thread and under the same
    job; never call it while holding a lease.
    """

    catalog: Catalog
    memory: MemoryManager
    ask: Callable[[Request, Run], Any]
