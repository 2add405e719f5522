"""Turn a draft into a score: lines cut where they overlap, dynamics shaped, the end exact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from engines.music.model.encode import decode_bar
from engines.music.score import TICKS_PER_QUARTER, Meter, Note, Score, Track
from engines.music.writing.accents import strike
from engines.music.writing.parts import Part, Role
from engines.music.writing.timing import TimedBar

if TYPE_CHECKING:
    from engines.music.controls import Cue
    from engines.music.writing.composer import Draft

SHORT: Final = 0.7
"""Moods with less legato than this play detached, all but their harmony."""

SHORTEST_TICKS: Final = 4
PHRASE_BARS: Final = 4
SWELL: Final = 7
"""How much louder the middle of a phrase is than its ends, in steps of velocity."""

_BALANCE: Final = {
    Role.MELODY: 8, Role.COUNTER: -2, Role.HARMONY: -10, Role.BASS: 0, Role.DRUMS: -4,
}  # fmt: skip
_ACCENTS: Final = (5, 1, 3, 1)
"""On the first, second, third and other beats of a bar."""


def finish(draft: Draft, cue: Cue, seed: int, first_bar: int = 0) -> Score:
    """Make the score of a draft's bars from `first_bar` on, which begin the cue's timetable."""
    table = cue.table
    bars = table.bars[: draft.bars - first_bar]
    end_tick = bars[-1].start_tick + bars[-1].ticks
    whole = len(bars) == len(table.bars)
    random = Random(seed)
    tracks = []
    for part, contents in zip(draft.parts, draft.contents, strict=True):
        is_drum = part.role is Role.DRUMS
        notes = lay(contents[first_bar:], bars, is_drum=is_drum)
        notes = _untangled(notes, part, end_tick)
        if not is_drum:
            is_short = cue.manner.legato < SHORT and part.role is not Role.HARMONY
            notes = _joined(notes, cue.manner.legato, bars, is_short=is_short)
        if whole and cue.closes and (not is_drum or len(draft.parts) == 1):
            notes = _held(notes, bars[-1].start_tick, end_tick)
        shaped = [_shaped(note, part, cue.meter, bars, random) for note in notes]
        tracks.append(
            Track(
                program=0 if is_drum else part.program,
                notes=tuple(shaped),
                is_drum=is_drum,
                name=part.instrument.name,
            )
        )
    meters, tempos = table.meters(), table.tempos
    score = Score(
        tracks=tuple(tracks),
        meters=tuple(m for m in meters if m.start_tick < end_tick),
        tempos=tuple(t for t in tempos if t.start_tick < end_tick),
    )
    return strike(score, [tick for tick in table.hit_ticks if tick < end_tick])


def lay(
    contents: Sequence[Sequence[int]], bars: Sequence[TimedBar], *, is_drum: bool
) -> list[Note]:
    """Put the notes of bars where their bars begin; a short bar cuts what is beyond it."""
    laid = []
    for content, bar in zip(contents, bars, strict=True):
        for note in decode_bar(content, 0, is_drum=is_drum):
            room = bar.ticks - note.start_tick
            if room > 0:
                ticks = min(room, note.duration_ticks)
                start_tick = bar.start_tick + note.start_tick
                laid.append(note._replace(start_tick=start_tick, duration_ticks=ticks))
    return laid


def _untangled(notes: Sequence[Note], part: Part, end_tick: int) -> list[Note]:
    """End a note where its pitch comes again, and in one voice where any other begins."""
    kept: list[Note] = []
    ordered = sorted(notes)
    next_start: dict[int, int] = {}
    for note in reversed(ordered):
        key = note.pitch if part.voices > 1 else -1
        stop = min(note.end_tick, next_start.get(key, end_tick), end_tick)
        next_start[key] = note.start_tick
        if stop > note.start_tick:
            kept.append(note._replace(duration_ticks=stop - note.start_tick))
    return kept[::-1]


def _joined(
    notes: Sequence[Note], legato: float, bars: Sequence[TimedBar], *, is_short: bool
) -> list[Note]:
    """Let notes reach towards the next onset, by a beat at most and within their bar.

    Short ones reach no further than that part of the way, and stop.
    """
    onsets = sorted({note.start_tick for note in notes})
    following = dict(pairwise(onsets))
    joined = []
    for note in notes:
        bar = bar_at(bars, note.start_tick)
        bar_end = bar.start_tick + bar.ticks
        gap = min(following.get(note.start_tick, bar_end), bar_end) - note.start_tick
        wanted = min(int(gap * legato), note.duration_ticks + TICKS_PER_QUARTER)
        if not is_short:
            wanted = max(note.duration_ticks, wanted)
        joined.append(note._replace(duration_ticks=max(SHORTEST_TICKS, wanted)))
    return joined


def bar_at(bars: Sequence[TimedBar], tick: int) -> TimedBar:
    """Find the bar in which a tick lies."""
    return bars[bisect_right(bars, tick, key=lambda bar: bar.start_tick) - 1]


def _held(notes: Sequence[Note], start_tick: int, end_tick: int) -> list[Note]:
    """Hold every note of the last bar to the very end; drums only where nobody else plays."""
    return [
        n._replace(duration_ticks=end_tick - n.start_tick) if n.start_tick >= start_tick else n
        for n in notes
    ]


def _shaped(note: Note, part: Part, meter: Meter, bars: Sequence[TimedBar], random: Random) -> Note:
    """Balance the parts, accent the beats, swell over the phrase, and vary a little by chance."""
    inside = note.start_tick - bar_at(bars, note.start_tick).start_tick
    beat, off = divmod(inside, TICKS_PER_QUARTER)
    accent = _ACCENTS[min(beat, 3)] if off == 0 else -2
    phrase = PHRASE_BARS * meter.bar_ticks
    along = note.start_tick % phrase / phrase
    swell = SWELL * (1 - abs(2 * along - 1)) - SWELL / 2
    velocity = note.velocity + _BALANCE[part.role] + accent + swell + random.gauss(0, 2)
    return note._replace(velocity=min(124, max(18, round(velocity))))
