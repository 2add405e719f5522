"""A device that exists only as numbers, to try the manager's behaviour without a card."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Sequence

from engines.api import MemoryOptions
from engines.memory.lease import Component, Smaller

HOST = "cpu"


class Shortage(Exception):
    """The simulated device has no memory left, or was told to say so."""


class Extent:
    """Where some bytes of a pool lie."""

    def __init__(self, start: int, size_bytes: int) -> None:
        self.start = start
        self.size_bytes = size_bytes

    @property
    def end(self) -> int:
        return self.start + self.size_bytes


class Block:
    """Some bytes of a pool; they are free again when nobody holds it."""

    def __init__(self, pool: Pool, extent: Extent) -> None:
        self.pool = pool
        self.size_bytes = extent.size_bytes
        self.give_back = weakref.finalize(self, pool.give_back, extent)


class Pool:
    """One memory with its holes: the card's, or the machine's own.

    Attributes:
        capacity_bytes: All of it.
        others_bytes: What other programs hold of it, at its end.
        allocated_bytes: What blocks hold now.
        peak_bytes: The most they held since it was last reset.
    """

    def __init__(self, capacity_bytes: int, *, fragments: bool = False) -> None:
        self.capacity_bytes = capacity_bytes
        self.others_bytes = 0
        self.allocated_bytes = 0
        self.peak_bytes = 0
        self._fragments = fragments
        self._extents: list[Extent] = []
        self._lock = threading.RLock()

    @property
    def room_bytes(self) -> int:
        """What this program may hold in all."""
        return max(0, self.capacity_bytes - self.others_bytes)

    def allocate(self, size_bytes: int) -> Block:
        """Take `size_bytes`, in the first hole that is large enough.

        Raises:
            Shortage: there is none.
        """
        with self._lock:
            if self.allocated_bytes + size_bytes > self.room_bytes:
                raise Shortage(size_bytes)
            extent = Extent(self._hole(size_bytes), size_bytes)
            self._extents.append(extent)
            self._extents.sort(key=lambda e: e.start)
            self.allocated_bytes += size_bytes
            self.peak_bytes = max(self.peak_bytes, self.allocated_bytes)
        return Block(self, extent)

    def give_back(self, extent: Extent) -> None:
        """Free an extent.

        Raises:
            ValueError: it is free already.
        """
        with self._lock:
            self._extents.remove(extent)
            self.allocated_bytes -= extent.size_bytes

    def compact(self) -> None:
        """Move all extents together, so that the free bytes are one hole."""
        with self._lock:
            end = 0
            for extent in self._extents:
                extent.start = end
                end = extent.end

    def _hole(self, size_bytes: int) -> int:
        end = 0
        for extent in self._extents:
            if extent.start - end >= size_bytes:
                return end
            end = extent.end
        if self._fragments and end + size_bytes > self.room_bytes:
            raise Shortage(size_bytes)
        return end


class Weights:
    """A loaded component: its pieces lie on the device or in main memory."""

    def __init__(self, key: str, way: str, pieces: list[Block]) -> None:
        self.key = key
        self.way = way
        self.pieces = pieces

    @property
    def size_bytes(self) -> int:
        return sum(piece.size_bytes for piece in self.pieces)

    def is_in(self, pool: Pool) -> bool:
        """Say whether all of it lies in one pool."""
        return all(piece.pool is pool for piece in self.pieces)


class SimulatedDevice:
    """A device with a capacity, holes, a foreign user, and failures on demand.

    Attributes:
        card: The device's own memory.
        ram: Main memory, if the device is a card.
        fail_at: The allocation in either pool, counted from now, that fails; 0 for none.
        at_allocation: Called before each allocation, to let something happen meanwhile.
        allocations: How many blocks were ever made.
        headroom_bytes: What is left free for others on purpose.
    """

    def __init__(
        self, capacity_bytes: int, name: str = HOST, *, ram_bytes: int = 0, fragments: bool = False
    ) -> None:
        self.name = name
        self.card = Pool(capacity_bytes, fragments=fragments)
        self.ram = Pool(ram_bytes)
        self.fail_at = 0
        self.at_allocation: Callable[[], None] | None = None
        self.allocations = 0
        self.headroom_bytes = 0
        self._limit_bytes = 0
        self._ram_wish_bytes = -1
        self._base_bytes = 0
        self._lock = threading.Lock()

    @property
    def allocated_bytes(self) -> int:
        """What blocks hold of the device now."""
        return self.card.allocated_bytes

    def configure(self, options: MemoryOptions) -> None:
        """Take the user's headroom and limits; by default there is no headroom."""
        self.headroom_bytes = max(0, options.headroom_bytes)
        self._limit_bytes = options.limit_bytes
        self._ram_wish_bytes = options.ram_bytes

    def total_bytes(self) -> int:
        """Return the capacity."""
        return self.card.capacity_bytes

    def budget_bytes(self) -> int:
        """Return the capacity less others' use and the headroom, within the limit."""
        room_bytes = max(0, self.card.room_bytes - self.headroom_bytes)
        return min(room_bytes, self._limit_bytes) if self._limit_bytes else room_bytes

    def foreign_bytes(self) -> int:
        """Return what other programs hold."""
        return self.card.others_bytes

    def ram_budget_bytes(self) -> int:
        """Return main memory's room, within the user's wish."""
        wish_bytes = self._ram_wish_bytes
        room_bytes = self.ram.room_bytes
        return room_bytes if wish_bytes < 0 else min(wish_bytes, room_bytes)

    def trim(self) -> None:
        """Collect the young objects, as a block in a cycle goes too, and close the holes."""
        gc.collect(0)
        self.card.compact()

    def is_shortage(self, error: BaseException) -> bool:
        """Know its own error."""
        return isinstance(error, Shortage)

    def reset_peak(self) -> None:
        """Begin to measure the working memory."""
        self.card.peak_bytes = self._base_bytes = self.card.allocated_bytes

    def peak_bytes(self) -> int:
        """Return the most held since then over what was held then."""
        return max(0, self.card.peak_bytes - self._base_bytes)

    def allocate(self, size_bytes: int, name: str | None = None) -> Block:
        """Take `size_bytes` of the device, or of main memory if that is named.

        Raises:
            Shortage: they do not fit, or this allocation was to fail.
        """
        if self.at_allocation is not None:
            self.at_allocation()
        with self._lock:
            if self.fail_at:
                self.fail_at -= 1
                if not self.fail_at:
                    raise Shortage(size_bytes)
            self.allocations += 1
        return self._pool(name or self.name).allocate(size_bytes)

    def component(
        self,
        key: str,
        size_bytes: int,
        *,
        smaller: Sequence[tuple[str, int, bool]] = (),
        parks: bool = False,
    ) -> Component[Weights]:
        """Return a component that takes `size_bytes` of this device when it is loaded.

        Args:
            key: Its name in the books.
            size_bytes: Whole.
            smaller: Names, sizes in bytes and exactness of its smaller ways.
            parks: It can be moved to main memory and back.
        """
        return Component(
            key=key,
            size_bytes=size_bytes,
            load=self._loader(key, "", size_bytes),
            move=self._move if parks else None,
            smaller=tuple(
                Smaller(name=name, size_bytes=size, load=self._loader(key, name, size), exact=exact)
                for name, size, exact in smaller
            ),
        )

    def _loader(self, key: str, way: str, size_bytes: int) -> Callable[[str], Weights]:
        return lambda name: Weights(key, way, self._halves(size_bytes, name))

    def _halves(self, size_bytes: int, name: str) -> list[Block]:
        """Take two pieces, so that a failure can come between them."""
        first_bytes = size_bytes // 2
        return [self.allocate(size, name) for size in (first_bytes, size_bytes - first_bytes)]

    def _move(self, weights: Weights, name: str) -> None:
        """Move piece by piece, like a model's layers: a failure leaves it split."""
        for place, piece in enumerate(weights.pieces):
            if piece.pool is not self._pool(name):
                weights.pieces[place] = self.allocate(piece.size_bytes, name)

    def _pool(self, name: str) -> Pool:
        return self.card if name == self.name else self.ram
