"""Draw training examples from windows: transposed, thinned, shuffled, with bars to fill in."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.music import tokens
from engines.music.tokens import BLOCKS

STEPS: Final = tuple(range(-5, 7))
KEEP_CONTROL: Final = 0.7
INFILL: Final = 0.2
REORCHESTRATE: Final = 0.2
_TABLES = tokens.transpositions(STEPS)
_HIGH = np.array([40, 41, 48, 68, 71, 73, 56, 60, 0, 8, 11, 46, 52, 24])
_LOW = np.array([42, 43, 70, 57, 58, 60, 48, 0, 32, 41])
_FULL = np.array([0, 48, 46, 19, 89, 52, 6, 4])
"""General MIDI programs a part may be given to: high, low, and in many voices."""


def is_in(ids: np.ndarray, name: str) -> np.ndarray:
    block = BLOCKS[name]
    return (ids >= block.first) & (ids < block.stop)


def split_window(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Split into controls (BOS too), harmony (may be empty) and tracks; EOS is left out."""
    programs = np.flatnonzero(is_in(ids, "PROGRAM"))
    ends = np.flatnonzero(ids == tokens.TRACK_END) + 1
    head = ids[: programs[0]]
    harmony = np.flatnonzero(head == tokens.HARMONY)
    cut = int(harmony[0]) if harmony.size else len(head)
    tracks = [ids[a:b] for a, b in zip(programs, ends, strict=True)]
    return head[:cut], head[cut:], tracks


def bare(ids: np.ndarray) -> np.ndarray:
    """Take out all that conditions: controls, harmony, chords and the tracks' controls."""
    controls, _, tracks = split_window(ids)
    kept = [_without(t, "CHORD", *tokens.TRACK_CONTROLS) for t in tracks]
    return np.concatenate([controls[:1], *kept, [tokens.EOS]])


def _without(ids: np.ndarray, *names: str) -> np.ndarray:
    drop = np.zeros(len(ids), bool)
    for name in names:
        drop |= is_in(ids, name)
    return ids[~drop]


def draw(ids: np.ndarray, random: np.random.Generator, limit: int) -> tuple[np.ndarray, int]:
    """Make one example of at most `limit` tokens from a full window.

    Returns:
        The tokens, and how many of the first condition and are not learned.
    """
    ids = _TABLES[random.integers(len(STEPS))][ids]
    controls, harmony, tracks = split_window(ids)
    keep = random.random(len(controls)) < KEEP_CONTROL
    keep[0] = True
    if random.random() < REORCHESTRATE:
        tracks = [_reorchestrate(t, random) for t in tracks]
        keep &= ~is_in(controls, "SOURCE")
    if random.random() < 0.7:
        tracks = [tracks[i] for i in random.permutation(len(tracks))]
    full = len(tracks)
    if len(tracks) > 2 and random.random() < 0.3:
        tracks = tracks[: random.integers(1, len(tracks))]
    if random.random() >= KEEP_CONTROL:
        harmony = harmony[:0]
        tracks = [_without(t, "CHORD") for t in tracks]
    for name in tokens.TRACK_CONTROLS:
        if random.random() >= KEEP_CONTROL:
            tracks = [_without(t, name) for t in tracks]
    room = limit - len(controls) - len(harmony) - 1
    fits = np.cumsum([len(t) for t in tracks]) <= room
    if not fits[0]:
        tracks = [tracks[0][:room]]
    else:
        tracks = tracks[: int(fits.sum())]
    if len(tracks) < full:
        keep &= ~is_in(controls, "DENSITY")
    controls = controls[keep]
    body = tracks
    if random.random() < INFILL:
        holed = _infill(tracks, random)
        if sum(len(t) for t in holed) <= room:
            body = holed
    example = np.concatenate([controls, harmony, *body, [tokens.EOS]])
    return example[:limit], len(controls)


def _reorchestrate(track: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if track[0] == BLOCKS["PROGRAM"][tokens.DRUM_PROGRAM]:
        return track
    voices = track[is_in(track, "VOICES")][0] - BLOCKS["VOICES"].first
    register = track[is_in(track, "REGISTER")][0] - BLOCKS["REGISTER"].first
    choice = _FULL if voices >= 2 else _HIGH if register >= 4 else _LOW
    track = track.copy()
    track[0] = BLOCKS["PROGRAM"].first + random.choice(choice)
    return track


def _infill(tracks: list[np.ndarray], random: np.random.Generator) -> list[np.ndarray]:
    """Cut bars out of tracks and put them, each with its program, behind all tracks.

    One time in three it is the end of every track (a continuation), else
    some bars in a row of some of the tracks.
    """
    bars = int((is_in(tracks[0], "BAR")).sum())
    continuation = random.random() < 1 / 3
    first = int(random.integers(1, bars)) if bars > 1 else 0
    stop = bars if continuation else int(random.integers(first, bars)) + 1
    left: list[np.ndarray] = []
    filled: list[np.ndarray] = []
    for track in tracks:
        if not continuation and len(tracks) > 1 and random.random() < 0.5:
            left.append(track)
            continue
        starts = np.flatnonzero(is_in(track, "BAR"))
        for i in range(min(first, len(starts)), min(stop, len(starts))):
            end = starts[i + 1] if i + 1 < len(starts) else len(track) - 1
            bar = track[starts[i] : end]
            filled += [np.array([tokens.FILL, track[0]]), bar, np.array([tokens.FILL_END])]
        left.append(_holed(track, starts, first, stop))
    return left + filled


def _holed(track: np.ndarray, starts: np.ndarray, first: int, stop: int) -> np.ndarray:
    parts = [track[: starts[0]]]
    for i, start in enumerate(starts):
        end = starts[i + 1] if i + 1 < len(starts) else len(track) - 1
        bar = track[start:end]
        if first <= i < stop:
            head = bar[is_in(bar, "BAR") | is_in(bar, "CHORD")]
            parts += [head, np.array([tokens.HOLE])]
        else:
            parts.append(bar)
    return np.concatenate([*parts, track[-1:]])
