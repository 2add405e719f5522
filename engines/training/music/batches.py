"""Batches of examples of like length, so that little is padding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from engines.music.model import tokens
from engines.music.model.tokens import BLOCKS
from engines.music.moods import MOODS
from engines.training.music.augment import draw
from engines.training.music.corpus import COLLECTIONS
from engines.training.music.prepare import Windows

CONTROLS_END = 1 + len(tokens.CONTROLS)
LONG_EVERY = 4
SLOW_BUCKETS = 5
"""Buckets of tempo that count as slow: under 70 quarters a minute."""

SLOW_WEIGHT = 2.0
POOL = 192
"""Examples drawn together, sorted by length, and dealt out as batches."""

LENGTH_STEP = 64
IGNORED = -100


def batches(
    windows: Windows, *, seed: int, first: int, tokens_a_batch: int, context: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield ids and labels, both (examples, length), forever.

    Pools are numbered from `first`; a pool depends on its number and the
    seed alone, so that a resumed run goes on with fresh examples. One pool
    in `LONG_EVERY` holds examples of the whole context, the others of half.
    """
    chances = row_chances(windows)
    number = first
    while True:
        random = np.random.default_rng([seed, number])
        limit = context if number % LONG_EVERY == 0 else context // 2
        number += 1
        rows = random.choice(len(windows), POOL, p=chances)
        examples = [draw(windows[int(row)], random, limit) for row in rows]
        examples.sort(key=lambda e: len(e[0]))
        dealt = list(_deal(examples, tokens_a_batch))
        for i in random.permutation(len(dealt)):
            yield _tensors(dealt[i])


def row_chances(windows: Windows) -> np.ndarray:
    """How likely each window is drawn: (windows,).

    Collections by their shares, in each the moods by the root of how rare
    they are, slow windows `SLOW_WEIGHT` times.
    """
    chances = np.zeros(len(windows))
    mood, tempo = (first_control(windows, name) for name in ("MOOD", "TEMPO"))
    for c, collection in enumerate(COLLECTIONS):
        rows = np.flatnonzero((windows.collection == c) & ~windows.held_out)
        if not rows.size:
            continue
        counts = np.bincount(mood[rows] + 1, minlength=len(MOODS) + 1)
        weights = 1 / np.sqrt(np.maximum(counts[mood[rows] + 1], rows.size / 50))
        weights[(tempo[rows] >= 0) & (tempo[rows] < SLOW_BUCKETS)] *= SLOW_WEIGHT
        chances[rows] = collection.share * weights / weights.sum()
    return chances / chances.sum()


def first_control(windows: Windows, name: str) -> np.ndarray:
    """Index of a control within its block for each window, -1 where it has none: (windows,)."""
    block = BLOCKS[name]
    found = np.full(len(windows), -1)
    for row, start in enumerate(windows.starts[:-1]):
        head = windows.ids[start : start + CONTROLS_END]
        hits = head[(head >= block.first) & (head < block.stop)]
        if hits.size:
            found[row] = int(hits[0]) - block.first
    return found


def _padded(length: int) -> int:
    """Round a length up, so that few shapes occur: each one is compiled and kept by oneDNN."""
    return -(-length // LENGTH_STEP) * LENGTH_STEP


def _deal(
    examples: list[tuple[np.ndarray, int]], tokens_a_batch: int
) -> Iterator[list[tuple[np.ndarray, int]]]:
    batch: list[tuple[np.ndarray, int]] = []
    for example in examples:
        if batch and (len(batch) + 1) * _padded(len(example[0])) > tokens_a_batch:
            yield batch
            batch = []
        batch.append(example)
    yield batch


def _tensors(batch: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    length = _padded(max(len(ids) for ids, _ in batch))
    ids = np.full((len(batch), length), tokens.PAD)
    labels = np.full((len(batch), length), IGNORED)
    for row, (example, given) in enumerate(batch):
        ids[row, : len(example)] = example
        labels[row, given : len(example)] = example[given:]
    return torch.from_numpy(ids), torch.from_numpy(labels)
