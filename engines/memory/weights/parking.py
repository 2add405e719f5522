"""Weights that leave the card for main memory and come back without the disk.

Weights are only read, so a copy of them in main memory stays true. It is made
the first time they leave; when they return it is kept while the budget for
main memory allows, and the next time they leave nothing is copied at all. The
copies are page-locked, which lets the card fetch them at full speed; where
the system refuses that, they work all the same, slower.

torch is imported inside the functions only.
"""

from __future__ import annotations

import itertools
import logging
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

HOST = "cpu"
SLAB_BYTES = 256 * 2**20
"""Weights are packed into blocks of about this size: few copies, and no huge gap needed."""
ALIGN_BYTES = 512
"""As torch's own allocator aligns, so that the same kernels are chosen afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one weight lies in the slabs, and how it is to be read there."""

    slab: int
    start: int
    size_bytes: int
    dtype: torch.dtype
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def view(self, slabs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the weight as it lies in `slabs`."""
        raw = slabs[self.slab][self.start : self.start + self.size_bytes]
        return raw.view(self.dtype).as_strided(self.shape, self.stride)


class Shelf:
    """A copy in main memory of some weights, in page-locked slabs."""

    def __init__(self, weights: Sequence[torch.Tensor]) -> None:
        """Make room for `weights`; nothing is copied yet."""
        import torch

        self.places, sizes = _packed(weights)
        self.slabs = [torch.empty(size, dtype=torch.uint8) for size in sizes]
        self.size_bytes = sum(sizes)
        if any(weight.is_cuda for weight in weights):
            for slab in self.slabs:
                _lock_pages(self, slab)

    def views(self, slabs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return all weights as they lie in `slabs`, this shelf's or a copy of them."""
        return [place.view(slabs) for place in self.places]


class Parking:
    """The weights of one loaded thing: at home on its device, or parked in main memory."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._marks: list[tuple[int, int, int]] = []
        self.shelf: Shelf | None = None
        self.parked = False
        self.used = 0

    def park(self, weights: Sequence[list[torch.Tensor]]) -> None:
        """Have the weights in main memory; if it fails, they are where they were.

        Args:
            weights: Tensors, those that share the same bytes together.
        """
        if self.parked:
            return
        firsts = [group[0] for group in weights]
        shelf = self.shelf
        if shelf is None or self._marks != _marks(firsts):
            self._shelves.give_up(self)
            shelf = Shelf(firsts)
            self._shelves.make_room(shelf.size_bytes)
            with _copying(firsts[0].device if firsts else HOST):
                for view, weight in zip(shelf.views(shelf.slabs), firsts, strict=True):
                    view.copy_(weight.detach(), non_blocking=True)
        _point(weights, shelf.views(shelf.slabs))
        self.shelf, self.parked = shelf, True

    def bring(self, weights: Sequence[list[torch.Tensor]], device: str) -> None:
        """Have the parked weights on `device`; if it fails, they stay parked."""
        import torch

        if not self.parked or self.shelf is None:
            return
        slabs = [torch.empty_like(slab, device=device) for slab in self.shelf.slabs]
        with _copying(torch.device(device)):
            for slab, kept in zip(slabs, self.shelf.slabs, strict=True):
                slab.copy_(kept, non_blocking=True)
        _point(weights, self.shelf.views(slabs))
        self.parked = False
        self._marks = _marks([group[0] for group in weights])
        self._shelves.returned(self)


class Shelves:
    """All parked weights, and the spare copies of those that returned.

    Parked weights are the memory manager's to count; spare copies are only
    kept as far as the limit for both allows, the last returned the longest.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parkings: weakref.WeakSet[Parking] = weakref.WeakSet()
        self._limit_bytes = 0
        self._returns = itertools.count(1)

    @property
    def held_bytes(self) -> int:
        """What all shelves hold of main memory, parked and spare."""
        with self._lock:
            return self._sum()

    def parking(self) -> Parking:
        """Return a new, empty one."""
        parking = Parking(self)
        with self._lock:
            self._parkings.add(parking)
        return parking

    def limit(self, limit_bytes: int) -> None:
        """Set what all may hold together, and give up spare copies beyond it."""
        with self._lock:
            self._limit_bytes = limit_bytes
            self._shrink(limit_bytes)

    def make_room(self, size_bytes: int) -> None:
        """Give up spare copies for something that is about to be parked."""
        with self._lock:
            self._shrink(self._limit_bytes - size_bytes)

    def returned(self, parking: Parking) -> None:
        """Keep the copy of what just went back to the card, if there is room for it."""
        with self._lock:
            parking.used = next(self._returns)
            self._shrink(self._limit_bytes)

    def give_up(self, parking: Parking) -> None:
        """Drop a spare copy that is not true any more."""
        with self._lock:
            parking.shelf = None

    def _sum(self) -> int:
        return sum(p.shelf.size_bytes for p in self._parkings if p.shelf is not None)

    def _shrink(self, goal_bytes: int) -> None:
        spare = (p for p in self._parkings if p.shelf is not None and not p.parked)
        for parking in sorted(spare, key=lambda p: p.used):
            if self._sum() <= goal_bytes:
                return
            parking.shelf = None


shelves = Shelves()
"""Those of this process; the card's device sets their limit."""


def _packed(weights: Sequence[torch.Tensor]) -> tuple[list[Place], list[int]]:
    """Give each weight its place; returns the places and the sizes of the slabs in bytes."""
    places: list[Place] = []
    sizes: list[int] = []
    for weight in weights:
        size_bytes = weight.numel() * weight.element_size()
        step = -(-max(size_bytes, 1) // ALIGN_BYTES) * ALIGN_BYTES
        if not sizes or sizes[-1] + step > max(SLAB_BYTES, step):
            sizes.append(0)
        places.append(
            Place(
                slab=len(sizes) - 1,
                start=sizes[-1],
                size_bytes=size_bytes,
                dtype=weight.dtype,
                shape=tuple(weight.shape),
                stride=_dense_stride(weight),
            )
        )
        sizes[-1] += step
    return places, sizes


def _dense_stride(weight: torch.Tensor) -> tuple[int, ...]:
    """Keep the order of the dimensions in memory (channels last, transposed), without gaps."""
    stride, step = [0] * weight.dim(), 1
    for axis in sorted(range(weight.dim()), key=lambda a: (weight.stride(a), -a)):
        stride[axis] = step
        step *= weight.shape[axis]
    return tuple(stride)


def _marks(weights: Sequence[torch.Tensor]) -> list[tuple[int, int, int]]:
    """Tell these very weights, unchanged, from any others."""
    return [
        (id(weight), weight.data_ptr(), 0 if weight.is_inference() else weight._version)
        for weight in weights
    ]


def _point(weights: Sequence[list[torch.Tensor]], places: Sequence[torch.Tensor]) -> None:
    """Let each weight, and all that share its bytes, read from its new place."""
    for group, place in zip(weights, places, strict=True):
        for weight in group:
            weight.data = place


@contextmanager
def _copying(device: torch.device | str) -> Iterator[None]:
    """Copy on a stream of its own, so that a job's work goes on; all is there at the end.

    Blocks on the card come from the stream that works with them, so the
    copies wait for what was queued there before.
    """
    import torch

    if torch.device(device).type != "cuda":
        yield
        return
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    try:
        with torch.cuda.stream(stream):
            yield
    finally:
        stream.synchronize()


def _lock_pages(shelf: Shelf, slab: torch.Tensor) -> None:
    """Page-lock a slab for as long as its shelf lives; a refusal only costs speed.

    torch's own page-locked tensors would be rounded up to a power of two and
    never handed back to the system.
    """
    import torch

    if int(torch.cuda.cudart().cudaHostRegister(slab.data_ptr(), slab.numel(), 0)):
        log.warning("%d bytes of main memory cannot be page-locked", slab.numel())
        _forget_refusal()
        return
    unlock = weakref.finalize(shelf, _unlock_pages, slab)
    unlock.atexit = False  # the process's end unlocks all


def _unlock_pages(slab: torch.Tensor) -> None:
    import torch

    torch.cuda.cudart().cudaHostUnregister(slab.data_ptr())


def _forget_refusal() -> None:
    """Let CUDA report its last error now, or the next kernel would be blamed for it."""
    import torch

    try:
        torch.zeros(1, device="cuda").add_(1)
        torch.cuda.synchronize()
    except torch.AcceleratorError:
        log.debug("CUDA told of the refusal")
