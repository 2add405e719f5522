"""What a job asks of the memory: components to have loaded, and room to work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Smaller(Generic[M]):
    """A way to have a component with less of the device, slower or less exact.

    Attributes:
        name: What the meter and the log call it: "offload", "fp8", "int8".
        size_bytes: What it holds of the device.
        load: Like a component's.
        exact: The results are the same, bit for bit.
    """

    name: str
    size_bytes: int
    load: Callable[[str], M]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Generic[M]):
    """One thing that is loaded and evicted as a whole.

    Attributes:
        key: Its name in the books, "engine:model:part:precision"; the same key
            means the same bytes, for example
            "text:smollm2-135m-instruct:model:bfloat16".
        size_bytes: The weights as they will lie on the device.
        load: Takes the device's name ("cpu" or "cuda") and returns the loaded
            thing. Called by one thread at a time in the whole process.
        move: Moves a loaded thing to a device, in place: to "cpu" it is parked
            in main memory, and back to the card without reading the disk. None
            if it can only be loaded and dropped.
        smaller: Ways to have it with less, the least harmful first.
    """

    key: str
    size_bytes: int
    load: Callable[[str], M]
    move: Callable[[M, str], None] | None = None
    smaller: tuple[Smaller[M], ...] = ()

    def __post_init__(self) -> None:
        if self.size_bytes < 0:
            raise ValueError(f"{self.key} has a size of {self.size_bytes} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """The memory a job takes besides weights: activations and caches.

    The same operation of the same model at the same size and batch takes the
    same memory, so what was measured before goes before the estimate.

    Attributes:
        operation: "image.denoise", "image.decode", "text.write", ...
        estimate_bytes: What the engine reckons from shapes alone.
        model: The library's id, or empty.
        size: Pixels, tokens or whatever the work grows with, in one number.
        batch: How many are worked on at once.
        least_bytes: What must be promised whatever was measured: a cache for
            the whole context asked, which a short answer never filled.
    """

    operation: str
    estimate_bytes: int
    model: str = ""
    size: int = 0
    batch: int = 1
    least_bytes: int = 0

    def __post_init__(self) -> None:
        if self.estimate_bytes < 0:
            raise ValueError(f"the working memory is {self.estimate_bytes} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """All that one lease asks for; each key once. `working_bytes` is the prediction."""

    components: tuple[Component[object], ...]
    working: Working
    working_bytes: int

    def __post_init__(self) -> None:
        keys = [component.key for component in self.components]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a component is asked for twice: {', '.join(keys)}")

    @property
    def total_bytes(self) -> int:
        """The bytes of an empty device that would do, with all components whole."""
        return self.working_bytes + sum(c.size_bytes for c in self.components)
