"""Judge a trained model: what held-out notes cost it, its style, and whether it copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import BadRequest, Run
from engines.music.copies import CopyFilter, eights, find_copies, overlap
from engines.music.files.reader import read_score
from engines.music.model import tokens
from engines.music.model.encode import decode
from engines.music.model.tokens import BLOCKS
from engines.music.score import Meter
from engines.training.music.batches import first_control
from engines.training.music.corpus import COLLECTIONS, Collection, collections_in, is_held_out
from engines.training.music.free_writing import ROWS, write_freely
from engines.training.music.prepare import Windows
from engines.training.music.style import PIECE_BARS, Spread, mean_of, measure_ids, meter_of, spread

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder

MEASURED_WINDOWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One style as the model writes it, measures (3,) as in `style.MEASURES`.

    `distance` is how far the mean of its pieces is from the collection's;
    `copying` the part of its pieces with a run of twelve notes that stands in
    the training music, `overlap` the part of its eights of notes that do.
    """

    collection: str
    pieces: int
    own: np.ndarray
    spread: Spread
    overlap: float
    copying: float

    @property
    def distance(self) -> np.ndarray:
        return np.abs(self.own - self.spread.mean)


def gather_copies(folders: tuple[str, ...], run: Run) -> CopyFilter:
    """Hash every eight notes of all scores that are trained on."""
    keys: list[np.ndarray] = []
    for collection, files in collections_in(folders):
        for i, path in enumerate(files):
            run.step(i, len(files), stage=f"hashing {collection.folder}")
            if is_held_out(collection, path):
                continue
            try:
                score = read_score(path.read_bytes())
            except BadRequest:
                continue
            for track in score.tracks:
                if not track.is_drum:
                    _, hashes, counts = eights(track.notes)
                    keys.append(hashes[counts])
    return CopyFilter.of(np.concatenate(keys) if keys else np.zeros(0, np.uint64))


def judge_styles(
    decoder: Decoder,
    windows: Windows,
    folders: tuple[str, ...],
    known: CopyFilter,
    *,
    pieces: int,
    run: Run,
    only: tuple[str, ...] = (),
    on_style: Callable[[Style], object] = lambda style: None,
) -> list[Style]:
    """Have the model write `pieces` pieces of 16 bars in each style, and measure them.

    Args:
        only: Collections to measure; empty measures all.
        on_style: Told each style when it is measured.
    """
    bars = first_control(windows, "BARS")
    told = []
    for collection, files in collections_in(folders):
        c = COLLECTIONS.index(collection)
        rows = np.flatnonzero(
            (windows.collection == c) & ~windows.held_out & (bars == PIECE_BARS - 1)
        )
        if not rows.size or (only and collection.folder not in only):
            continue
        even = np.linspace(0, rows.size - 1, min(MEASURED_WINDOWS, rows.size)).astype(int)
        trained = [windows[int(row)] for row in rows[even]]
        held_out = [path for path in files if is_held_out(collection, path)]
        told.append(
            _judge_style(
                decoder, collection, spread(collection, held_out, trained), trained, known,
                pieces=pieces, run=run,
            )
        )  # fmt: skip
        on_style(told[-1])
    return told


def _judge_style(
    decoder: Decoder,
    collection: Collection,
    usual: Spread,
    trained: Sequence[np.ndarray],
    known: CopyFilter,
    *,
    pieces: int,
    run: Run,
) -> Style:
    random = np.random.default_rng(pieces)
    measured: list[np.ndarray] = []
    copied = hits = total = 0
    for first in range(0, pieces, ROWS):
        drawn = random.integers(len(trained), size=min(ROWS, pieces - first))
        names = [meter_of(trained[int(row)]) for row in drawn]
        meters = [_meter(name) for name in names]
        written = write_freely(
            decoder, [_head(collection, name) for name in names], meters, PIECE_BARS,
            drums_only=collection.source == "drums", seed=first, run=run,
        )  # fmt: skip
        for ids, name, meter in zip(written, names, meters, strict=True):
            tracks = decode(ids.tolist(), meter=meter, bpm=120.0).tracks
            measured.append(measure_ids(ids, name))
            copied += bool(find_copies(tracks, known))
            more, of = overlap(tracks, known)
            hits, total = hits + more, total + of
    return Style(
        collection=collection.folder,
        pieces=len(measured),
        own=mean_of(measured),
        spread=usual,
        overlap=hits / max(1, total),
        copying=copied / len(measured),
    )


def _meter(name: str) -> Meter:
    beats, unit = (int(part) for part in name.split("/"))
    return Meter(beats=beats, unit=unit)


def _head(collection: Collection, meter: str) -> list[int]:
    return [
        tokens.BOS,
        BLOCKS["METER"][tokens.METERS.index(meter)],
        BLOCKS["BARS"][PIECE_BARS - 1],
        BLOCKS["SOURCE"][tokens.SOURCES.index(collection.source)],
    ]
