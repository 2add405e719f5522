"""The engine that composes: a request becomes a score as a MIDI file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engines.api import Kind, ModelRefused, MusicRequest, MusicResult, Run
from engines.devices import fix_threads
from engines.memory.ladder import Ladder
from engines.music import copies
from engines.music.controls import Cue
from engines.music.files.midi_writer import write_midi
from engines.music.files.musicxml_writer import write_musicxml, write_mxl
from engines.music.files.reader import read_score
from engines.music.model import residence
from engines.music.region import read_region
from engines.music.score import Score
from engines.music.writing.given import take
from engines.music.writing.refit import refit
from engines.music.writing.verbs import prepare
from engines.music.writing.work import mood_of

if TYPE_CHECKING:
    from engines.services import Services

ARCHITECTURE = "triptych-score"


class MusicEngine:
    """Composes scores with the music model."""

    kind: ClassVar[Kind] = Kind.MUSIC

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, request: MusicRequest, run: Run) -> MusicResult:
        """Write the piece that is asked for.

        Raises:
            BadRequest: a control says something that is not music.
            ModelMissing, ModelRefused: there is no such model, or it may not be loaded.
            OutOfMemory: it does not fit.
        """
        if request.verb == "fit":
            return fit(request)
        work = prepare(request)
        spec = self._services.catalog.get(request.model, Kind.MUSIC)
        if spec.architecture != ARCHITECTURE:
            raise ModelRefused(spec.path, f"it is {spec.architecture}, not {ARCHITECTURE}")
        fix_threads()
        memory = self._services.memory
        component, working = residence.settle(spec, request.candidates, memory.measure())
        with memory.lease(component, working=working, run=run) as (decoder,):
            enduring = decoder.enduring(lambda rungs: Ladder(memory, run, working, rungs))
            score = work.write(enduring, run)
        known = copies.load_filter(Path(spec.path))
        given = read_score(request.score) if request.score else None
        borrowed = copies.told(score, known, given) if known is not None else ()
        return answer(score, work.cue, request, spec.id, borrowed)


def answer(
    score: Score, cue: Cue, request: MusicRequest, model: str, borrowed: tuple[str, ...] = ()
) -> MusicResult:
    """Say what a score became; `borrowed` is what it shares with the training music."""
    is_new = request.verb == "compose"
    return MusicResult(
        midi=write_midi(score),
        seed=request.seed,
        model=model,
        bars=cue.bars if is_new else len(score.bars()),
        tempo_bpm=cue.bpm,
        key=cue.key.name,
        meter=cue.meter.name,
        mood=cue.mood,
        length_s=score.seconds_at(cue.table.end_tick) if is_new else _length_s(score),
        notes=score.note_count,
        notices=(*cue.notices, *borrowed),
        is_loop=cue.loop,
        notation=_noted(score, request),
    )


def fit(request: MusicRequest) -> MusicResult:
    """Give a score its new length and hits, if any are asked; no model is needed.

    Raises:
        BadRequest: the score cannot be read, or cannot last so long.
    """
    score = read_score(request.score)
    locked = read_region(request.lock, score.tracks, len(score.bars()))
    length_s, bpm = _length_s(score), score.bpm_at(0)
    notices: tuple[str, ...] = ()
    if request.seconds or request.hits:
        length_s = request.seconds or length_s
        fitted = refit(score, seconds=length_s, hits_s=request.hits, locked=locked)
        score, bpm, notices = fitted.score, fitted.bpm, fitted.notices
    heard = take(score, request.key)
    bars = score.bars()
    return MusicResult(
        midi=write_midi(score),
        seed=request.seed,
        model="",
        bars=len(bars),
        tempo_bpm=bpm,
        key=heard.key.name,
        meter=bars[0].meter.name,
        mood=mood_of(heard),
        length_s=length_s,
        notes=score.note_count,
        notices=notices,
        notation=_noted(score, request),
    )


def _length_s(score: Score) -> float:
    """How long a score is, to the end of its last bar."""
    bars = score.bars()
    return score.seconds_at(bars[-1].start_tick + bars[-1].ticks) if bars else 0.0


def _noted(score: Score, request: MusicRequest) -> bytes:
    if not request.notation:
        return b""
    return write_mxl(score) if request.notation == "mxl" else write_musicxml(score)
