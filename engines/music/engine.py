"""The engine that composes: a request becomes a score as a MIDI file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engines.api import Kind, ModelRefused, ModelSpec, MusicRequest, MusicResult, Run
from engines.devices import dtype, fix_threads
from engines.memory.lease import Component
from engines.music.composer import MOST_TOKENS, Draft, compose
from engines.music.controls import Cue, plan_cue
from engines.music.decoder import Decoder, Shape, load_decoder, read_shape
from engines.music.finishing import finish
from engines.music.midi_writer import write_midi

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
        cue = plan_cue(request)
        spec = self._services.catalog.get(request.model, Kind.MUSIC)
        if spec.architecture != ARCHITECTURE:
            raise ModelRefused(spec.path, f"it is {spec.architecture}, not {ARCHITECTURE}")
        shape = read_shape(Path(spec.path))
        fix_threads()
        component = _component(spec, shape, self._services.memory.device)
        working = 2 * shape.cache_bytes(request.candidates, min(shape.context, MOST_TOKENS))
        with self._services.memory.lease(component, working_bytes=working, run=run) as leased:
            draft = write_piece(leased[0], cue, request, run)
        return answer(draft, cue, request.seed, spec.id)


def _component(spec: ModelSpec, shape: Shape, device: str) -> Component[Decoder]:
    precision = dtype(device)
    parameters = spec.size_bytes // 2
    return Component(
        key=f"music:{spec.id}:{str(precision).removeprefix('torch.')}",
        size_bytes=parameters * precision.itemsize + shape.context * shape.width * 8,
        load=lambda device: load_decoder(Path(spec.path), device, dtype(device)),
    )


def write_piece(decoder: Decoder, cue: Cue, request: MusicRequest, run: Run) -> Draft:
    """Compose under a lease; previews are the bars so far."""
    return compose(
        decoder,
        cue,
        seed=request.seed,
        candidates=request.candidates,
        temperature=request.temperature,
        run=run,
        preview=lambda draft: write_midi(finish(draft, cue, request.seed)),
    )


def answer(draft: Draft, cue: Cue, seed: int, model: str) -> MusicResult:
    """Finish a draft and say what it became."""
    score = finish(draft, cue, seed)
    end_tick = cue.bars * cue.meter.bar_ticks
    return MusicResult(
        midi=write_midi(score),
        seed=seed,
        model=model,
        bars=cue.bars,
        tempo_bpm=cue.bpm,
        key=cue.key.name,
        meter=cue.meter.name,
        mood=cue.mood,
        length_s=score.seconds_at(end_tick),
        notes=score.note_count,
        notices=cue.notices,
    )
