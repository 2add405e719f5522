"""What can be asked of the music model: each verb is made ready before a model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engines.api import MusicRequest, Run
from engines.music.controls import Cue, plan_cue
from engines.music.files.midi_writer import write_midi
from engines.music.files.reader import read_score
from engines.music.score import Score
from engines.music.writing.accompanying import prepare_company
from engines.music.writing.composer import Draft, new_task
from engines.music.writing.continuing import prepare_more
from engines.music.writing.filling import Filling
from engines.music.writing.finishing import finish
from engines.music.writing.form import PREFIX_BARS
from engines.music.writing.given import take
from engines.music.writing.rewriting import prepare_filling, prepare_variation
from engines.music.writing.work import Work, compose_for, fill_for, portion

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder


_MAKERS: Final = {
    "continue": prepare_more,
    "fill": prepare_filling,
    "vary": prepare_variation,
    "accompany": prepare_company,
}


def prepare(request: MusicRequest) -> Work:
    """Read and check all that a request brings, before any model is loaded.

    Raises:
        BadRequest: a control says something that is not music, or the score cannot be read.
    """
    if request.verb == "compose":
        cue = plan_cue(request)
        return Work(cue=cue, write=lambda decoder, run: write_new(decoder, cue, request, run))
    given = take(read_score(request.score), request.key)
    return _MAKERS[request.verb](request, given)


def write_new(decoder: Decoder, cue: Cue, request: MusicRequest, run: Run) -> Score:
    """Compose a piece, and close it if it is a loop."""
    return finish(write_piece(decoder, cue, request, run), cue, request.seed)


def write_piece(decoder: Decoder, cue: Cue, request: MusicRequest, run: Run) -> Draft:
    """Compose under a lease; previews are the bars so far."""

    def preview(draft: Draft) -> bytes:
        return write_midi(finish(draft, cue, request.seed))

    if not cue.loop or cue.bars < 2:
        return compose_for(decoder, cue, new_task(cue), request, run, preview)
    whole = cue.bars + PREFIX_BARS
    begun = portion(run, 0, cue.bars, whole)
    draft = compose_for(decoder, cue, new_task(cue), request, begun, preview)
    last = range(max(1, cue.bars - PREFIX_BARS), cue.bars)
    cells = frozenset((p, b) for p in range(len(draft.parts)) for b in last)
    filling = Filling(draft=draft, cells=cells, free=frozenset(last), is_round=True)
    closing = portion(run, cue.bars, PREFIX_BARS, whole)
    return fill_for(decoder, cue, filling, request, closing)
