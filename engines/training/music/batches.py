"""Batches of examples of like length, so that little is padding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from engines.music import tokens
from engines.training.music.augment import draw
from engines.training.music.corpus import COLLECTIONS
from engines.training.music.prepare import Windows

POOL = 96
"""Examples drawn together, sorted by length, and dealt out as batches."""

LENGTH_STEP = 64
IGNORED = -100


def batches(
    windows: Windows, *, seed: int, first: int, tokens_a_batch: int, context: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield ids and labels, both (examples, length), forever.

    Pools are numbered from `first`; a pool depends on its number and the
    seed alone, so that a resumed run goes on with fresh examples.
    """
    train = [
        np.flatnonzero((windows.collection == c) & ~windows.held_out)
        for c in range(len(COLLECTIONS))
    ]
    shares = np.array([
        collection.share if len(rows) else 0.0
        for collection, rows in zip(COLLECTIONS, train, strict=True)
    ])  # fmt: skip
    shares /= shares.sum()
    number = first
    while True:
        random = np.random.default_rng([seed, number])
        number += 1
        examples = []
        for c in random.choice(len(COLLECTIONS), POOL, p=shares):
            examples.append(draw(windows[int(random.choice(train[c]))], random, context))
        examples.sort(key=lambda e: len(e[0]))
        dealt = list(_deal(examples, tokens_a_batch))
        for i in random.permutation(len(dealt)):
            yield _tensors(dealt[i])


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
