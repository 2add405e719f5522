"""What a job asks of the memory: components to have loaded, and room to work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Generic[M]):
    """One thing that is loaded and evicted as a whole.

    Attributes:
        key: Its name in the ledger; the same key means the same bytes, for
            example "text:smollm2-135m-instruct:float32".
        size_bytes: The weights as they will lie on the device.
        load: Takes the device's name ("cpu" or "cuda") and returns the loaded
            thing. Called by one thread at a time in the whole process.
    """

    key: str
    size_bytes: int
    load: Callable[[str], M]

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError(f"{self.key} has a size of {self.size_bytes} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """All that one lease asks for; each key once."""

    components: tuple[Component[object], ...]
    working_bytes: int

    def __post_init__(self) -> None:
        keys = [component.key for component in self.components]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a component is asked for twice: {', '.join(keys)}")
        if self.working_bytes < 0:
            raise ValueError(f"the working memory is {self.working_bytes} bytes")

    @property
    def total_bytes(self) -> int:
        """The bytes of an empty device that would do."""
        return self.working_bytes + sum(c.size_bytes for c in self.components)
