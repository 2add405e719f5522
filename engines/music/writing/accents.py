"""Let every part strike where a hit point falls."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engines.music.score import TICKS_PER_QUARTER, Note, Score, Track

LOUDER: Final = 24
LEAST_VELOCITY: Final = 108
_CRASH: Final = 49
_KICK: Final = 36


def strike(score: Score, ticks: Sequence[int]) -> Score:
    """Put an accent at each of `ticks` into every part.

    Notes that begin there get louder; others that sound there are struck
    again; a part that is silent strikes its nearest note, moved into what
    sounds. Notes begin on a hit, or a quarter of a beat from it at least.
    """
    for tick in ticks:
        classes = {
            n.pitch % 12
            for t in score.tracks
            if not t.is_drum
            for n in t.notes
            if n.start_tick <= tick < n.end_tick
        }
        tracks = tuple(replace(t, notes=_struck(t, tick, classes)) for t in score.tracks)
        score = replace(score, tracks=tracks)
    return score


def _struck(track: Track, tick: int, classes: set[int]) -> tuple[Note, ...]:
    notes: list[Note] = []
    at_hit: list[Note] = []
    for note in track.notes:
        if note.start_tick == tick:
            at_hit.append(note)
        elif note.start_tick < tick < note.end_tick and not track.is_drum:
            notes.append(note._replace(duration_ticks=tick - note.start_tick))
            at_hit.append(Note(tick, note.pitch, note.end_tick - tick, note.velocity))
        else:
            notes.append(note)
    if track.is_drum:
        there = {note.pitch for note in at_hit}
        at_hit += [Note(tick, p, 6, LEAST_VELOCITY) for p in (_KICK, _CRASH) if p not in there]
    elif not at_hit and track.notes:
        at_hit.append(_own_note(track.notes, tick, classes))
    notes += [
        n._replace(velocity=_louder(n.velocity)) for n in {n.pitch: n for n in at_hit}.values()
    ]
    return tuple(sorted(notes))


def _own_note(notes: Sequence[Note], tick: int, classes: set[int]) -> Note:
    """Strike the part's nearest note for a beat at most, or the nearest pitch that fits."""
    after = bisect_right([note.start_tick for note in notes], tick)
    nearest = min(
        notes[max(0, after - 1) : after + 1], key=lambda note: abs(note.start_tick - tick)
    )
    steps = (s for s in (0, 1, -1, 2, -2, 3, -3) if (nearest.pitch + s) % 12 in classes)
    pitch = min(127, max(0, nearest.pitch + next(steps, 0)))
    room = notes[after].start_tick - tick if after < len(notes) else TICKS_PER_QUARTER
    return Note(tick, pitch, min(room, TICKS_PER_QUARTER), nearest.velocity)


def _louder(velocity: int) -> int:
    return min(127, max(LEAST_VELOCITY, velocity + LOUDER))
