"""Go on with a score that is given, in its meter and tempo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engines.api import BadRequest, MusicRequest, Run
from engines.music.files.midi_writer import write_midi
from engines.music.score import Score
from engines.music.words import hear
from engines.music.writing.composer import Draft, Task
from engines.music.writing.finishing import finish
from engines.music.writing.form import PREFIX_BARS
from engines.music.writing.given import Given
from engines.music.writing.parts import writing_order
from engines.music.writing.timing import Wish, solve
from engines.music.writing.work import Work, compose_for, cue_of, players_in

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder


LATE_BARS: Final = 8
"""Bars at the end by which meter and players are told."""

DEFAULT_MORE: Final = 8
"""Bars that are added where nobody says how many."""


def prepare_more(request: MusicRequest, given: Given) -> Work:
    """Write bars after the last one, in the tempo of its end and the usual meter before it."""
    late = given.bars[-LATE_BARS:]
    usual = Counter(bar.meter.name for bar in late).most_common(1)[0][0]
    heard = [run for run in given.runs if given.bars[run.start].meter.name == usual]
    if not heard:
        raise BadRequest(f"the score ends in {usual}, which cannot be written")
    last = heard[-1][-PREFIX_BARS:]
    said = hear(request.prompt)
    end_tick = given.bars[-1].start_tick + given.bars[-1].ticks
    table = solve(
        Wish(
            bpm=request.tempo_bpm or given.score.bpm_at(end_tick - 1),
            meter=usual,
            seconds=request.seconds or said.seconds,
            bars=request.bars or said.bars,
            hits_s=request.hits or said.hits,
            meter_asked=True,
            tempo_asked=True,
            default_bars=DEFAULT_MORE,
        )
    )
    cue = replace(cue_of(request, given, table), loop=False)
    players = players_in(given, range(max(0, len(given.bars) - LATE_BARS), len(given.bars)))
    players = [players[i] for i in writing_order([given.parts[p] for p in players])]
    begun = Draft(
        parts=tuple(given.parts[p] for p in players),
        chords=tuple(given.chords[b] for b in last),
        contents=tuple(tuple(given.contents[p][b] for b in last) for p in players),
    )

    def write(decoder: Decoder, run: Run) -> Score:
        def whole(draft: Draft) -> Score:
            more = finish(draft, cue, request.seed, first_bar=begun.bars)
            return _appended(given.score, more, players, end_tick)

        task = Task(begun=begun)
        return whole(
            compose_for(decoder, cue, task, request, run, lambda draft: write_midi(whole(draft)))
        )

    return Work(cue=cue, write=write)


def _appended(score: Score, more: Score, players: Sequence[int], end_tick: int) -> Score:
    """Put new bars behind a score; `players` are the tracks that they belong to."""
    tracks = list(score.tracks)
    for player, track in zip(players, more.tracks, strict=True):
        added = (n._replace(start_tick=n.start_tick + end_tick) for n in track.notes)
        tracks[player] = replace(tracks[player], notes=(*tracks[player].notes, *added))
    last = score.meters[-1]
    meters = [replace(m, start_tick=m.start_tick + end_tick) for m in more.meters]
    tempos = [replace(t, start_tick=t.start_tick + end_tick) for t in more.tempos]
    if (meters[0].beats, meters[0].unit) == (last.beats, last.unit):
        meters = meters[1:]
    if abs(tempos[0].bpm - score.bpm_at(end_tick)) < 1e-6:
        tempos = tempos[1:]
    return Score(
        tracks=tuple(tracks),
        meters=(*(m for m in score.meters if m.start_tick < end_tick), *meters),
        tempos=(*(t for t in score.tempos if t.start_tick < end_tick), *tempos),
    )
