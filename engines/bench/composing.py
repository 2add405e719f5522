"""How fast music is composed, beside the plain generation loop of transformers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from engines.api import MusicRequest, Run
from engines.devices import dtype, fix_threads
from engines.music import tokens
from engines.music.composer import MIN_P, TOP_P, TRAINED_TOKENS, Draft, head_of
from engines.music.controls import Cue, plan_cue
from engines.music.decoder import Decoder, load_decoder
from engines.music.encode import count_notes_in
from engines.music.engine import answer
from engines.music.finishing import finish
from engines.music.grammar import part_head
from engines.music.parts import Role
from engines.music.verbs import write_piece

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

CANDIDATES: Final = 4
BARS: Final = 16
FORM: Final = "AB"
"""Sections that do not come back: every note of the piece was drawn."""

REQUESTS: Final = (
    MusicRequest(mood="hopeful", bars=BARS, form=FORM, candidates=CANDIDATES, seed=1),
    MusicRequest(mood="tense", bars=BARS, form=FORM, candidates=CANDIDATES, seed=2,
                 instruments=("violin", "viola", "cello")),
    MusicRequest(mood="calm", bars=BARS, form=FORM, candidates=CANDIDATES, seed=3,
                 instruments=("piano",)),
)  # fmt: skip
