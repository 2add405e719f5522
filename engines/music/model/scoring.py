"""Measure how well the music model foresees scores: bits per note, teacher-forced."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.api import BadRequest, ModelRefused, Run
from engines.music.files.reader import read_score
from engines.music.model import tokens
from engines.music.model.encode import encode_bar
from engines.music.model.shape import read_shape
from engines.music.model.tokens import BLOCKS
from engines.music.score import Bar, Score, Track

log = logging.getLogger(__name__)

SUFFIXES: Final = (".mid", ".midi", ".mxl", ".musicxml", ".xml")
COUNTS: Final = "counts.json"
"""File beside a model's weights: how often each token stands in the music it was trained on."""

TOKENS_AT_ONCE: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBits:
    """Bits per note under a model and under single-token counts, over so many notes."""

    bits_per_note: float
    unigram_bits_per_note: float
    notes: int


def bits_per_note(folder: Path, model: Path, run: Run | None = None) -> NoteBits:
    """Read every score in a folder whole, and tell how many bits a note costs the model.

    Every token that codes the notes counts (programs, bars, positions,
    velocities, pitches, lengths, ends); moods, chords and all other
    conditioning are left out. A file is cut into the longest stretches of at
    most 16 bars that the model's context holds. Files that are broken are
    passed over with a warning.

    Raises:
        BadRequest: it is no folder, or holds no score that can be read.
        ModelRefused: the model cannot be loaded.
    """
    run = run or Run()
    if not folder.is_dir():
        raise BadRequest(f"{folder} is not a folder")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    counts = read_counts(model)
    unigram = -np.log2(counts / counts.sum())
    network = load_network(model)
    context = int(network.config.max_position_embeddings)
    spent = flat = 0.0
    notes = 0
    for number, path in enumerate(files):
        run.step(number, len(files), stage="measuring")
        try:
            score = read_score(path.read_bytes())
        except (BadRequest, OSError) as error:
            log.warning("passed over %s: %s", path.name, error)
            continue
        stretches = list(spell_whole(score, context))
        spent += sequence_bits(network, stretches)
        for ids in stretches:
            flat += float(unigram[ids[1:]].sum())
            notes += count_notes(ids)
    if not notes:
        raise BadRequest(f"no score with notes was found in {folder}")
    return NoteBits(bits_per_note=spent / notes, unigram_bits_per_note=flat / notes, notes=notes)


def count_notes(ids: np.ndarray) -> int:
    """Count the notes that tokens spell."""
    pitch, drum = BLOCKS["PITCH"], BLOCKS["DRUM"]
    return int(((ids >= pitch.first) & (ids < drum.stop)).sum())


def read_counts(model: Path) -> np.ndarray:
    """Read how often each token stands in the training music, plus one: (vocabulary,).

    Raises:
        ModelRefused: the file is missing or is not of this vocabulary.
    """
    try:
        told = json.loads((model / COUNTS).read_text(encoding="utf-8"))
        counts = np.array(told["counts"], float)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(str(model), f"its {COUNTS} cannot be read") from error
    if counts.shape != (tokens.SIZE,) or not (counts >= 0).all():
        raise ModelRefused(str(model), f"its {COUNTS} is not of this program's vocabulary")
    return counts + 1.0


def write_counts(model: Path, counts: np.ndarray) -> None:
    """Write the counts (vocabulary,) beside a model's weights."""
    told = {"version": 1, "counts": [int(c) for c in counts]}
    (model / COUNTS).write_text(json.dumps(told) + "\n", encoding="utf-8")


def load_network(model: Path) -> Any:
    """Load a model folder into transformers' decoder, on the processor in float32.

    Raises:
        ModelRefused: it is not a music model of this program's vocabulary.
    """
    from transformers import LlamaForCausalLM
    from transformers.utils import logging as told

    read_shape(model)
    told.disable_progress_bar()
    try:
        network = LlamaForCausalLM.from_pretrained(model, dtype="float32", local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelRefused(str(model), "its weights cannot be loaded") from error
    return network.eval()


def sequence_bits(network: Any, sequences: Sequence[np.ndarray]) -> float:
    """Bits the model spends on all tokens after the first of each sequence.

    A sequence longer than the context is read in overlapping halves; each
    token is counted once, with at least half a context before it.
    """
    context = int(network.config.max_position_embeddings)
    pieces: list[tuple[np.ndarray, int]] = []
    for ids in sequences:
        pieces.append((ids[:context], 1))
        for start in range(context // 2, len(ids) - context // 2, context // 2):
            pieces.append((ids[start : start + context], context // 2))
    pieces.sort(key=lambda piece: len(piece[0]))
    spent, batch = 0.0, list[tuple[np.ndarray, int]]()
    for piece in pieces:
        if batch and (len(batch) + 1) * len(piece[0]) > TOKENS_AT_ONCE:
            spent += _batch_bits(network, batch)
            batch = []
        batch.append(piece)
    return spent + (_batch_bits(network, batch) if batch else 0.0)


def _batch_bits(network: Any, batch: Sequence[tuple[np.ndarray, int]]) -> float:
    import torch

    length = max(len(ids) for ids, _ in batch)
    ids = np.full((len(batch), length), tokens.PAD)
    aims = np.full((len(batch), length), -100)
    for row, (piece, counted_from) in enumerate(batch):
        ids[row, : len(piece)] = piece
        aims[row, counted_from : len(piece)] = piece[counted_from:]
    with torch.inference_mode():
        given = torch.from_numpy(ids).to(network.device)
        logits = network(input_ids=given).logits[:, :-1].float()
        nats = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1),
            torch.from_numpy(aims[:, 1:]).flatten().to(network.device),
            reduction="sum",
        )
    return float(nats) / float(np.log(2))


def spell_whole(score: Score, context: int) -> Iterator[np.ndarray]:
    """Spell all notes of a score in stretches of bars, without anything that conditions."""
    bars = _short_bars(score)
    starts = [[n.start_tick for n in t.notes] for t in score.tracks]
    first = 0
    while first < len(bars):
        count = min(tokens.MAX_WINDOW_BARS, len(bars) - first)
        while True:
            ids = _spell(score.tracks, starts, bars[first : first + count])
            if len(ids) <= context or count == 1:
                break
            count = max(1, count * 3 // 4)
        if len(ids) > 2:
            yield ids
        first += count


def _short_bars(score: Score) -> list[Bar]:
    """Lay the bars; one longer than the tokens can spell is cut into several."""
    short: list[Bar] = []
    for bar in score.bars():
        tick, end = bar.start_tick, bar.start_tick + bar.ticks
        while tick < end:
            ticks = min(tokens.MAX_BAR_TICKS, end - tick)
            short.append(Bar(start_tick=tick, ticks=ticks, meter=bar.meter))
            tick += ticks
    return short


def _spell(
    tracks: Sequence[Track], starts: Sequence[Sequence[int]], bars: Sequence[Bar]
) -> np.ndarray:
    out = [tokens.BOS]
    edges = [*(bar.start_tick for bar in bars), bars[-1].start_tick + bars[-1].ticks]
    for track, at in zip(tracks, starts, strict=True):
        cuts = np.searchsorted(at, edges)
        if cuts[0] == cuts[-1]:
            continue
        out.append(BLOCKS["PROGRAM"][tokens.DRUM_PROGRAM if track.is_drum else track.program])
        for i, bar in enumerate(bars):
            notes = track.notes[cuts[i] : cuts[i + 1]]
            out += [BLOCKS["BAR"][i], *encode_bar(notes, bar.start_tick, is_drum=track.is_drum)]
        out.append(tokens.TRACK_END)
    return np.array([*out, tokens.EOS])
