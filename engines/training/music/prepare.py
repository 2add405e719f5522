"""Turn collections of scores into windows of tokens, once, for training and measuring."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from engines.api import BadRequest, Run
from engines.music.files.reader import read_score
from engines.music.model import tokens
from engines.music.model.encode import encode, windows
from engines.music.moods import MOODS
from engines.training.music.corpus import COLLECTIONS, collections_in, is_held_out
from engines.training.music.procedural import compose, plan_piece

log = logging.getLogger(__name__)

WINDOW_BARS = (4, 8, 8, 8, 8, 12, 16)
"""Lengths of windows, drawn evenly."""

HELD_OUT_EVERY = 43
"""One in so many of our own pieces is kept out of training."""

MIN_NOTES = 8
LONGEST = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows one after the other in `ids`; window i is `ids[starts[i]:starts[i + 1]]`.

    `collection` is the index in `COLLECTIONS`; `held_out` marks windows of
    composers that are not trained on.
    """

    ids: np.ndarray
    starts: np.ndarray
    collection: np.ndarray
    held_out: np.ndarray

    def __len__(self) -> int:
        return len(self.collection)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.ids[self.starts[index] : self.starts[index + 1]]


def prepare(folders: tuple[str, ...], cache: Path, run: Run, *, own_pieces: int) -> Windows:
    """Tokenise all collections in `folders` and our own pieces, or read them from `cache`."""
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as arrays:
            return Windows(**{name: arrays[name] for name in Windows.__slots__})
    pieces: list[np.ndarray] = []
    collection: list[int] = []
    held_out: list[bool] = []
    for found, files in collections_in(folders):
        for i, path in enumerate(files):
            run.step(i, len(files), stage=f"reading {found.folder}")
            held = is_held_out(found, path)
            for window in _windows_of(path, tokens.SOURCES.index(found.source), found.passes):
                pieces.append(window)
                collection.append(COLLECTIONS.index(found))
                held_out.append(held)
    for number in range(own_pieces):
        run.step(number, own_pieces, stage="composing")
        for window in _own_windows(number):
            pieces.append(window)
            collection.append(len(COLLECTIONS) - 1)
            held_out.append(number % HELD_OUT_EVERY == 0)
    lengths = np.array([len(p) for p in pieces])
    made = Windows(
        ids=np.concatenate(pieces),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        collection=np.array(collection, np.uint8),
        held_out=np.array(held_out),
    )
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(".part.npz")
    np.savez(part, **{name: getattr(made, name) for name in Windows.__slots__})
    part.replace(cache)
    return made


def _windows_of(path: Path, source: int, passes: int) -> Iterator[np.ndarray]:
    try:
        score = read_score(path.read_bytes())
    except BadRequest as error:
        log.warning("left out %s: %s", path.name, error.reason)
        return
    random = Random(path.name)
    for _ in range(passes):
        for window in windows(score, source, _lengths(random)):
            if sum(len(t.notes) for t in window.tracks) >= MIN_NOTES:
                ids = encode(window)
                if len(ids) <= LONGEST:
                    yield np.array(ids, np.uint16)


def _lengths(random: Random) -> Iterator[int]:
    while True:
        yield random.choice(WINDOW_BARS)


def _own_windows(number: int) -> Iterator[np.ndarray]:
    """Cut our own piece `number`, which its number alone decides, with its exact labels."""
    random = Random(number)
    mood = number % len(MOODS)
    piece = compose(plan_piece(MOODS[mood], random), random)
    key = piece.plan.tonic, int(piece.plan.minor)
    for window in windows(piece.score, tokens.SOURCES.index("own"), _lengths(random)):
        ids = encode(replace(window, mood=mood, key=key))
        if len(ids) <= LONGEST:
            yield np.array(ids, np.uint16)
