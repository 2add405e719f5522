"""The command line: exit codes, one sentence for each failure, nothing half written."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from desktop import cli
from desktop.messages import explain
from engines.api import (
    BadRequest,
    Cancelled,
    CannotWrite,
    EngineFailed,
    EngineLost,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
)
from tests.engines.known_files import FILES
from tests.engines.model_files import safetensors

NO_MODEL = "no-such-model"


def run(*argv: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        code = cli.main(list(argv))
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def one_sentence(err: str) -> None:
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1, err


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["poster", "", "--out", "p.png"], 2),
        (["poster", "  ", "--out", "p.png"], 2),
        (["scene", "", "--out", "s.mp4"], 2),
        (["poster", "x", "--out", "p.png", "--size", "0x0px"], 2),
        (["poster", "x", "--out", "p.png", "--size", "100000x100000px"], 2),
        (["poster", "x", "--out", "p.png", "--size", "A9"], 2),
        (["scene", "x", "--out", "s.mp4", "--size", "0x1080"], 2),
        (["scene", "x", "--out", "s.mp4", "--size", "100000x100000"], 2),
        (["scene", "x", "--out", "s.mp4", "--seconds", "0"], 2),
        (["image", "x", "--out", "p.png", "--size", "0x0"], 2),
        (["image", "x", "--out", "p.png", "--size", "100000x64"], 2),
        (["image", "x", "--out", "p.png", "--upscale", "3"], 2),
        (["image", "x", "--out", "p.txt"], 2),
        (["image", "", "--out", "p.png"], 2),
        (["image", "x", "--out", "p.png", "--model", NO_MODEL], 3),
        (["text", "x", "--model", NO_MODEL], 3),
        (["music", "x", "--out", "m.mid", "--model", NO_MODEL], 3),
        (["music", "x", "--out", "m.mid", "--seconds", "nan"], 2),
        (["music", "x", "--out", "m.mid", "--seed", "-1"], 2),
        (["poster", "x", "--out", "p.png", "--model", NO_MODEL], 3),
        (["poster", "x", "--out", "missing/p.png"], 5),
        (["export", "none.triptych", "--out", "p.png"], 2),
        (["models", "check", "none.safetensors"], 3),
        (["models", "remove", NO_MODEL], 3),
        (["nonsense"], 2),
        (["poster", "x"], 2),
    ],
)
def test_bad_input_is_one_sentence(
    argv: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    got, _, err = run(*argv, capsys=capsys)
    assert got == code, err
    one_sentence(err)
    assert list(tmp_path.iterdir()) == []


def test_the_list_of_models_says_which_fit(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("models", "list", "--json", capsys=capsys)
    assert code == 0
    fits = {model["id"]: model["fit"] for model in json.loads(out)["models"]}
    for model in ("triptych-image-1", "triptych-music-1"):
        assert fits[model]["verdict"] in ("fits", "offload", "no")
        assert fits[model]["budget_bytes"] > 0
        assert fits[model]["needed_bytes"] > 0
        assert fits[model]["load_s"] > 0


def test_json_says_the_error_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("text", "x", "--model", NO_MODEL, "--json", capsys=capsys)
    answer = json.loads(out)
    assert code == answer["exit_code"] == 3
    assert NO_MODEL in answer["error"]


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.pth", "model.bin"])
def test_pickle_is_refused_by_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"weights": [1.0]}))
    for argv in (
        ["models", "check", str(path)],
        ["image", "x", "--out", str(tmp_path / "p.png"), "--model", str(path)],
    ):
        code, _, err = run(*argv, capsys=capsys)
        assert code == 3
        one_sentence(err)
        assert "pickle" in err
    assert sorted(x.name for x in tmp_path.iterdir()) == [name]


def test_a_folder_of_models_is_added_and_taken_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models"
    (folder / "loras").mkdir(parents=True)
    lora = folder / "loras" / "ink.safetensors"
    lora.write_bytes(safetensors(FILES["lora kohya sdxl"].tensors))
    (folder / "old.ckpt").write_bytes(b"x")
    code, out, _ = run("models", "check", str(lora), "--json", capsys=capsys)
    answer = json.loads(out)
    assert (code, answer["ok"], answer["reason"]) == (0, True, "")
    assert (answer["format"], answer["architecture"]) == ("safetensors", "lora")
    assert answer["base"] == "stable-diffusion-xl"
    code, out, _ = run("models", "add", str(folder), capsys=capsys)
    assert code == 0
    assert "ink" in out and "LoRA" in out and "Unknown: see its source" in out
    assert "old.ckpt: it is a pickle" in out and "holds 1 model." in out
    code, out, _ = run("models", "list", "--json", capsys=capsys)
    answer = json.loads(out)
    assert answer["folders"] == [str(folder)]
    assert [refusal["path"] for refusal in answer["refused"]] == [str(folder / "old.ckpt")]
    assert {model["id"]: model["fit"] for model in answer["models"]}["ink"] is None
    assert run("models", "remove", str(folder), capsys=capsys)[0] == 0
    _, out, _ = run("models", "list", "--json", capsys=capsys)
    assert "ink" not in {model["id"] for model in json.loads(out)["models"]}
    assert lora.exists()


def test_text_named_safetensors_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("this is no model")
    code, out, _ = run("models", "check", str(path), "--json", capsys=capsys)
    answer = json.loads(out)
    assert code == 3
    assert answer["ok"] is False
    assert answer["reason"]
    code, _, err = run(
        "image", "x", "--out", str(tmp_path / "p.png"), "--model", str(path), capsys=capsys
    )
    assert code == 3
    one_sentence(err)


def test_broken_project_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.triptych"
    path.write_bytes(b"PK\x03\x04 not a zip")
    goal = tmp_path / "p.png"
    goal.write_bytes(b"old")
    code, _, err = run("export", str(path), "--out", str(goal), capsys=capsys)
    assert code == 2
    one_sentence(err)
    assert goal.read_bytes() == b"old"


def test_full_disk_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from desktop.export import atomic

    goal = tmp_path / "p.png"
    goal.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", str(goal))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite) as caught:
        atomic.write_bytes(goal, b"new")
    assert goal.read_bytes() == b"old"
    assert [x.name for x in tmp_path.iterdir()] == ["p.png"]
    assert explain(caught.value).exit_code == 5


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest("the brief is empty"), 2),
        (ModelMissing("x"), 3),
        (ModelRefused("x.ckpt", "pickle"), 3),
        (OutOfMemory(2_000_000_000, 1_000_000), 4),
        (CannotWrite("p.png", "the disk is full"), 5),
        (EngineLost(), 6),
        (EngineFailed("odd weights"), 6),
        (Cancelled(), 130),
        (OSError(28, "No space left on device"), 5),
        (ValueError("odd"), 6),
    ],
)
def test_every_error_has_a_sentence_and_a_code(error: Exception, code: int) -> None:
    message = explain(error)
    assert message.exit_code == code
    assert message.sentence.endswith(".")
