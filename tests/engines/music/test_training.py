"""Training: it learns within its time, goes on where it stopped, and exports what loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.api import BadRequest, ModelRefused, Run, TrainRequest
from engines.music.copies import CopyFilter
from engines.music.files.midi_writer import write_midi
from engines.music.model import tokens
from engines.music.model.decoder import load_decoder
from engines.music.score import Note, Score, Track
from engines.training.music import train as training
from engines.training.music.corpus import COLLECTIONS, collections_in, is_held_out
from engines.training.music.growing import grow
from engines.training.music.prepare import prepare

TINY = training.Recipe(
    width=32, layers=1, heads=2, inner=48, context=256, tokens_a_batch=1024, rate=3e-3,
    warmup_steps=2,
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four pieces of which the split keeps one out, and a file that is no score."""
    folder = tmp_path / "data" / "helland"
    folder.mkdir(parents=True)
    for i, name in enumerate(("One", "Two", "Three", "Hidden_Tears")):
        notes = tuple(Note(k * 12, 55 + (k * (i + 2)) % 20, 12, 80) for k in range(128))
        score = Score(tracks=(Track(program=0, notes=notes), Track(program=40, notes=notes[::2])))
        (folder / f"{name}.mid").write_bytes(write_midi(score))
    (folder / "Broken.mid").write_bytes(b"MThd and nothing else")
    return tmp_path / "data"


def test_a_run_learns_resumes_and_exports(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(training.RECIPES, "cpu", TINY)
    monkeypatch.setattr(training, "STYLE_PIECES", 1)
    monkeypatch.setattr(training, "OWN_PIECES", 20)
    request = TrainRequest(
        what="music", out=str(tmp_path / "out"), seed=1, data=(str(data),), minutes=0.1
    )
    result = training.train(request, Run(), None)
    figures = dict(result.figures)
    assert result.steps > 3
    assert 0 < figures["helland bits per note"] < figures["helland unigram bits per note"] + 6
    decoder = load_decoder(Path(result.path), "cpu", torch.float32)
    assert decoder.shape.width == 32
    again = training.train(request, Run(), None)  # its minutes are spent already
    assert again.steps == result.steps
    assert dict(again.figures) == figures


def test_a_model_grows_and_still_says_the_same() -> None:
    torch.manual_seed(0)
    small = training.build(TINY).eval()
    with torch.no_grad():  # as after training: what it learned is larger than fresh values
        small.model.embed_tokens.weight.mul_(20)
    large = training.build(replace(TINY, width=64, heads=4, inner=80)).eval()
    grow(large, dict(small.named_parameters()))
    ids = torch.randint(1, tokens.SIZE, (2, 40))
    with torch.no_grad():
        before, after = (m(input_ids=ids).logits for m in (small, large))
    assert (before - after).abs().mean() < 0.1 * before.abs().mean()
    with pytest.raises(BadRequest):
        grow(training.build(replace(TINY, layers=2)), dict(small.named_parameters()))
    with pytest.raises(BadRequest):
        grow(small, dict(large.named_parameters()))


def test_the_rate_warms_stays_and_cools() -> None:
    assert training.rate_at(TINY, 0, 0.0) == pytest.approx(TINY.rate / 2)
    assert training.rate_at(TINY, 10, 0.0) == training.rate_at(TINY, 10_000, 0.0) == TINY.rate
    assert TINY.rate > training.rate_at(TINY, 10, 0.5) > training.rate_at(TINY, 10, 1.0) == 0.0


def test_a_foreign_vocabulary_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(training.RECIPES, "cpu", TINY)
    model = training.build(TINY)
    known = CopyFilter.of(np.zeros(0, np.uint64))
    folder = training.export(
        model, tmp_path / "model", counts=np.zeros(tokens.SIZE, int), known=known
    )
    load_decoder(folder, "cpu", torch.float32)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for key, value in (("triptych_vocabulary", []), ("hidden_size", 64), ("hidden_size", "x")):
        (folder / "config.json").write_text(json.dumps(config | {key: value}), encoding="utf-8")
        with pytest.raises(ModelRefused):
            load_decoder(folder, "cpu", torch.float32)


def test_the_split_is_by_composer(data: Path, tmp_path: Path) -> None:
    windows = prepare((str(data),), tmp_path / "corpus.npz", Run(), own_pieces=0)
    assert 0 < windows.held_out.sum() < len(windows)
    found = {
        path.name: is_held_out(c, path)
        for c, files in collections_in((str(data),))
        for path in files
    }
    assert [name for name, held in found.items() if held] == ["Hidden_Tears.mid"]
    again = prepare((), tmp_path / "corpus.npz", Run(), own_pieces=0)
    assert (again.ids == windows.ids).all()


def test_every_collection_keeps_someone_out() -> None:
    assert sum(c.share for c in COLLECTIONS) == pytest.approx(1.0)
    assert all(c.held_out and c.licence and c.credit for c in COLLECTIONS)


def test_training_without_known_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        prepare((str(tmp_path),), tmp_path / "corpus.npz", Run(), own_pieces=0)
    request = TrainRequest(what="music", out=str(tmp_path), seed=1, minutes=0.1)
    with pytest.raises(BadRequest):
        training.train(request, Run(), None)
