"""Run a language model over new tokens, in calls that can be repeated and made smaller.

A call that failed leaves some layers of the cache longer than others; before
it is made again the cache is cut back to the length before.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engines.memory.ladder import Ladder, Rung

if TYPE_CHECKING:
    from torch import Tensor

    from engines.api import Run
    from engines.memory.lease import Component, Working
    from engines.memory.manager import MemoryManager
    from engines.text.language_model import LanguageModel

T = TypeVar("T")

PIECE_TOKENS = 256
"""Of a prompt at once: takes well under a second, so that a cancel stays prompt."""

LEAST_PIECE_TOKENS = 16


class Attempt(Protocol):
    """Makes a call that can be repeated."""

    def __call__(self, call: Callable[[], T], /) -> T: ...


Climb = Callable[[Sequence[Rung]], Attempt]
"""Makes the way down of a job, of the rungs that it is given."""


def once(rungs: Sequence[Rung]) -> Attempt:
    """Make each call once, whatever happens."""

    def attempt(call: Callable[[], T]) -> T:
        return call()

    return attempt


def ladder(
    memory: MemoryManager,
    run: Run,
    working: Working,
    component: Component[LanguageModel],
    model: LanguageModel,
) -> Climb:
    """Return the way down of a lease on a language model."""

    def shrink() -> bool:
        smaller = memory.shrink(run, component.key)
        if smaller is None:
            return False
        model.network = smaller.network
        return True

    last = [Rung(name=way.name, climb=shrink) for way in component.smaller]
    return lambda rungs: Ladder(memory, run, working, [*rungs, *last])


class Reader:
    """A language model on its way through some texts that begin alike.

    Attributes:
        attempt: Makes a call that can be repeated.
    """

    def __init__(self, model: LanguageModel, climb: Climb = once) -> None:
        from transformers.cache_utils import DynamicCache

        self._model = model
        self._caches = [DynamicCache(config=model.network.config)]
        self._others: list[tuple[Any, dict[str, Any]]] = []
        self._length = 0
        self._piece_tokens = PIECE_TOKENS
        shorter = Rung(name="shorter pieces", climb=self._shorten)
        fewer = Rung(name="smaller batch", climb=self._split)
        self.attempt = climb([shorter, shorter, fewer, fewer, fewer])

    def read(self, ids: Sequence[int], on_piece: Callable[[], None]) -> Tensor:
        """Read the beginning of all texts piece by piece; returns logits, (1, vocabulary).

        Args:
            on_piece: Called before each piece; raises to stop.
        """
        import torch

        def piece() -> Tensor:
            return torch.tensor([ids[self._length : self._length + self._piece_tokens]])

        logits = torch.empty(0)
        while self._length < len(ids):
            on_piece()
            logits = self._step(piece)
        return logits

    def share(self, rows: int) -> None:
        """Let so many texts go on from what was read."""
        for layer in self._caches[0].layers:
            for name in ("keys", "values"):
                if layer.is_initialized and len(getattr(layer, name)) != rows:
                    whole = getattr(layer, name).repeat_interleave(rows, dim=0)
                    setattr(layer, name, whole)

    def next(self, ids: Tensor) -> Tensor:
        """Read one more token of each text, (rows,); returns logits, (rows, vocabulary)."""
        return self._step(lambda: ids[:, None])

    def _step(self, ids: Callable[[], Tensor]) -> Tensor:
        """Read what `ids` gives, (rows, tokens)."""
        self._mark()
        logits, tokens = self.attempt(lambda: self._run(ids()))
        self._length += tokens
        return logits

    def _run(self, ids: Tensor) -> tuple[Tensor, int]:
        """Read new tokens; returns float32 logits on the processor, and how many were read."""
        import torch

        self._cut_back()
        first, logits = 0, []
        for cache in self._caches:
            rows = ids[first : first + _rows(cache)] if self._length else ids
            first += len(rows)
            answer = self._model.network(
                input_ids=rows.to(self._model.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits.append(answer.logits[:, -1].float().cpu())
        return torch.cat(logits), ids.shape[1]

    def _mark(self) -> None:
        """Remember the layers that cannot be cut: those that forget what lies far back."""
        self._others = [
            (layer, dict(vars(layer)))
            for cache in self._caches
            for layer in cache.layers
            if not _can_be_cut(layer)
        ]

    def _cut_back(self) -> None:
        """Have all caches as long as before the call."""
        for layer in (layer for cache in self._caches for layer in cache.layers):
            if not (layer.is_initialized and _can_be_cut(layer)):
                continue
            for name in ("keys", "values"):  # one may have grown without the other
                kept = getattr(layer, name)
                if kept.dim() > 1:
                    setattr(layer, name, kept[..., : self._length, :])
        for layer, state in self._others:
            vars(layer).clear()
            vars(layer).update(state)

    def _shorten(self) -> bool:
        """Read shorter pieces of a prompt; once it is read, nothing is gained by it."""
        if len(self._caches) > 1 or _rows(self._caches[0]) > 1:
            return False
        self._piece_tokens = max(LEAST_PIECE_TOKENS, self._piece_tokens // 4)
        return True

    def _split(self) -> bool:
        """Work on half as many texts at once, each half with a cache of its own."""
        if max(map(_rows, self._caches)) < 2:
            return False
        self._cut_back()
        self._caches = [half for cache in self._caches for half in _halves(cache)]
        self._mark()
        return True


def _can_be_cut(layer: Any) -> bool:
    from transformers.cache_utils import DynamicLayer

    return type(layer) is DynamicLayer


def _rows(cache: Any) -> int:
    """Return how many texts a cache is of, 0 if nothing was read."""
    known = (layer.keys for layer in cache.layers if layer.is_initialized)
    return len(next(known, ()))


def _halves(cache: Any) -> tuple[Any, ...]:
    """Cut a cache in two by its texts; the halves look into the same bytes until they grow."""
    rows = _rows(cache)
    if rows < 2:
        return (cache,)
    halves = copy.copy(cache), copy.copy(cache)
    for half, part in zip(halves, (slice(None, rows // 2), slice(rows // 2, None)), strict=True):
        half.layers = [copy.copy(layer) for layer in cache.layers]
        for layer in half.layers:
            if layer.is_initialized:
                layer.keys, layer.values = layer.keys[part], layer.values[part]
    return halves
