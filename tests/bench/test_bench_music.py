"""The measurement of how fast music is written and rendered, with a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.api import MusicRequest, Run
from engines.bench import composing, music, rendering
from engines.music.controls import plan_cue
from engines.music.copies import CopyFilter
from engines.music.model import tokens
from engines.music.model.decoder import load_decoder
from engines.music.model.tokens import BLOCKS
from engines.music.writing.composer import Draft
from engines.music.writing.verbs import write_piece
from engines.training.music import train as training

TINY = training.Recipe(
    width=32, layers=1, heads=2, inner=48, context=256, tokens_a_batch=1024, rate=1e-3
)
SHORT = MusicRequest(seed=1, bars=8, form="AB", candidates=4, instruments=("flute", "drums"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    known = CopyFilter.of(np.zeros(0, np.uint64))
    return training.export(
        training.build(TINY), tmp_path / "model", counts=np.ones(tokens.SIZE, int), known=known
    )


def notes_in(draft: Draft) -> int:
    sounds = BLOCKS["PITCH"], BLOCKS["DRUM"]
    spelled = [token for bars in draft.contents for bar in bars for token in bar]
    return sum(any(token in block for block in sounds) for token in spelled)


def test_the_bench_prints_four_figures(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(composing, "REQUESTS", (SHORT,))
    monkeypatch.setattr(rendering, "SECONDS", 2)
    assert music.main(["--json", "--model", str(model), "--device", "cpu"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {
        "notes_per_second", "ratio_to_generate", "realtime_factor", "render_realtime_factor",
    }  # fmt: skip
    assert all(value > 0 for value in told.values())


def test_the_notes_of_all_candidates_count_and_given_bars_do_not(model: Path) -> None:
    decoder = load_decoder(model, "cpu", torch.float32)
    alone = MusicRequest(seed=4, bars=20, form="AB", candidates=1, instruments=("flute",))
    windows, length_s, spent_s = composing._compose(decoder, alone)
    draft = write_piece(decoder, plan_cue(alone), alone, Run())
    assert len(windows) > 2
    assert sum(window.notes for window in windows) == notes_in(draft)
    assert length_s > 10 * spent_s > 0


def test_a_folder_that_is_no_model_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert music.main(["--model", str(tmp_path / "nowhere")]) == 3
    assert capsys.readouterr().out == ""
