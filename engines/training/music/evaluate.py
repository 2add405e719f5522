"""Measure bits per note on composers the model was never trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from engines.music.model.scoring import count_notes, sequence_bits
from engines.music.model.tokens import BLOCKS, CONTROLS, SIZE, TRACK_CONTROLS
from engines.training.music.augment import bare
from engines.training.music.corpus import COLLECTIONS, OWN
from engines.training.music.ngrams import NGrams
from engines.training.music.prepare import Windows

LONGEST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """Bits per note of one collection, under the model, single-token counts and a 5-gram model.

    `five_gram` is 0 where it was not measured.
    """

    collection: str
    model: float
    unigram: float
    five_gram: float
    notes: int


def token_counts(windows: Windows) -> np.ndarray:
    """Count tokens in the scores that are trained on, what conditions left out: (vocabulary,)."""
    rows = np.repeat(_is_baseline(windows), np.diff(windows.starts))
    counts = np.bincount(windows.ids[rows], minlength=SIZE)
    for name in ("HARMONY", "CHORD", *CONTROLS, *TRACK_CONTROLS):
        counts[BLOCKS[name].first : BLOCKS[name].stop] = 0
    return counts


def five_grams(windows: Windows) -> NGrams:
    """Train a 5-gram model on the scores that the model is trained on."""
    return NGrams([bare(windows[int(row)]) for row in np.flatnonzero(_is_baseline(windows))])


def _is_baseline(windows: Windows) -> np.ndarray:
    """Mark the windows for baselines; our own pieces would only make those worse."""
    own = [collection.folder for collection in COLLECTIONS].index(OWN)
    return ~windows.held_out & (windows.collection != own)


def held_out_bits(
    model: torch.nn.Module,
    windows: Windows,
    *,
    per_collection: int,
    ngrams: NGrams | None = None,
) -> list[Bits]:
    """Measure evenly chosen held-out windows of each collection, at most `per_collection`."""
    counts = token_counts(windows) + 1.0
    unigram = -np.log2(counts / counts.sum())
    was_training = model.training
    model.eval()
    told = []
    for name, chosen in held_out(windows, per_collection):
        notes = sum(map(count_notes, chosen))
        told.append(
            Bits(
                collection=name,
                model=sequence_bits(model, chosen) / notes,
                unigram=sum(float(unigram[ids[1:]].sum()) for ids in chosen) / notes,
                five_gram=sum(map(ngrams.bits, chosen)) / notes if ngrams else 0.0,
                notes=notes,
            )
        )
    model.train(was_training)
    return told


def held_out(windows: Windows, per_collection: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Choose held-out windows of each collection evenly, bare of all that conditions."""
    for c, collection in enumerate(COLLECTIONS):
        rows = np.flatnonzero((windows.collection == c) & windows.held_out)
        if rows.size:
            even = np.linspace(0, rows.size - 1, min(per_collection, rows.size)).astype(int)
            yield collection.folder, [bare(windows[int(row)])[:LONGEST] for row in rows[even]]
