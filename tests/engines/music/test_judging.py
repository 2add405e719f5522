"""What a model is judged by: baselines, style measures, known runs, and bits of any folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.api import BadRequest, ModelRefused, Run
from engines.bench import music as bench
from engines.music.copies import (
    CopyFilter,
    eights,
    find_copies,
    load_filter,
    overlap,
    told,
)
from engines.music.files.midi_writer import write_midi
from engines.music.model import tokens
from engines.music.model.decoder import load_decoder
from engines.music.model.encode import decode, take_apart
from engines.music.model.scoring import bits_per_note, count_notes, spell_whole
from engines.music.score import Meter, Note, Score, Track
from engines.training.music import train as training
from engines.training.music.free_writing import write_freely
from engines.training.music.ngrams import NGrams
from engines.training.music.style import measure

SMALL = training.Recipe(
    width=32, layers=1, heads=2, inner=48, context=256, tokens_a_batch=1024, rate=1e-3
)


def tune(seed: int, length: int = 40) -> Track:
    random = np.random.default_rng(seed)
    pitches = 60 + np.cumsum(random.integers(-4, 5, length)) % 20
    gaps = random.choice([6, 12, 18, 24], length)
    starts = np.cumsum(gaps)
    return Track(
        program=0,
        notes=tuple(Note(int(s), int(p), 6, 80) for s, p in zip(starts, pitches, strict=True)),
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    known = CopyFilter.of(np.zeros(0, np.uint64))
    return training.export(
        training.build(SMALL), tmp_path / "model", counts=np.ones(tokens.SIZE, int), known=known
    )


def test_n_gram_probabilities_sum_to_one() -> None:
    random = np.random.default_rng(0)
    text = [np.concatenate([[tokens.BOS], random.integers(0, 6, 50)]) for _ in range(40)]
    grams = NGrams(text, order=3)
    for context in ([1, 2, 3], [1], [400, 401]):
        before = np.array([tokens.BOS, *context])
        base = grams.bits(before)
        total = sum(2 ** (base - grams.bits(np.append(before, k))) for k in range(tokens.SIZE))
        assert total == pytest.approx(1.0)


def test_n_grams_foresee_what_repeats() -> None:
    row = np.array([tokens.BOS, *[10, 20, 30, 40] * 30])
    grams = NGrams([row])
    assert grams.bits(row) / (len(row) - 1) < 1.0
    assert grams.bits(np.array([tokens.BOS, 40, 10, 30, 20])) > 8.0


def test_a_copied_run_is_found_in_any_key_and_a_new_tune_is_not() -> None:
    known = CopyFilter.of(eights(tune(1).notes)[1])
    moved = tuple(n._replace(pitch=n.pitch + 5) for n in tune(1).notes)
    begins = moved[10].start_tick
    found = find_copies([Track(program=40, notes=moved[10:26])], known)
    assert len(found) == 1
    assert (found[0].start_tick, found[0].stop_tick) == (begins, moved[25].start_tick)
    assert find_copies([Track(program=40, notes=moved[10:21])], known) == ()
    assert find_copies([tune(2)], known) == ()
    hits, total = overlap([tune(1)], known)
    assert hits == total > 20


def test_what_is_shared_is_told_with_its_part_and_bar_unless_it_was_given() -> None:
    theirs = tune(1).notes
    known = CopyFilter.of(eights(theirs)[1])
    moved = tuple(n._replace(pitch=n.pitch + 5) for n in theirs[10:26])
    score = Score(tracks=(Track(program=40, notes=moved, name="violin"), tune(2)))
    bar = 1 + moved[0].start_tick // 96
    sentence = "the violin shares a run of 12 notes or more with the training music in bar"
    assert told(score, known) == (f"{sentence} {bar}",)
    assert told(score, known, given=score) == (), "the user's own notes are the user's"
    assert told(score, known, given=Score(tracks=(tune(2),))) == (f"{sentence} {bar}",)
    assert told(Score(tracks=(tune(2),)), known) == ()


def test_scales_and_repeated_notes_are_nobodys() -> None:
    scale = tuple(Note(i * 12, 60 + i, 12, 80) for i in range(30))
    assert not eights(scale)[2].any()


def test_the_filter_keeps_and_hardly_errs(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    keys = random.integers(0, 2**63, 20_000).astype(np.uint64)
    CopyFilter.of(keys).save(tmp_path)
    again = load_filter(tmp_path)
    assert again is not None
    assert again.knows(keys).all()
    others = random.integers(0, 2**63, 20_000).astype(np.uint64)
    assert again.knows(others).mean() < 0.04
    (tmp_path / "copies.bloom").write_bytes(b"something else")
    with pytest.raises(ModelRefused):
        load_filter(tmp_path)
    assert load_filter(tmp_path / "elsewhere") is None


def test_a_whole_score_is_spelled_once() -> None:
    score = Score(tracks=(tune(4, 400), tune(5, 300)), meters=(Meter(beats=7, unit=4),))
    stretches = list(spell_whole(score, context=512))
    assert len(stretches) > 1
    assert all(len(ids) <= 512 for ids in stretches)
    assert sum(map(count_notes, stretches)) == 700
    assert not any(t in tokens.BLOCKS["METER"] for ids in stretches for t in ids.tolist())


def test_bits_per_note_of_a_folder(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scores"
    folder.mkdir()
    (folder / "one.mid").write_bytes(write_midi(Score(tracks=(tune(6, 900),))))
    (folder / "broken.mid").write_bytes(b"MThd and nothing else")
    told = bits_per_note(folder, model)
    assert told.notes == 900
    # An untrained model and even counts both know nothing: the tokens' number is all there is.
    a_token = math.log2(tokens.SIZE)
    assert told.unigram_bits_per_note == pytest.approx(told.bits_per_note, rel=0.02)
    assert 3 * a_token < told.unigram_bits_per_note < 5 * a_token


def test_the_bench_prints_the_bits_of_a_folder(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "scores"
    folder.mkdir()
    asked = ["--on", str(folder), "--model", str(model), "--json"]
    assert bench.main(asked) == 2
    (folder / "one.mid").write_bytes(write_midi(Score(tracks=(tune(7, 60),))))
    assert bench.main([*asked[:2], "--model", str(tmp_path / "nowhere")]) == 3
    capsys.readouterr()
    assert bench.main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"bits_per_note", "unigram_bits_per_note", "notes"}
    assert told["notes"] == 60


def test_a_folder_without_scores_or_a_model_without_counts_is_refused(
    model: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadRequest):
        bits_per_note(empty, model)
    (model / "counts.json").write_text('{"counts": [1, 2]}', encoding="utf-8")
    with pytest.raises(ModelRefused):
        bits_per_note(empty, model)


def test_measures_of_style() -> None:
    scale = [0, 2, 4, 5, 7, 9, 11, 12]
    notes = tuple(Note(bar * 96 + i * 12, 60 + p, 12, 80) for bar in range(4)
                  for i, p in enumerate(scale))  # fmt: skip
    entropy, in_scale, groove = measure([Track(program=0, notes=notes)], 96, 4)
    assert entropy == pytest.approx(2.75)
    assert in_scale == groove == 1.0
    drums = Track(program=0, is_drum=True, notes=(Note(0, 36, 6, 80), Note(100, 36, 6, 80)))
    entropy, in_scale, groove = measure([drums], 96, 2)
    assert math.isnan(entropy) and math.isnan(in_scale)
    assert groove == pytest.approx(22 / 24)


@pytest.mark.parametrize("drums_only", [False, True])
def test_free_writing_is_spelled_right(model: Path, drums_only: bool) -> None:
    decoder = load_decoder(model, "cpu", torch.float32)
    meter, heads = Meter(beats=3, unit=4), [[tokens.BOS]] * 3
    written = write_freely(decoder, heads, [meter] * 3, 4, drums_only=drums_only, seed=1, run=Run())
    for ids in written:
        assert ids[-1] == tokens.EOS
        spelled = take_apart(ids.tolist())
        assert all(len(track) == 4 for track in spelled.contents)
        assert (spelled.programs == (tokens.DRUM_PROGRAM,)) == drums_only
        score = decode(ids.tolist(), meter=Meter(beats=3, unit=4), bpm=100.0)
        assert score.note_count == count_notes(ids)
