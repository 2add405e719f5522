"""Tunes of our own pieces: a motif, its answers, and its return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from engines.training.music.procedural_patterns import Event

_SPLITS: Final = (
    ((1, 1), 5.0), ((3, 1), 2.5), ((1, 3), 0.5), ((1, 2, 1), 0.8), ((2, 1, 1), 1.5),
    ((1, 1, 2), 1.5),
)  # fmt: skip
"""How a note is divided, in parts, and how often."""

_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 11)
_NATURAL: Final = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motif:
    """One bar of a tune: lengths of its notes in ticks (negative: a rest), steps between them."""

    lengths: tuple[int, ...]
    steps: tuple[int, ...]


def rhythm(bar: int, beat: int, notes: float, random: Random) -> tuple[int, ...]:
    """Divide a bar until about `notes` notes start in a quarter."""
    lengths = [bar]
    if bar % (3 * beat) == 0 and bar // beat == 3:
        lengths = random.choice(([bar], [2 * beat, beat], [beat, beat, beat], [beat, 2 * beat]))
    elif bar // beat in (5, 7) or bar % beat:
        lengths = [bar - bar // 2 // beat * beat, bar // 2 // beat * beat]
    wanted = max(1, round(notes * bar / 24 * random.uniform(0.75, 1.25)))
    while len(lengths) < wanted:
        able = [i for i, ticks in enumerate(lengths) if ticks >= 12]
        if not able:
            break
        i = max(able, key=lambda k: lengths[k] * random.uniform(0.5, 1.5))
        ticks = lengths[i]
        if ticks == 36:
            parts: Sequence[int] = random.choice(((12, 12, 12), (24, 12), (24, 12), (12, 24)))
        else:
            shapes, weights = zip(*_SPLITS, strict=True)
            shape = random.choices(shapes, weights)[0]
            unit = sum(shape)
            if ticks % unit or ticks // unit < 6:
                shape, unit = (1, 1), 2
            parts = [ticks * part // unit for part in shape]
        if any(part < 3 or part % 3 for part in parts):
            break
        lengths[i : i + 1] = parts
    return tuple(lengths)


def make_motif(bar: int, beat: int, notes: float, leaps: float, random: Random) -> Motif:
    """Invent a bar; steps run mostly one way and then back."""
    lengths = list(rhythm(bar, beat, notes, random))
    if len(lengths) > 2 and random.random() < 0.15:
        lengths[random.randrange(1, len(lengths))] *= -1
    way = random.choice((-1, 1))
    steps = []
    for i in range(len(lengths)):
        if random.random() < 0.3:
            way = -way
        size = (
            random.choice((2, 3, 4, 5))
            if random.random() < leaps
            else random.choice((1, 1, 1, 0, 2))
        )
        steps.append(way * size if i else 0)
    return Motif(lengths=tuple(lengths), steps=tuple(steps))


def vary(motif: Motif, random: Random) -> Motif:
    """Answer a motif: turned over, its last steps changed, or two of its notes joined."""
    lengths, steps = list(motif.lengths), list(motif.steps)
    kind = random.random()
    if kind < 0.35:
        steps = [-s for s in steps]
    elif kind < 0.75:
        for i in range(max(1, len(steps) // 2), len(steps)):
            steps[i] = random.choice((-2, -1, 1, 2))
    elif len(lengths) > 2:
        i = random.randrange(1, len(lengths))
        lengths[i - 1 : i + 1] = [abs(lengths[i - 1]) + abs(lengths[i])]
        del steps[i]
    return Motif(lengths=tuple(lengths), steps=tuple(steps))


def ladder(tonic: int, *, minor: bool, raised: bool, low: int, high: int) -> list[int]:
    """Pitches of a scale within a range; in minor with the raised seventh where asked."""
    scale = (_MINOR if raised else _NATURAL) if minor else _MAJOR
    return [p for p in range(low, high + 1) if (p - tonic) % 12 in scale]


def sing(
    motif: Motif,
    tones: Sequence[int],
    pitches: Sequence[int],
    start: int,
    beat: int,
    *,
    colour: float,
    random: Random,
) -> tuple[list[Event], int]:
    """Set a motif over a chord: notes on beats are pulled to the chord, the others follow steps.

    Args:
        tones: Pitch classes of the chord.
        pitches: The ladder of pitches that may be used, rising.
        start: The pitch the bar before ended on.

    Returns:
        The notes, and the pitch it ends on.
    """
    at = min(range(len(pitches)), key=lambda i: abs(pitches[i] - start))
    fitting = [i for i, p in enumerate(pitches) if p % 12 in tones]
    tick, events = 0, []
    for length, step in zip(motif.lengths, motif.steps, strict=True):
        at += step
        if at < 0 or at >= len(pitches):
            at = max(0, min(len(pitches) - 1, at - 2 * step))
        strong = tick % beat == 0 or abs(length) >= beat
        if strong and fitting and random.random() >= colour:
            at = min(fitting, key=lambda i: (abs(i - at), i))
        if length > 0:
            pitch = pitches[at]
            if strong and random.random() < colour / 4:
                pitch += random.choice((-1, 1))
            events.append(Event(tick, pitch, length, 8 if tick == 0 else 0))
        tick += abs(length)
    return events, pitches[at]
