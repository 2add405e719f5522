"""Write new parts beside a score that is given, in the harmony that it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engines.api import BadRequest, MusicRequest, Run
from engines.music.controls import Cue, find_programs
from engines.music.files.midi_writer import write_midi
from engines.music.score import Note, Score, Track
from engines.music.writing.composer import TOKENS_A_BAR, Draft, Task, new_task
from engines.music.writing.finishing import finish
from engines.music.writing.given import Given
from engines.music.writing.work import Work, compose_for, cue_of, players_in, portion, table_of

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder


MOST_WEIGHT: Final = 7.0
"""Parts of usual length that the model is shown besides those it writes."""


def prepare_company(request: MusicRequest, given: Given) -> Work:
    """Write new parts to all bars that can be written, in the harmony that is there."""
    if not find_programs(request, ())[0]:
        raise BadRequest("to accompany, it must be said which instruments")
    programs, densities, notices = find_programs(request, ())
    cues = {
        run: replace(
            cue_of(request, given, table_of(given, run)),
            programs=programs,
            densities=densities,
            leads=False,
            ending=False,
        )
        for run in given.runs
    }
    left = len(given.bars) - sum(map(len, given.runs))
    told = (f"{left} bars in meters that cannot be written stay without",) if left else ()
    cue = replace(cues[given.runs[0]], notices=(*notices, *told))

    def write(decoder: Decoder, run: Run) -> Score:
        added: list[list[Note]] = []
        tracks: tuple[Track, ...] = ()
        done, whole = 0, sum(map(len, given.runs))
        for number, bars in enumerate(given.runs):
            own = cues[bars]
            task, shown = _beside(given, bars, own)
            seeded = replace(request, seed=(request.seed + number) % 2**32)
            part = portion(run, done, len(bars), whole)
            done += len(bars)
            draft = compose_for(
                decoder, own, task, seeded, part, lambda draft: write_midi(given.score)
            )
            new = Draft(
                parts=draft.parts[shown:],
                chords=draft.chords,
                contents=draft.contents[shown:],
            )
            tracks = finish(new, own, request.seed).tracks
            added = added or [[] for _ in tracks]
            origin = given.bars[bars.start].start_tick
            for notes, track in zip(added, tracks, strict=True):
                notes += [n._replace(start_tick=n.start_tick + origin) for n in track.notes]
        written = tuple(replace(t, notes=tuple(n)) for t, n in zip(tracks, added, strict=True))
        return replace(given.score, tracks=(*given.score.tracks, *written))

    return Work(cue=cue, write=write)


def _beside(given: Given, bars: range, cue: Cue) -> tuple[Task, int]:
    """Set the given parts of a run beside new ones; says how many of them are shown."""
    new = new_task(cue).begun.parts
    shown: list[int] = []
    weight = 0.0
    for player in players_in(given, bars):
        own = given.tokens_in(player, bars) / len(bars) / TOKENS_A_BAR
        if not shown or weight + own <= MOST_WEIGHT:
            shown.append(player)
            weight += own
    task = Task(
        begun=Draft(parts=(*(given.parts[p] for p in shown), *new)),
        given=tuple(given.contents[p][bars.start : bars.stop] for p in shown),
        chords=given.chords[bars.start : bars.stop],
        weight=weight + len(new),
    )
    return task, len(shown)
