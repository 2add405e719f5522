"""A request made ready for the model, and what every verb needs for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engines.api import MusicRequest, Progress, Run
from engines.music import labels
from engines.music.controls import Cue, find_mood, settle_manner
from engines.music.manners import MANNERS
from engines.music.model import tokens
from engines.music.moods import MOODS
from engines.music.score import TICKS_PER_QUARTER, Meter, Score, Tempo
from engines.music.words import hear
from engines.music.writing.composer import STEPS_A_BAR, Draft, Task, compose
from engines.music.writing.filling import Filling, fill
from engines.music.writing.given import Given
from engines.music.writing.parts import Role
from engines.music.writing.timing import Timetable

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder


LISTENED: Final = 800
"""Notes by which the mood of a given score is told."""

MOST_PLAYERS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A request made ready: `write` needs the model, and gives the score and what had to give."""

    cue: Cue
    write: Callable[[Decoder, Run], Score]


def compose_for(
    decoder: Decoder,
    cue: Cue,
    task: Task,
    request: MusicRequest,
    run: Run,
    preview: Callable[[Draft], bytes],
) -> Draft:
    return compose(
        decoder,
        cue,
        task,
        seed=request.seed,
        candidates=request.candidates,
        temperature=request.temperature,
        run=run,
        preview=preview,
    )


def fill_for(
    decoder: Decoder, cue: Cue, filling: Filling, request: MusicRequest, run: Run
) -> Draft:
    return fill(
        decoder,
        cue,
        filling,
        seed=request.seed,
        candidates=request.candidates,
        temperature=request.temperature,
        run=run,
    )


def portion(run: Run, start: int, size: int, whole: int) -> Run:
    """Make a run whose progress is that of `size` bars from `start` on, of `whole`."""

    def report(progress: Progress) -> None:
        along = progress.done / max(1, progress.total)
        done = round(STEPS_A_BAR * (start + size * along))
        run.report(replace(progress, done=done, total=STEPS_A_BAR * whole))

    return Run(run.token, report)


def cue_of(request: MusicRequest, given: Given, table: Timetable) -> Cue:
    """Settle the controls of bars that belong to a given score."""
    heard = hear(request.prompt)
    mood = find_mood(request, heard) if request.mood or heard.mood else mood_of(given)
    notes = [n for t in given.score.tracks for n in t.notes]
    loudness = tokens.velocity_level(round(sum(n.velocity for n in notes) / len(notes)))
    manner = settle_manner(request, heard, MANNERS[mood])
    return Cue(
        mood=mood,
        key=given.key,
        table=table,
        seconds=request.seconds,
        programs=tuple(part.program for part in given.parts),
        manner=replace(manner, loudness=loudness),
        form=request.form,
        polyphony=request.polyphony,
        key_lock=request.key_lock,
        notices=table.notices,
    )


def mood_of(given: Given) -> str:
    """Label the beginning of a score by the rules that labelled the training data."""
    pitched = sorted(n for t in given.score.tracks if not t.is_drum for n in t.notes)[:LISTENED]
    if not pitched:
        return "hopeful"
    quarters = max(1.0, (pitched[-1].end_tick - pitched[0].start_tick) / TICKS_PER_QUARTER)
    key = given.key
    features = labels.measure(
        pitched, mode=key.mode, tonic=key.tonic, bpm=given.score.bpm_at(0), quarters=quarters
    )
    return MOODS[labels.mood_of(features)]


def table_of(given: Given, bars: range) -> Timetable:
    first = given.bars[bars.start]
    meter = Meter(beats=first.meter.beats, unit=first.meter.unit)
    bpm = given.score.bpm_at(first.start_tick)
    return Timetable(meter=meter, bars=given.timed(bars), tempos=(Tempo(bpm=bpm),), bpm=bpm)


def players_in(given: Given, bars: Sequence[int]) -> list[int]:
    """Choose the tracks that play in some bars, the busiest first to go where they are many."""
    playing = [p for p in range(len(given.parts)) if given.tokens_in(p, bars)]
    playing = playing or list(range(len(given.parts)))
    playing.sort(key=lambda p: (given.parts[p].role is not Role.MELODY, given.tokens_in(p, bars)))
    return sorted(playing[:MOST_PLAYERS])
