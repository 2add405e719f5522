"""Write some bars of a score anew: fill them, or vary what is not locked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from engines.api import BadRequest, MusicRequest, Run
from engines.music.region import Cell, read_region
from engines.music.score import Note, Score
from engines.music.writing.composer import Draft
from engines.music.writing.filling import Filling
from engines.music.writing.finishing import finish
from engines.music.writing.given import Given
from engines.music.writing.parts import Role
from engines.music.writing.work import Work, cue_of, fill_for, portion, table_of

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder


def prepare_filling(request: MusicRequest, given: Given) -> Work:
    tracks, bars = given.score.tracks, len(given.bars)
    cells = read_region(request.region, tracks, bars) - read_region(request.lock, tracks, bars)
    if not cells:
        raise BadRequest("nothing is left to fill: the lock covers the whole region")
    return _rewrite(request, given, cells, keeps_harmony=False)


def prepare_variation(request: MusicRequest, given: Given) -> Work:
    """Draw the part of the bars that is written anew; their harmony stays."""
    tracks, bars = given.score.tracks, len(given.bars)
    open_cells = read_region(request.region or ":", tracks, bars)
    open_cells -= read_region(request.lock, tracks, bars)
    playing = sorted(c for c in open_cells if given.contents[c[0]][c[1]])
    if not playing:
        raise BadRequest("nothing is left to vary: the lock covers all that plays")
    count = max(1, round(len(playing) * request.amount))
    cells = frozenset(Random(request.seed).sample(playing, count))
    return _rewrite(request, given, cells, keeps_harmony=True)


def _rewrite(
    request: MusicRequest, given: Given, cells: frozenset[Cell], *, keeps_harmony: bool
) -> Work:
    """Write cells anew, one run of bars after the other."""
    writable = {b for run in given.runs for b in run}
    left = sorted({b + 1 for _, b in cells if b not in writable})
    cells = frozenset(c for c in cells if c[1] in writable)
    if not cells:
        raise BadRequest(f"bar {left[0]} is cut, or in a meter that cannot be written")
    cues = {run: cue_of(request, given, table_of(given, run)) for run in given.runs}
    first = replace(cues[given.runs[0]], ending=False)
    notices = (f"{len(left)} bars in meters that cannot be written stay as they are",)
    cue = replace(first, notices=(*first.notices, *(notices if left else ())))

    def write(decoder: Decoder, run: Run) -> Score:
        score, done = given.score, 0
        whole = len({b for _, b in cells})
        for number, bars in enumerate(given.runs):
            inside = frozenset((p, b - bars.start) for p, b in cells if b in bars)
            if not inside:
                continue
            draft = _draft_of(given, bars)
            free = frozenset() if keeps_harmony else _open_bars(given, bars, cells)
            filling = Filling(draft=draft, cells=inside, free=free)
            own = replace(cues[bars], ending=False)
            seeded = replace(request, seed=(request.seed + number) % 2**32)
            size = len({b for _, b in inside})
            filled = fill_for(decoder, own, filling, seeded, portion(run, done, size, whole))
            done += size
            only = _only(filled, inside)
            score = _merged(score, finish(only, own, request.seed), inside, given, bars)
        return score

    return Work(cue=cue, write=write)


def _open_bars(given: Given, bars: range, cells: frozenset[Cell]) -> frozenset[int]:
    """Bars of a run whose harmony is open, as no pitched part of them stays; from 0."""
    found = set()
    for bar in bars:
        stays = [
            p
            for p, part in enumerate(given.parts)
            if part.role is not Role.DRUMS and given.contents[p][bar] and (p, bar) not in cells
        ]
        if not stays:
            found.add(bar - bars.start)
    return frozenset(found)


def _draft_of(given: Given, bars: range) -> Draft:
    return Draft(
        parts=given.parts,
        chords=given.chords[bars.start : bars.stop],
        contents=tuple(track[bars.start : bars.stop] for track in given.contents),
    )


def _only(draft: Draft, cells: frozenset[Cell]) -> Draft:
    """Leave out all bars but the cells."""
    return replace(
        draft,
        contents=tuple(
            tuple(c if (p, b) in cells else () for b, c in enumerate(bars))
            for p, bars in enumerate(draft.contents)
        ),
    )


def _merged(score: Score, new: Score, cells: frozenset[Cell], given: Given, bars: range) -> Score:
    """Take the notes that begin in the cells (of a run) from `new`, all others from `score`."""
    origin = given.bars[bars.start].start_tick
    starts = [given.bars[b].start_tick for b in bars]
    stop = starts[-1] + given.bars[bars[-1]].ticks
    tracks = []
    for p, (track, other) in enumerate(zip(score.tracks, new.tracks, strict=True)):
        kept = []
        for note in track.notes:
            bar = bisect_right(starts, note.start_tick) - 1
            if not (note.start_tick < stop and (p, bar) in cells):
                kept.append(note)
        moved = [n._replace(start_tick=n.start_tick + origin) for n in other.notes]
        tracks.append(replace(track, notes=tuple(sorted([*kept, *_fitting(kept, moved)]))))
    return replace(score, tracks=tuple(tracks))


def _fitting(kept: Sequence[Note], added: Sequence[Note]) -> list[Note]:
    """Leave out notes of a pitch that a kept note sounds, which striking it again would cut."""
    by_pitch: dict[int, list[Note]] = {}
    for note in kept if added else ():
        by_pitch.setdefault(note.pitch, []).append(note)
    return [
        note
        for note in added
        if not any(
            k.start_tick < note.end_tick and note.start_tick < k.end_tick
            for k in by_pitch.get(note.pitch, ())
        )
    ]
