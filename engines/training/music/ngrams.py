"""A 5-gram model over tokens, to hold the neural one against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.music.model.tokens import BOS, SIZE

ORDER: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """N-grams of one length as numbers in base SIZE, rising, and what each leaves its context.

    `contexts` are the distinct beginnings, with the sum of counts after each
    and the part of it that was taken off for shorter contexts.
    """

    keys: np.ndarray
    discounted: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    freed: np.ndarray


class NGrams:
    """Interpolated modified Kneser-Ney smoothing, Chen and Goodman 1998, TR-10-98."""

    def __init__(self, sequences: Sequence[np.ndarray], order: int = ORDER) -> None:
        """Count sequences that each begin with BOS."""
        self._order = order
        text, begins = _padded(sequences, order)
        keys, counts = _grams(text, begins, order)
        self._levels: list[_Level] = []
        for length in range(order, 0, -1):
            self._levels.insert(0, _level(keys, counts))
            if length > 1:
                # Shorter n-grams count in how many contexts they stand, not how often.
                keys, counts = np.unique(keys % SIZE ** (length - 1), return_counts=True)

    def bits(self, ids: np.ndarray) -> float:
        """Bits of all tokens of a sequence after the first."""
        text, begins = _padded([ids], self._order)
        wanted = ~begins
        probability = np.full(int(wanted.sum()), 1.0 / SIZE)
        for length, level in enumerate(self._levels, start=1):
            keys = _keys(text, length)[wanted]
            probability = _interpolate(level, keys, probability)
        return float(-np.log2(probability).sum())


def _padded(sequences: Sequence[np.ndarray], order: int) -> tuple[np.ndarray, np.ndarray]:
    """Join sequences with enough BOS before each, and mark what is no token to foresee."""
    parts, begins = [], []
    for ids in sequences:
        parts += [np.full(order - 1, BOS), ids[1:]]
        begins += [np.ones(order - 1, bool), np.zeros(len(ids) - 1, bool)]
    return np.concatenate(parts).astype(np.int64), np.concatenate(begins)


def _keys(text: np.ndarray, length: int) -> np.ndarray:
    """Number, in base SIZE, of the `length` tokens that end at each place."""
    key = np.zeros(len(text), np.int64)
    for back in range(length - 1, -1, -1):
        key = key * SIZE + np.roll(text, back)
    return key


def _grams(text: np.ndarray, begins: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    return np.unique(_keys(text, order)[~begins], return_counts=True)


def _level(keys: np.ndarray, counts: np.ndarray) -> _Level:
    n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
    share = n1 / (n1 + 2 * n2)
    steps = np.array([1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3])
    discounts = np.clip(steps, 0.1, [0.95, 1.9, 2.85])[np.minimum(counts, 3) - 1]
    contexts, first = np.unique(keys // SIZE, return_index=True)
    return _Level(
        keys=keys,
        discounted=counts - discounts,
        contexts=contexts,
        totals=np.add.reduceat(counts.astype(float), first),
        freed=np.add.reduceat(discounts, first),
    )


def _interpolate(level: _Level, keys: np.ndarray, shorter: np.ndarray) -> np.ndarray:
    """Mix a level's own probabilities with those of the shorter contexts."""
    at, is_known = _find(level.keys, keys)
    own = np.where(is_known, level.discounted[at], 0.0)
    place, was_seen = _find(level.contexts, keys // SIZE)
    mixed = (own + level.freed[place] * shorter) / level.totals[place]
    return np.where(was_seen, mixed, shorter)


def _find(rising: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    at = np.minimum(np.searchsorted(rising, wanted), len(rising) - 1)
    return at, rising[at] == wanted
