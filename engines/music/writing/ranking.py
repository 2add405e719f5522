"""Rate candidates by what the ear would mind: the higher, the better."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from engines.music.analysis import chord_pitch_classes
from engines.music.model import tokens
from engines.music.model.encode import decode_bar
from engines.music.score import TICKS_PER_QUARTER, Note
from engines.music.writing.parts import Part, Role

if TYPE_CHECKING:
    from engines.music.controls import Cue

NOTES_A_QUARTER: Final = (0.3, 0.6, 1.0, 1.6, 2.4, 3.6)
"""Middle of each level of TRACK_DENSITY."""

ENTROPY: Final = {"major": 2.75, "minor": 2.85}
"""Bits of pitch-class entropy a key-bound piece has in the corpus."""

STRETCH: Final = 8
FEW: Final = 3
"""A tune that stays on so few pitches for so many notes is dull."""

_ROUGH: Final = (1, 11)


def rate(
    parts: Sequence[Part],
    chords: Sequence[tuple[int, ...]],
    contents: Sequence[Sequence[tuple[int, ...]]],
    cue: Cue,
    first_bar: int,
) -> float:
    """Rate the bars from `first_bar` on."""
    bar_ticks = cue.meter.bar_ticks
    bars = range(first_bar, len(chords))
    quarters = len(bars) * bar_ticks / TICKS_PER_QUARTER
    rating = 0.0
    pitched: list[Note] = []
    for part, content in zip(parts, contents, strict=True):
        is_drum = part.role is Role.DRUMS
        by_bar = [decode_bar(content[b], b * bar_ticks, is_drum=is_drum) for b in bars]
        notes = [note for bar in by_bar for note in bar]
        wanted = NOTES_A_QUARTER[part.density]
        rating -= 0.5 * abs(np.log2(max(0.1, len(notes) / quarters) / wanted))
        rating -= 1.5 * sum(not bar for bar in by_bar) / len(by_bar)
        rating += _sameness(by_bar, first_bar, bar_ticks)
        if part.role in (Role.MELODY, Role.COUNTER):
            rating += _line(notes) * (1.5 if part.role is Role.MELODY else 0.7)
        if not is_drum:
            pitched += notes
    return rating + _harmony(pitched, chords, bar_ticks, cue) / max(1, len(parts))


def _line(notes: Sequence[Note]) -> float:
    """Rate a tune: steps rather than leaps, movement rather than few pitches, a fair compass."""
    if len(notes) < 4:
        return -1.0
    pitches = np.array([n.pitch for n in notes])
    moves = np.abs(np.diff(pitches))
    steps = float(((moves > 0) & (moves <= 4)).mean())
    stuck = float((moves == 0).mean())
    small = 0.05 * max(0.0, 7.0 - float(np.ptp(pitches)))
    return steps - 1.5 * max(0.0, stuck - 0.25) - small - 1.2 * _circling(pitches)


def _circling(pitches: npt.NDArray[np.int_]) -> float:
    """Return the share of stretches of a tune that stay on two or three pitches."""
    if len(pitches) < STRETCH:
        return 0.0
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(pitches, STRETCH), axis=1)
    different = 1 + (np.diff(ordered, axis=1) != 0).sum(axis=1)
    return float((different <= FEW).mean())


def _sameness(by_bar: Sequence[Sequence[Note]], first_bar: int, bar_ticks: int) -> float:
    """Reward bars that share a rhythm, but not bars that are the same throughout."""
    rhythms = []
    for i, bar in enumerate(by_bar):
        start = (first_bar + i) * bar_ticks
        rhythms.append((
            frozenset(n.start_tick - start for n in bar),
            frozenset((n.start_tick - start, n.pitch) for n in bar),
        ))  # fmt: skip
    pairs = list(pairwise(rhythms))
    pairs += list(zip(rhythms, rhythms[2:], strict=False))
    if not pairs:
        return 0.0
    shared = np.mean([len(a[0] & b[0]) / max(1, len(a[0] | b[0])) for a, b in pairs])
    copied = np.mean([a[1] == b[1] for a, b in pairs])
    return float(0.8 * shared - 0.8 * copied)


def _harmony(
    notes: Sequence[Note], chords: Sequence[tuple[int, ...]], bar_ticks: int, cue: Cue
) -> float:
    """Rate how notes sit in their chords, how rough they sound together, how varied they are."""
    if not notes:
        return -5.0
    on_beat = [n for n in notes if n.start_tick % TICKS_PER_QUARTER == 0]
    fitting = [n.pitch % 12 in _classes_at(chords, n.start_tick, bar_ticks) for n in on_beat]
    ordered = sorted(notes)
    clashes = 0
    for i, note in enumerate(ordered):
        for other in ordered[i + 1 : i + 12]:
            if other.start_tick >= note.end_tick:
                break
            shared = min(note.end_tick, other.end_tick) - other.start_tick
            clashes += shared >= 6 and abs(note.pitch - other.pitch) % 12 in _ROUGH
    weights = np.bincount([n.pitch % 12 for n in notes], minlength=12) / len(notes)
    entropy = float(-(weights[weights > 0] * np.log2(weights[weights > 0])).sum())
    target = ENTROPY[tokens.MODES[cue.key.mode]]
    rating = 3.0 * float(np.mean(fitting)) if fitting else 0.0
    return rating - cue.manner.clash * clashes / len(notes) - 1.5 * abs(entropy - target)


def _classes_at(chords: Sequence[tuple[int, ...]], tick: int, bar_ticks: int) -> tuple[int, ...]:
    bar, inside = divmod(tick, bar_ticks)
    now = chords[min(bar, len(chords) - 1)]
    return chord_pitch_classes(now[-1 if 2 * inside >= bar_ticks else 0]) if now else ()
