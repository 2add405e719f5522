"""How fast music is composed, beside the plain generation loop of transformers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import torch

from engines.api import MusicRequest, Run
from engines.devices import choose, dtype, fix_threads
from engines.music import tokens
from engines.music.composer import MIN_P, TOP_P, TRAINED_TOKENS, Draft, head_of
from engines.music.controls import Cue, plan_cue
from engines.music.decoder import Decoder, load_decoder
from engines.music.engine import answer
from engines.music.finishing import finish
from engines.music.grammar import part_head
from engines.music.parts import Role
from engines.music.scoring import load_network
from engines.music.tokens import BLOCKS
from engines.music.verbs import write_piece

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

    `notes_per_second` counts those of all candidates, drawn and ranked, as
    many for each as the piece that was chosen has; `ratio_to_generate` is how
    many times longer `generate` takes for as many tokens; `realtime_factor` is
    seconds of music in one second.
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
        start_s = time.perf_counter()
        cue, draft, length_s = _compose(decoder, request)
        ours_s = time.perf_counter() - start_s
        start_s = time.perf_counter()
        _generate(network, head_of(cue, cue.bars), _tokens_in(draft))
        plain_s = time.perf_counter() - start_s
        rates.append(CANDIDATES * _notes_in(draft) / ours_s)
        ratios.append(plain_s / ours_s)
        factors.append(length_s / ours_s)
    return Speed(
        notes_per_second=median(rates),
        ratio_to_generate=median(ratios),
        realtime_factor=median(factors),
    )


def _compose(decoder: Decoder, request: MusicRequest) -> tuple[Cue, Draft, float]:
    """Go all the way from a request to its MIDI file; gives its seconds too."""
    cue = plan_cue(request)
    draft = write_piece(decoder, cue, request, Run())
    result = answer(finish(draft, cue, request.seed), cue, request, "")
    return cue, draft, result.length_s


def _generate(network: Any, head: list[int], new_tokens: int) -> None:
    """Have transformers draw as many tokens, in windows as long as those of training."""
    start = torch.tensor([head] * CANDIDATES, device=network.device)
    for first in range(0, new_tokens, TRAINED_TOKENS):
        count = min(TRAINED_TOKENS, new_tokens - first)
        network.generate(
            input_ids=start,
            attention_mask=torch.ones_like(start),
            max_new_tokens=count,
            min_new_tokens=count,
            do_sample=True,
            top_p=TOP_P,
            min_p=MIN_P,
            use_cache=True,
            pad_token_id=tokens.PAD,
        )


def _notes_in(draft: Draft) -> int:
    """Count the notes, strokes of drums too."""
    sounds = BLOCKS["PITCH"], BLOCKS["DRUM"]
    return sum(
        any(token in block for block in sounds)
        for bars in draft.contents
        for bar in bars
        for token in bar
    )


def _tokens_in(draft: Draft) -> int:
    """Count the tokens that spell a piece: its harmony and its parts, each bar with its chords."""
    chords = sum(map(len, draft.chords))
    count = 1 + draft.bars + chords
    for part, bars in zip(draft.parts, draft.contents, strict=True):
        count += len(part_head(part)) + draft.bars + sum(map(len, bars)) + 1
        count += 0 if part.role is Role.DRUMS else chords
    return count
