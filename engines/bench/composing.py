"""How fast music is composed, beside the plain generation loop of transformers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import torch

from engines.api import MusicRequest, Run
from engines.devices import choose, dtype, fix_threads
from engines.music.controls import plan_cue
from engines.music.engine import answer
from engines.music.model import tokens
from engines.music.model.decoder import Decoder, load_decoder
from engines.music.model.encode import take_apart
from engines.music.model.scoring import count_notes, load_network
from engines.music.writing import composer
from engines.music.writing.composer import MIN_P, TOP_P
from engines.music.writing.drafting import draw_lines
from engines.music.writing.finishing import finish
from engines.music.writing.form import PREFIX_BARS
from engines.music.writing.verbs import write_piece

CANDIDATES: Final = 4
BARS: Final = 16
FORM: Final = "AB"
"""Sections that do not come back, so that every note of a piece was drawn."""

REQUESTS: Final = (
    MusicRequest(mood="hopeful", bars=BARS, form=FORM, candidates=CANDIDATES, seed=1),
    MusicRequest(
        mood="tense", bars=BARS, form=FORM, candidates=CANDIDATES, seed=2,
        instruments=("violin", "viola", "cello"),
    ),
    MusicRequest(
        mood="calm", bars=BARS, form=FORM, candidates=CANDIDATES, seed=3, instruments=("piano",)
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast music is written, each the median of several pieces.

    `notes_per_second` counts those of all candidates, drawn and ranked;
    `ratio_to_generate` is how many times longer `generate` takes for as many
    tokens; `realtime_factor` is seconds of music in one second.
    """

    notes_per_second: float
    ratio_to_generate: float
    realtime_factor: float


def composing_speed(model: Path, device: str = "auto") -> Speed:
    """Compose each of `REQUESTS` with a model folder, and have `generate` write as much after it.

    The model is loaded and has written something before.
    """
    fix_threads()
    device = choose(device)
    decoder = load_decoder(model, device, dtype(device))
    network = load_network(model).to(device, dtype(device))
    _compose(decoder, MusicRequest(seed=0, bars=2, instruments=("flute",)))
    _generate(network, [tokens.BOS], 8)
    rates, ratios, factors = [], [], []
    for request in REQUESTS:
        drawn, length_s, ours_s = _compose(decoder, request)
        start_s = time.perf_counter()
        for window in drawn:
            _generate(network, window.head, window.tokens // CANDIDATES)
        plain_s = time.perf_counter() - start_s
        rates.append(sum(window.notes for window in drawn) / ours_s)
        ratios.append(plain_s / ours_s)
        factors.append(length_s / ours_s)
    return Speed(
        notes_per_second=median(rates),
        ratio_to_generate=median(ratios),
        realtime_factor=median(factors),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What was drawn at once: its controls, and the tokens and notes of all candidates.

    Those of the bars before it, which it was given, do not count.
    """

    head: list[int]
    tokens: int
    notes: int


def _compose(decoder: Decoder, request: MusicRequest) -> tuple[list[_Window], float, float]:
    """Go all the way from a request to its MIDI file.

    Returns:
        What was drawn, the seconds of the piece, and those that it took.
    """
    drawn: list[tuple[Sequence[int], list[list[int]]]] = []

    def watched(decoder: Decoder, head: Sequence[int], *given: Any, **named: Any) -> Any:
        written = draw_lines(decoder, head, *given, **named)
        drawn.append((head, written))
        return written

    with patch.object(composer, "draw_lines", watched):
        start_s = time.perf_counter()
        cue = plan_cue(request)
        draft = write_piece(decoder, cue, request, Run())
        result = answer(finish(draft, cue, request.seed), cue, request, "")
        spent_s = time.perf_counter() - start_s
    windows = [_count(head, written, number > 0) for number, (head, written) in enumerate(drawn)]
    return windows, result.length_s, spent_s


def _count(head: Sequence[int], written: list[list[int]], goes_on: bool) -> _Window:
    """Count what was drawn; a window that goes on begins with bars that were given."""
    count = sum(len(ids) - len(head) for ids in written)
    notes = sum(count_notes(np.array(ids)) for ids in written)
    for ids in written if goes_on else ():
        given = [bar for bars in take_apart(ids).contents for bar in bars[:PREFIX_BARS]]
        count -= sum(map(len, given))
        notes -= sum(count_notes(np.array(bar)) for bar in given if bar)
    return _Window(head=list(head), tokens=count, notes=notes)


def _generate(network: Any, head: list[int], new_tokens: int) -> None:
    """Have transformers draw as many tokens, with its own cache."""
    start = torch.tensor([head] * CANDIDATES, device=network.device)
    network.generate(
        input_ids=start,
        attention_mask=torch.ones_like(start),
        max_new_tokens=new_tokens,
        min_new_tokens=new_tokens,
        do_sample=True,
        top_p=TOP_P,
        min_p=MIN_P,
        use_cache=True,
        pad_token_id=tokens.PAD,
    )
