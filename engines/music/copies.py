"""Tell which runs of notes stand in the training music too: a Bloom filter beside the model.

A tune is the highest note at each moment of a pitched track. Of every eight
notes in a row the intervals and the times between them, transposition left
out, are hashed; a run of twelve notes is held to be copied when all the
eights in it are known. Eights of few pitches or of one rhythm and few
intervals (scales, trills, repeated notes, broken chords) are common property
and are neither kept nor counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engines.api import ModelRefused
from engines.music.instruments import instrument
from engines.music.score import Note, Score, Track

FILTER: Final = "copies.bloom"
EIGHT: Final = 8
RUN: Final = 12
BITS_A_KEY: Final = 8
HASHES: Final = 5
LONGEST_GAP_TICKS: Final = 96
"""Longer times between two notes count as this."""

_MAGIC: Final = b"TRIPTYCH-COPIES-1"
_MOST_BYTES: Final = 64 * 2**20
_LEAST_PITCHES: Final = 4
_LEAST_MOVES: Final = 5
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A run of a track that stands in the training music; ticks of its first and last onset."""

    track: int
    start_tick: int
    stop_tick: int


class CopyFilter:
    """Remembers eights of notes by their hashes; it may take a new one for known, never the
    other way."""

    def __init__(self, bits: np.ndarray) -> None:
        """Take the filter as bytes of eight bits each."""
        self._bits = bits

    @classmethod
    def of(cls, keys: np.ndarray) -> CopyFilter:
        """Build a filter of `BITS_A_KEY` bits for each different key (hashes, uint64)."""
        keys = np.unique(keys)
        made = cls(np.zeros(max(64, len(keys) * BITS_A_KEY // 8), np.uint8))
        for place in made._places(keys):
            np.bitwise_or.at(made._bits, place >> 3, (1 << (place & 7)).astype(np.uint8))
        return made

    def knows(self, keys: np.ndarray) -> np.ndarray:
        """Say for each key whether it was put in: (keys,) of bool."""
        known = np.ones(len(keys), bool)
        for place in self._places(keys):
            known &= (self._bits[place >> 3] >> (place & 7).astype(np.uint8)) & 1 == 1
        return known

    def _places(self, keys: np.ndarray) -> Iterable[np.ndarray]:
        """Bits of each key, by double hashing, Kirsch and Mitzenmacher 2008."""
        size = np.uint64(8 * len(self._bits))
        step = _mixed(keys + _MULTIPLIER) | np.uint64(1)
        for number in range(HASHES):
            yield ((keys + np.uint64(number) * step) % size).astype(np.int64)

    def save(self, folder: Path) -> None:
        """Write the filter beside a model's weights."""
        (folder / FILTER).write_bytes(_MAGIC + self._bits.tobytes())


def load_filter(folder: Path) -> CopyFilter | None:
    """Read the filter of a model folder; None if it has none.

    Raises:
        ModelRefused: the file is not such a filter.
    """
    path = folder / FILTER
    if not path.is_file():
        return None
    if path.stat().st_size > _MOST_BYTES:
        raise ModelRefused(str(folder), f"its {FILTER} is too large")
    data = path.read_bytes()
    if not data.startswith(_MAGIC) or len(data) < len(_MAGIC) + 64:
        raise ModelRefused(str(folder), f"its {FILTER} cannot be read")
    return CopyFilter(np.frombuffer(data, np.uint8, offset=len(_MAGIC)))


def find_copies(tracks: Sequence[Track], known: CopyFilter) -> tuple[Copied, ...]:
    """Find runs of at least `RUN` notes that stand in the training music."""
    found: list[Copied] = []
    for number, track in enumerate(tracks):
        if track.is_drum:
            continue
        onsets, keys, counts = eights(track.notes)
        if len(keys) <= RUN - EIGHT:
            continue
        hits = known.knows(keys) & counts
        length = 0
        for at, hit in enumerate([*hits.tolist(), False]):
            if hit:
                length += 1
                continue
            if length + EIGHT - 1 >= RUN:
                start, stop = at - length, at + EIGHT - 2
                found.append(
                    Copied(track=number, start_tick=int(onsets[start]), stop_tick=int(onsets[stop]))
                )
            length = 0
    return tuple(found)


def told(score: Score, known: CopyFilter, given: Score | None = None) -> tuple[str, ...]:
    """Say which parts of a new score share a run of notes with the training music, and where.

    Args:
        given: The user's score that it was made from; runs that stand there are not counted.
    """
    before = {(n.start_tick, n.pitch) for t in given.tracks for n in t.notes} if given else set()
    starts = [bar.start_tick for bar in score.bars()]
    bars: dict[int, list[int]] = {}
    for run in find_copies(score.tracks, known):
        notes = score.tracks[run.track].notes
        mine = {(n.start_tick, n.pitch) for n in notes if run.start_tick <= n.start_tick}
        mine = {note for note in mine if note[0] <= run.stop_tick}
        if not mine <= before:
            bars.setdefault(run.track, []).append(bisect_right(starts, run.start_tick))
    return tuple(_sentence(score.tracks[track], places) for track, places in bars.items())


def _sentence(track: Track, bars: Sequence[int]) -> str:
    name = track.name or instrument(track.program).name
    said = sorted(set(bars))
    where = f"bar {said[0]}" if len(said) == 1 else f"bars {', '.join(map(str, said))}"
    return f"the {name} shares a run of {RUN} notes or more with the training music in {where}"


def overlap(tracks: Sequence[Track], known: CopyFilter) -> tuple[int, int]:
    """Count the eights that are known, and all that count."""
    hits = total = 0
    for track in tracks:
        if not track.is_drum:
            _, keys, counts = eights(track.notes)
            hits += int(known.knows(keys[counts]).sum())
            total += int(counts.sum())
    return hits, total


def eights(notes: Sequence[Note]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hash every eight notes in a row of a tune.

    Returns:
        The onsets in ticks of the tune (notes,), the hash of the eight that
        begins at each of the first notes, and whether that eight counts.
    """
    tune = _tune(notes)
    if len(tune) < EIGHT:
        return tune[:, 0], np.zeros(0, np.uint64), np.zeros(0, bool)
    moves = np.diff(tune[:, 1])
    gaps = np.minimum(np.diff(tune[:, 0]), LONGEST_GAP_TICKS)
    pairs = (moves + 128) * (LONGEST_GAP_TICKS + 1) + gaps
    rows = np.lib.stride_tricks.sliding_window_view(pairs, EIGHT - 1)  # (eights, 7)
    pitches = np.lib.stride_tricks.sliding_window_view(tune[:, 1], EIGHT)
    keys = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        keys = _mixed(keys * np.uint64(31) + column.astype(np.uint64))
    counts = (_distinct(pitches) >= _LEAST_PITCHES) & (_distinct(rows) >= _LEAST_MOVES)
    return tune[:, 0], keys, counts


def _tune(notes: Sequence[Note]) -> np.ndarray:
    """Take the highest note at each onset: (notes, 2) of tick and pitch."""
    highest: dict[int, int] = {}
    for note in notes:
        highest[note.start_tick] = max(note.pitch, highest.get(note.start_tick, 0))
    return np.array(sorted(highest.items()), np.int64).reshape(-1, 2)


def _distinct(rows: np.ndarray) -> np.ndarray:
    ordered = np.sort(rows, axis=1)
    return 1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)


def _mixed(keys: np.ndarray) -> np.ndarray:
    """Stir 64-bit numbers, as splitmix64 does (Steele et al. 2014); overflow is meant."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))
