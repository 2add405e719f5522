"""Let the model write as it likes: only the spelling is kept, no key, no plan, no ranking."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from engines.api import Run
from engines.music.model import tokens
from engines.music.model.encode import halves
from engines.music.model.grammar import Line
from engines.music.model.masks import DRUMS_FROM, PITCHES_FROM, POSITIONS_FROM, only
from engines.music.model.tokens import BLOCKS
from engines.music.score import Meter
from engines.music.writing.drafting import draw_lines
from engines.music.writing.part_writer import Choice, give
from engines.sampling import Sampling

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder

ROWS: Final = 40
"""Pieces that are written at once; the weights are read for all of them together."""

ROOM: Final = 1792
SAMPLING: Final = Sampling(temperature=1.0, top_p=0.99, min_p=0.0)
"""Nearly the model's own distribution; the tail left out is what small models are bad at."""

LEAST_ROOM: Final = 96
"""Tokens that must be left for another track to begin."""


def _block(name: str) -> np.ndarray:
    mask = np.zeros(tokens.SIZE, bool)
    mask[BLOCKS[name].first : BLOCKS[name].stop] = True
    return mask


_PROGRAMS, _CHORDS, _VELOCITIES, _DURATIONS = (
    _block(name) for name in ("PROGRAM", "CHORD", "VELOCITY", "DURATION")
)
_NOTHING: Final = np.zeros(tokens.SIZE, bool)


def write_freely(
    decoder: Decoder,
    heads: Sequence[Sequence[int]],
    meters: Sequence[Meter],
    bars: int,
    *,
    drums_only: bool,
    seed: int,
    run: Run,
    sampling: Sampling = SAMPLING,
) -> list[np.ndarray]:
    """Draw a piece after each of some heads of controls; drums alone have no harmony.

    Args:
        heads: What each begins with, BOS first.
        meters: The meter of each.
    """
    asked = iter(zip(heads, meters, strict=True))

    def begin(written: list[int]) -> Line:
        head, meter = next(asked)
        return _free_line(head[1:], meter, bars, written, drums_only=drums_only)

    written = draw_lines(
        decoder,
        [tokens.BOS],
        begin,
        len(heads),
        room=min(ROOM + LEAST_ROOM, decoder.shape.context),
        sampling=sampling,
        generator=torch.Generator().manual_seed(seed),
        on_step=lambda count: run.step(count, ROOM, stage="writing freely"),
    )
    return [np.array(row) for row in written]


def _free_line(
    head: Sequence[int], meter: Meter, bars: int, written: Sequence[int], *, drums_only: bool
) -> Line:
    """Spell a window: harmony, then as many tracks as the model likes and the room holds."""
    yield from give(head)
    chords: Sequence[tuple[int, ...]] = ((),) * bars
    if not drums_only:
        chords = yield from _free_harmony(meter, bars)
    programs = only(BLOCKS["PROGRAM"][tokens.DRUM_PROGRAM]) if drums_only else _PROGRAMS
    program = yield Choice(programs)
    while True:
        yield from _free_track(program, meter, chords, written)
        if drums_only or ROOM - len(written) < LEAST_ROOM:
            yield tokens.EOS
            return
        program = yield Choice(programs | only(tokens.EOS))
        if program == tokens.EOS:
            return


def _free_harmony(
    meter: Meter, bars: int
) -> Generator[int | Choice, int, tuple[tuple[int, ...], ...]]:
    yield tokens.HARMONY
    chords: list[tuple[int, ...]] = []
    begun = False
    for bar in range(bars):
        if not begun:
            yield BLOCKS["BAR"][bar]
        begun = False
        first = yield Choice(_CHORDS)
        if bar + 1 == bars or not halves(meter):
            chords.append((first,))
            continue
        following = BLOCKS["BAR"][bar + 1]
        second = yield Choice(_CHORDS & ~only(first) | only(following))
        begun = second == following
        chords.append((first,) if begun else (first, second))
    return tuple(chords)


def _free_track(
    program: int, meter: Meter, chords: Sequence[tuple[int, ...]], written: Sequence[int]
) -> Line:
    is_drum = program == BLOCKS["PROGRAM"][tokens.DRUM_PROGRAM]
    yield BLOCKS["BAR"][0]
    for bar, chord in enumerate(chords):
        if not is_drum:
            yield from give(chord)
        is_last = bar + 1 == len(chords)
        following = tokens.TRACK_END if is_last else BLOCKS["BAR"][bar + 1]
        left = 4 * (len(chords) - bar)
        yield from _free_bar(following, meter.bar_ticks, is_drum, ROOM - left, written)


def _free_bar(
    following: int, bar_ticks: int, is_drum: bool, stop: int, written: Sequence[int]
) -> Line:
    """Write one bar until what follows it is taken; at token `stop` it must end."""
    rising = DRUMS_FROM if is_drum else PITCHES_FROM
    first = BLOCKS["DRUM" if is_drum else "PITCH"].first
    position, lowest, level = -1, 0, -1
    while True:
        later = POSITIONS_FROM[position + 1] & ~POSITIONS_FROM[bar_ticks]
        more = rising[lowest] if position >= 0 else _NOTHING
        again = _VELOCITIES & ~only(level) if more.any() else _NOTHING
        allowed = only(following)
        if len(written) < stop:
            allowed = allowed | later | more | again
        taken = yield Choice(allowed)
        if taken == following:
            return
        if taken in BLOCKS["POSITION"]:
            position, lowest = taken - BLOCKS["POSITION"].first, 0
            taken = yield Choice(rising[0] | _VELOCITIES)
        if taken in BLOCKS["VELOCITY"]:
            level = taken
            taken = yield Choice(rising[lowest])
        lowest = min(taken - first + 1, BLOCKS["DRUM" if is_drum else "PITCH"].size)
        if not is_drum:
            yield Choice(_DURATIONS)
