"""Measure bits per note on composers the model was never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from engines.music.tokens import BLOCKS, SIZE
from engines.training.music.augment import bare, is_in
from engines.training.music.corpus import COLLECTIONS
from engines.training.music.prepare import Windows

LONGEST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """Bits per note of one collection, under the model and under single-token counts."""

    collection: str
    model: float
    unigram: float
    notes: int


def count_notes(ids: np.ndarray) -> int:
    return int((is_in(ids, "PITCH") | is_in(ids, "DRUM")).sum())


def unigram_bits(windows: Windows) -> np.ndarray:
    """Bits of each token under its count in the training windows, all that conditions left out."""
    keep = np.ones(SIZE, bool)
    for name in ("CHORD", "TRACK_DENSITY", "VOICES", "REGISTER"):
        keep[BLOCKS[name].first : BLOCKS[name].stop] = False
    lengths = np.diff(windows.starts)
    rows = np.repeat(~windows.held_out, lengths)
    counts = np.bincount(windows.ids[rows], minlength=SIZE) * keep + 1.0
    return -np.log2(counts / counts.sum())


def held_out_bits(
    model: torch.nn.Module, windows: Windows, *, per_collection: int, device: str = "cpu"
) -> list[Bits]:
    """Measure evenly chosen held-out windows of each collection, at most `per_collection`."""
    unigram = unigram_bits(windows)
    told = []
    model.eval()
    for c, collection in enumerate(COLLECTIONS):
        rows = np.flatnonzero((windows.collection == c) & windows.held_out)
        if not len(rows):
            continue
        chosen = rows[np.linspace(0, len(rows) - 1, min(per_collection, len(rows))).astype(int)]
        spent = flat = 0.0
        notes = 0
        for row in chosen:
            ids = bare(windows[int(row)])[:LONGEST]
            spent += sequence_bits(model, ids, device)
            flat += float(unigram[ids[1:]].sum())
            notes += count_notes(ids)
        told.append(
            Bits(
                collection=collection.folder,
                model=spent / notes,
                unigram=flat / notes,
                notes=notes,
            )
        )
    model.train()
    return told


@torch.inference_mode()
def sequence_bits(model: torch.nn.Module, ids: np.ndarray, device: str) -> float:
    """Bits the model spends on all tokens of `ids` after the first."""
    x = torch.from_numpy(ids.astype(np.int64))[None].to(device)
    logits = model(input_ids=x).logits[0, :-1].float()
    loss = torch.nn.functional.cross_entropy(logits, x[0, 1:], reduction="sum")
    return float(loss) / float(np.log(2))
