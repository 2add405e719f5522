"""What a synthesiser is told to play a part, and what is done to its sound afterwards.

Volume, expression and pan are gains on the finished sound, so that a part
whose level changes need not be played anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from engines.music.instruments import instrument
from engines.music.model.tokens import DRUM_PROGRAM
from engines.music.rendering.performance import (
    BANK,
    EXPRESSION,
    MODULATION,
    PAN,
    VOLUME,
    Change,
    Clock,
    PlayedPart,
)

USUAL_VOLUME: Final = 100
FULL_EXPRESSION: Final = 127
RAMP_S: Final = 0.01
"""A change of level takes so long, or it would click."""

VIBRATO_HZ: Final = 5.5
VIBRATO_SEMITONES: Final = 0.5
"""How far the full modulation wheel bends up and down."""

VIBRATO_STEP_S: Final = 0.01


class Order(IntEnum):
    """What a synthesiser can be told; at one moment they come in this order."""

    END = 0
    PROGRAM = 1
    BEND = 2
    START = 3


Event = tuple[int, Order, float, float]
"""Frame, order, and: pitch and 0; program and bank; semitones and 0; pitch and velocity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the dry sound of a part depends on, besides soundfont and rate."""

    is_drum: bool
    events: tuple[Event, ...]

    @property
    def key(self) -> str:
        told = [(frame, int(order), first, second) for frame, order, first, second in self.events]
        return hashlib.sha256(f"{self.is_drum}{told}".encode()).hexdigest()


def plan_of(part: PlayedPart, clock: Clock, rate_hz: int, frames: int) -> Plan:
    """Lay out what a part plays in the first `frames` frames."""

    def steps(changes: Sequence[Change], before: float) -> Steps:
        return Steps([(round(clock.seconds(t) * rate_hz), v) for t, v in changes], before)

    events: list[Event] = []
    spans: list[tuple[int, int]] = []
    for note in part.notes:
        start = round(clock.seconds(note.start_tick) * rate_hz)
        if start >= frames:
            break
        end = max(round(clock.seconds(note.end_tick) * rate_hz), start + 1)
        spans.append((start, end))
        events.append((start, Order.START, note.pitch, note.velocity))
        events.append((end, Order.END, note.pitch, 0))
    programs = steps(part.programs, part.program)
    banks = steps(part.controls.get(BANK, ()), 0)
    events += [
        (int(at), Order.PROGRAM, int(program), int(bank))
        for at, program, bank in zip(
            programs.frames, programs.values, banks.at(programs.frames), strict=True
        )
    ]
    bends = steps(part.bends, 0.0)
    wheel = steps(part.controls.get(MODULATION, ()), 0)
    events += [
        (at, Order.BEND, semitones, 0)
        for at, semitones in _with_vibrato(bends, wheel, np.array(spans), rate_hz)
    ]
    end = max((stop for _, stop in spans), default=0)
    told = tuple(sorted(event for event in events if event[0] <= end))
    return Plan(is_drum=part.is_drum, events=told)


class Steps:
    """A value that changes in steps over frames."""

    def __init__(self, changes: Sequence[tuple[int, float]], before: float) -> None:
        latest = {0: before}
        latest.update(sorted(changes, key=lambda change: change[0]))
        self.frames = np.array(sorted(latest), np.int64)
        self.values = np.array([latest[int(frame)] for frame in self.frames], np.float64)

    def at(self, frames: np.ndarray | int) -> np.ndarray:
        return self.values[np.searchsorted(self.frames, frames, side="right") - 1]


class Gain:
    """A gain over time that goes from step to step on ramps, so that nothing clicks."""

    def __init__(self, frames: np.ndarray, values: np.ndarray, rate_hz: int) -> None:
        """Take steps; `frames` ascend from 0."""
        ramps = np.minimum(np.append(np.diff(frames), rate_hz), int(RAMP_S * rate_hz))
        self._at = np.stack([frames[1:], frames[1:] + ramps[1:]], axis=1).ravel()
        self._values = np.repeat(values, 2)[1:-1]
        self._only = float(values[0]) if np.all(values == values[0]) else None

    def between(self, start: int, stop: int) -> np.ndarray | np.float32:
        """Return the gain of each frame, or one for all."""
        if self._only is not None:
            return np.float32(self._only)
        gains = np.interp(np.arange(start, stop), self._at, self._values)
        return gains.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where and how loud a part is heard: its gains to the left and to the right."""

    left: Gain
    right: Gain


def place_of(part: PlayedPart, clock: Clock, rate_hz: int) -> Place:
    """Work out a part's gains from its volume, expression and pan.

    General MIDI 2's recommended practice: 40 log10 of volume and of
    expression; pan of constant power. A part without pan sits where its
    instrument sits in an orchestra.
    """

    def steps(number: int, before: float) -> Steps:
        changes = part.controls.get(number, ())
        return Steps([(round(clock.seconds(t) * rate_hz), v) for t, v in changes], before)

    volume, expression = steps(VOLUME, USUAL_VOLUME), steps(EXPRESSION, FULL_EXPRESSION)
    seat = instrument(DRUM_PROGRAM if part.is_drum else part.program).pan
    pan = steps(PAN, 64 + 63 * seat)
    frames = np.unique(np.concatenate([volume.frames, expression.frames, pan.frames]))
    loud = (volume.at(frames) * expression.at(frames) / 127**2) ** 2
    angle = (np.clip((pan.at(frames) - 64) / 63, -1, 1) + 1) * np.pi / 4
    # With a stereo soundfont the middle leaves both sides as they are.
    left, right = np.sqrt(2) * np.cos(angle) * loud, np.sqrt(2) * np.sin(angle) * loud
    return Place(Gain(frames, left, rate_hz), Gain(frames, right, rate_hz))


def _with_vibrato(
    bends: Steps, wheel: Steps, spans: np.ndarray, rate_hz: int
) -> list[tuple[int, float]]:
    """Return the bends in semitones with the vibrato of the modulation wheel while notes sound."""
    found = dict(zip(bends.frames.tolist(), bends.values.tolist(), strict=True))
    if not wheel.values.any() or not spans.size:
        return sorted(found.items())
    step = int(VIBRATO_STEP_S * rate_hz)
    grid = np.arange(int(spans[0, 0]), int(spans[:, 1].max()) + step, step)
    begun = np.searchsorted(spans[:, 0], grid, side="right")
    ended = np.searchsorted(np.sort(spans[:, 1]), grid, side="right")
    depth = wheel.at(grid) / 127 * VIBRATO_SEMITONES
    swing = depth * np.sin(2 * np.pi * VIBRATO_HZ * grid / rate_hz)
    # One step after the wheel goes back the pitch does, too.
    heard = (begun > ended) & ((depth > 0) | (np.append(0, depth[:-1]) > 0))
    for at, value in zip(grid[heard], (bends.at(grid) + swing)[heard], strict=True):
        found[int(at)] = float(value)
    return sorted(found.items())
