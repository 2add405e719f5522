"""Draw training examples from windows: transposed, thinned, shuffled, with bars to fill in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from engines.music import labels
from engines.music.instruments import instrument
from engines.music.model import tokens
from engines.music.model.tokens import BLOCKS

TRANSPOSITIONS: Final = tuple(range(-5, 7))
KEEP_CONTROL: Final = 0.7
REORCHESTRATE: Final = 0.25
DROP_TRACKS: Final = 0.3
TEMPO_BEND: Final = 0.1
_TABLES = tokens.transpositions(TRANSPOSITIONS)
_FAMILIES: Final = (
    (40, 41, 42, 43, 44, 45, 46, 48, 49), (68, 69, 70, 71, 72, 73, 74, 75), (56, 57, 58, 60, 61),
    (0, 1, 4, 6, 8, 11, 12, 16, 19, 21, 24, 25, 46), (38, 50, 51, 62, 80, 81, 88, 89, 90, 94, 95),
    (52, 53, 54, 48, 19), (26, 27, 29, 30, 32, 33, 34, 16, 18),
)  # fmt: skip
"""Programs that play together when a piece is given to other instruments."""

_LOW, _HIGH, _VOICES = (
    np.array([getattr(instrument(program), name) for program in range(128)])
    for name in ("low", "high", "voices")
)
_TEMPO_EDGES = np.array([40, *tokens.TEMPO_EDGES, 208])


class Task(StrEnum):
    """What an example teaches: writing on, filling bars, going on in all tracks, joining a tune."""

    WRITE = "write"
    INFILL = "infill"
    CONTINUE = "continue"
    ACCOMPANY = "accompany"


TASKS: Final = (Task.WRITE, Task.INFILL, Task.CONTINUE, Task.ACCOMPANY)
SHARES: Final = (0.5, 0.25, 0.125, 0.125)


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
    ids = _TABLES[random.integers(len(TRANSPOSITIONS))][ids]
    controls, harmony, tracks = split_window(ids)
    controls = _bend_tempo(controls, random)
    keep = random.random(len(controls)) < KEEP_CONTROL
    keep[0] = True
    if random.random() < REORCHESTRATE:
        tracks = reorchestrate(tracks, random)
        keep &= ~is_in(controls, "SOURCE")
    task = TASKS[random.choice(len(TASKS), p=SHARES)]
    tracks = _ordered(tracks, task, random)
    full = len(tracks)
    if full > 2 and random.random() < DROP_TRACKS:
        tracks = tracks[: random.integers(1, full)]
    if random.random() >= KEEP_CONTROL:
        harmony = harmony[:0]
        tracks = [_without(t, "CHORD") for t in tracks]
    for name in tokens.TRACK_CONTROLS:
        if random.random() >= KEEP_CONTROL:
            tracks = [_without(t, name) for t in tracks]
    room = limit - len(controls) - len(harmony) - 1
    fits = np.cumsum([len(t) for t in tracks]) <= room
    cut = [tracks[0][:room]] if not fits[0] else tracks[: int(fits.sum())]
    if len(cut) < full:
        controls = _recount(controls, cut)
    if fits[0] and task in (Task.INFILL, Task.CONTINUE):
        holed = _infill(cut, random, continuation=task is Task.CONTINUE)
        if sum(len(t) for t in holed) <= room:
            cut = holed
    example = np.concatenate([controls[keep], harmony, *cut, [tokens.EOS]])
    return example[:limit], int(keep.sum())


def _bend_tempo(controls: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Play a window up to a tenth faster or slower; its bucket of tempo may change by that."""
    at = np.flatnonzero(is_in(controls, "TEMPO"))
    if not at.size:
        return controls
    bucket = int(controls[at[0]]) - BLOCKS["TEMPO"].first
    low, high = _TEMPO_EDGES[bucket : bucket + 2]
    bpm = low * (high / low) ** random.random() * (1 + TEMPO_BEND) ** random.uniform(-1, 1)
    controls = controls.copy()
    controls[at[0]] = BLOCKS["TEMPO"][tokens.tempo_bucket(float(bpm))]
    return controls


def _recount(controls: np.ndarray, tracks: list[np.ndarray]) -> np.ndarray:
    """Tell the density of the tracks that are left."""
    at = np.flatnonzero(is_in(controls, "DENSITY"))
    bars = sum(int(is_in(t, "BAR").sum()) for t in tracks) / len(tracks)
    meter = controls[is_in(controls, "METER")]
    if not at.size or not meter.size or not bars:
        return controls
    beats, unit = map(int, tokens.METERS[int(meter[0]) - BLOCKS["METER"].first].split("/"))
    notes = sum(int((is_in(t, "PITCH") | is_in(t, "DRUM")).sum()) for t in tracks)
    controls = controls.copy()
    level = labels.level_of(notes / (bars * beats * 4 / unit), labels.DENSITY_EDGES)
    controls[at[0]] = BLOCKS["DENSITY"][level]
    return controls


def _ordered(tracks: list[np.ndarray], task: Task, random: np.random.Generator) -> list[np.ndarray]:
    """Shuffle tracks, or keep their order; to accompany, the highest comes first."""
    if task is Task.ACCOMPANY:
        tracks = [tracks[i] for i in random.permutation(len(tracks))]
        tune = max(range(len(tracks)), key=lambda i: _mean_pitch(tracks[i]))
        return [tracks[tune], *tracks[:tune], *tracks[tune + 1 :]]
    if random.random() < KEEP_CONTROL:
        return [tracks[i] for i in random.permutation(len(tracks))]
    return tracks


def _mean_pitch(track: np.ndarray) -> float:
    pitches = track[is_in(track, "PITCH")]
    return float(pitches.mean()) if pitches.size else 0.0


def reorchestrate(tracks: list[np.ndarray], random: np.random.Generator) -> list[np.ndarray]:
    """Give every pitched track to an instrument of one or two families that can play it.

    It has the range, and the voices for nine in ten of the chords; a track
    that none of them can play stays as it is.
    """
    chosen = random.choice(len(_FAMILIES), random.integers(1, 3), replace=False)
    programs = np.array([p for i in chosen for p in _FAMILIES[i]])
    given = []
    for track in tracks:
        pitches = track[is_in(track, "PITCH")].astype(int) - BLOCKS["PITCH"].first
        struck = is_in(track, "POSITION")
        if track[0] == BLOCKS["PROGRAM"][tokens.DRUM_PROGRAM] or not pitches.size:
            given.append(track)
            continue
        counts = np.bincount(np.cumsum(struck)[is_in(track, "PITCH")])
        voices = np.quantile(counts[counts > 0], 0.9)
        able = programs[
            (_LOW[programs] <= pitches.min())
            & (_HIGH[programs] >= pitches.max())
            & (_VOICES[programs] >= voices)
        ]
        track = track.copy()
        if able.size:
            track[0] = BLOCKS["PROGRAM"].first + random.choice(able)
        given.append(track)
    return given


def _infill(
    tracks: list[np.ndarray], random: np.random.Generator, *, continuation: bool
) -> list[np.ndarray]:
    """Cut bars out of tracks and put them, each with its program, behind all tracks.

    A continuation is the end of every track, else it is some bars in a row
    of some of the tracks.
    """
    bars = int((is_in(tracks[0], "BAR")).sum())
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
