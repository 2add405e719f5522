"""Accompaniment, bass and drums of our own pieces, bar by bar, as events within the bar."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from engines.music.analysis import CHORD_STEPS
from engines.music.score import TICKS_PER_QUARTER

QUARTER: Final = TICKS_PER_QUARTER
EIGHTH: Final = QUARTER // 2
SIXTEENTH: Final = QUARTER // 4


class Event(NamedTuple):
    """One note within a bar; `accent` is added to the velocity."""

    tick: int
    pitch: int
    ticks: int
    accent: int = 0


def chord_tones(root: int, quality: int) -> tuple[int, ...]:
    """Pitch classes of a chord, root first."""
    return tuple((root + step) % 12 for step in CHORD_STEPS[quality])


def voicing(tones: Sequence[int], low: int, voices: int, last: Sequence[int]) -> tuple[int, ...]:
    """Set a chord close above `low`, in the inversion that moves least from `last`."""
    best: tuple[int, ...] = ()
    cost = float("inf")
    for turn in range(len(tones)):
        pitches: list[int] = []
        floor = low
        for voice in range(voices):
            tone = tones[(turn + voice) % len(tones)]
            pitch = floor + (tone - floor) % 12
            pitches.append(pitch)
            floor = pitch + 1
        moved = sum(min(abs(p - q) for q in last) for p in pitches) if last else abs(turn)
        if moved < cost:
            best, cost = tuple(pitches), moved
    return best


def _grid(bar: int, step: int) -> range:
    return range(0, bar, step)


def accompany(
    pattern: str, chord: Sequence[int], bar: int, beat: int, random: Random, riff: Sequence[int]
) -> list[Event]:
    """Play a chord (pitches, rising) through a bar of `bar` ticks with `beat` ticks a beat.

    `riff` is a row of numbers that a piece keeps, so that its ostinato stays the same.
    """
    n = len(chord)
    fast = beat // 3 if beat == 36 else EIGHTH
    if pattern in ("pad", "low pad"):
        return [Event(0, p, bar) for p in chord]
    if pattern in ("half chords", "low half"):
        half = bar // 2 if bar % (2 * beat) == 0 else bar
        return [Event(t, p, half) for t in _grid(bar, half) for p in chord]
    if pattern in ("quarters", "pulse", "march chords"):
        step = fast if pattern == "pulse" else beat
        return [
            Event(t, p, step, 8 if t == 0 else 0)
            for t in _grid(bar, step)
            for p in chord
            if pattern != "march chords" or t != step or random.random() < 0.7
        ]
    if pattern in ("offbeats", "stabs"):
        ticks = [t + (fast if beat != 36 else 24) for t in _grid(bar, beat)]
        if pattern == "stabs":
            ticks = [t for k, t in enumerate(_grid(bar, fast)) if riff[k % len(riff)] > 2] or [0]
        return [Event(t, p, SIXTEENTH * 2) for t in ticks if t < bar for p in chord]
    if pattern in ("oompah", "waltz"):
        return [
            Event(t, p, beat)
            for t in _grid(bar, beat)
            for p in (chord[:1] if t == 0 else chord[1:])
        ]
    if pattern in ("repeated", "low repeated", "tremolo"):
        step = SIXTEENTH if pattern == "tremolo" else fast
        voices = chord[:2] if pattern == "tremolo" else chord
        return [
            Event(t, p, step, 10 if t % beat == 0 else 0) for t in _grid(bar, step) for p in voices
        ]
    if pattern in ("ostinato", "low ostinato"):
        step = SIXTEENTH if riff[0] % 2 and beat == QUARTER else fast
        return [
            Event(t, chord[riff[k % len(riff)] % n], step, 12 if t % beat == 0 else 0)
            for k, t in enumerate(_grid(bar, step))
        ]
    if pattern == "wide arpeggio":
        wide = [chord[0] - 12, *chord, chord[0] + 12 if n > 1 else chord[0], chord[-1]]
        return [Event(t, wide[k % len(wide)], bar - t) for k, t in enumerate(_grid(bar, fast))]
    step = {"slow arpeggio": beat, "broken": fast}.get(pattern, fast)
    shape = [*range(n), *range(n - 2, 0, -1)] if pattern != "broken" else [0, n - 1, n // 2, n - 1]
    return [
        Event(t, chord[shape[k % len(shape)]], step if pattern == "broken" else bar - t)
        for k, t in enumerate(_grid(bar, step))
    ]


def bass_line(
    pattern: str,
    tones: Sequence[int],
    tonic: int,
    low: int,
    bar: int,
    beat: int,
    following: int,
    riff: Sequence[int],
) -> list[Event]:
    """Play the bass of one bar; `following` is the root's pitch class in the next."""

    def at(tone: int) -> int:
        return low + (tone - low) % 12

    root, fifth = at(tones[0]), at(tones[2 % len(tones)])
    fast = beat // 3 if beat == 36 else EIGHTH
    if pattern == "whole":
        return [Event(0, root, bar)]
    if pattern == "pedal":
        return [Event(0, at(tonic), bar)]
    if pattern in ("eighths", "pedal eighths"):
        pitch = root if pattern == "eighths" else at(tonic)
        return [Event(t, pitch, fast, 8 if t % beat == 0 else 0) for t in _grid(bar, fast)]
    if pattern == "quarters":
        return [Event(t, root, beat) for t in _grid(bar, beat)]
    if pattern == "fifths":
        half = bar // 2 if bar % (2 * beat) == 0 else beat
        return [Event(t, (root, fifth)[k % 2], half) for k, t in enumerate(_grid(bar, half))]
    if pattern == "riff":
        ticks = [t for k, t in enumerate(_grid(bar, fast)) if k == 0 or riff[k % len(riff)] > 1]
        return [
            Event(t, (root, root, fifth, root + 12)[riff[k % len(riff)] % 4] if k else root, fast)
            for k, t in enumerate(ticks)
        ]
    goal = at(following)
    beats = list(_grid(bar, beat))
    steps = [root, at(tones[1]), fifth, goal + (1 if goal <= fifth else -1)]
    return [Event(t, steps[k % 4] if k else root, beat) for k, t in enumerate(beats)]


_KICK, _SNARE, _HAT, _OPEN, _CRASH, _RIDE, _RIM = 36, 38, 42, 46, 49, 51, 37
_TOMS: Final = (50, 47, 45, 43, 41)


def drum_bar(kit: str, bar: int, beat: int, *, number: int, riff: Sequence[int]) -> list[Event]:
    """Beat one bar; `number` counts bars, every eighth ends with a fill and the next crashes."""
    fast = beat // 3 if beat == 36 else EIGHTH
    hits: list[Event] = []
    beats = list(_grid(bar, beat))
    if kit == "light":
        hits += [Event(t, _HAT, 1, 6 if t % beat == 0 else -14) for t in _grid(bar, fast)]
        hits += [Event(t, _RIM, 1) for t in beats[1::2]] + [Event(0, _KICK, 1)]
    elif kit == "pop":
        hits += [Event(t, _HAT, 1, 0 if t % beat == 0 else -12) for t in _grid(bar, fast)]
        hits += [Event(t, _SNARE, 1, 8) for t in beats[1::2]]
        hits += [
            Event(t, _KICK, 1, 6)
            for k, t in enumerate(_grid(bar, fast))
            if k == 0 or riff[k % len(riff)] == 3
        ]
    elif kit == "march":
        hits += [Event(t, _KICK if k % 2 == 0 else _SNARE, 1, 6) for k, t in enumerate(beats)]
        hits += [
            Event(t + beat * 3 // 4, _SNARE, 1, -14)
            for t in beats
            if riff[t // beat % len(riff)] > 1
        ]
        hits += [Event(t + beat // 2, _SNARE, 1, -10) for t in beats]
    elif kit == "drive":
        hits += [Event(t, _HAT, 1, 0 if t % beat == 0 else -10) for t in _grid(bar, fast)]
        hits += [Event(t, _SNARE, 1, 12) for t in beats[1::2]]
        hits += [
            Event(t, _KICK, 1, 10)
            for k, t in enumerate(_grid(bar, fast))
            if k == 0 or riff[k % len(riff)] > 1
        ]
    elif kit == "ticks":
        hits += [
            Event(t, _RIM if riff[k % len(riff)] > 1 else _HAT, 1, -10)
            for k, t in enumerate(_grid(bar, SIXTEENTH if beat == QUARTER else fast))
        ]
        hits += [Event(0, _KICK, 1, 8)]
    elif kit == "slow":
        hits += [Event(0, _KICK, 1, 8), Event(beats[len(beats) // 2], _SNARE, 1, 4)]
        hits += [Event(t, _RIDE, 1, -10) for t in beats]
    else:  # toms and epic
        step = fast if kit == "toms" else SIXTEENTH * 2
        hits += [
            Event(t, _TOMS[riff[k % len(riff)] % 5], 1, 14 if t % beat == 0 else -8)
            for k, t in enumerate(_grid(bar, step))
        ]
        hits += [Event(t, _KICK, 1, 14) for t in beats[:: 2 if kit == "toms" else 1]]
    if number % 8 == 7:
        start = beats[-1]
        hits = [h for h in hits if h.tick < start]
        hits += [
            Event(t, _TOMS[min(4, k)], 1, 4 * k) for k, t in enumerate(range(start, bar, SIXTEENTH))
        ]
    if number % 8 == 0 and kit not in ("light", "ticks"):
        hits.append(Event(0, _CRASH, 1, 10))
    return hits
