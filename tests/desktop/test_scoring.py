"""What is typed after `music` becomes one request, or one sentence that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop import cli
from desktop.scoring import music_request
from engines.api import BadRequest, MusicRequest


def typed(*argv: str) -> MusicRequest:
    arguments = cli.parser().parse_args(["music", *argv, "--out", "m.mid"])
    return music_request(arguments, seed=1)


@pytest.fixture
def midi(tmp_path: Path) -> str:
    path = tmp_path / "given.mid"
    path.write_bytes(b"MThd and so on")
    return str(path)


def test_controls_are_read() -> None:
    request = typed(
        "a storm", "--seconds", "20", "--hit", "9.5, 4", "--form", "AABA", "--energy", "5",
        "--instruments", "violin, drums", "--density", "2,drums=1", "--polyphony", "2",
        "--source", "film", "--no-key-lock", "--loop",
    )  # fmt: skip
    assert (request.verb, request.score, request.seconds) == ("compose", b"", 20)
    assert request.hits == (4, 9.5)
    assert (request.form, request.energy, request.polyphony) == ("AABA", 5, 2)
    assert request.instruments == ("violin", "drums")
    assert (request.density, request.densities) == (2, (-1, 1))
    assert (request.source, request.key_lock, request.loop) == ("film", False, True)


@pytest.mark.parametrize(
    ("argv", "verb"),
    [
        (["--continue", "{}", "--bars", "4"], "continue"),
        (["--vary", "{}", "--lock", "1-2:violin"], "vary"),
        (["--accompany", "{}", "--instruments", "piano"], "accompany"),
        (["--fit", "{}", "--seconds", "12", "--hit", "3"], "fit"),
        (["--score", "{}", "--fill", "5-8:2"], "fill"),
        (["--continue", "{}", "--fill", "5-8:2"], "fill"),
    ],
)
def test_each_verb_takes_its_file(argv: list[str], verb: str, midi: str) -> None:
    request = typed(*(word.format(midi) for word in argv))
    assert (request.verb, request.score) == (verb, b"MThd and so on")
    if verb == "fill":
        assert request.region == "5-8:2"


def test_notation_is_asked_for_by_the_name_of_the_file() -> None:
    arguments = cli.parser().parse_args(["music", "calm", "--out", "m.mxl"])
    assert music_request(arguments, seed=1).notation == "mxl"
    assert typed("calm").notation == ""


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--fill", "1-2"], "needs a score"),
        (["--score", "{}"], "goes with --fill"),
        (["--vary", "{}", "--continue", "{}"], "two things to do"),
        (["--score", "{}", "--fill", "1", "--vary", "{}"], "two things to do"),
        (["--hit", "a"], "is not seconds"),
        (["--hit", "1,2,3", "--bars", "2"], "3 hits do not fit 2 bars"),
        (["--seconds", "5", "--hit", "6"], "not within 5"),
        (["--density", "lots"], "is not a density"),
        (["--density", "flute=2"], "not among the instruments"),
        (["--accompany", "{}"], "which instruments"),
        (["--loop", "--vary", "{}"], "only a new piece"),
    ],
)
def test_what_does_not_go_together_is_said(argv: list[str], says: str, midi: str) -> None:
    with pytest.raises(BadRequest, match=says):
        typed(*(word.format(midi) for word in argv))


def test_an_empty_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "empty.mid"
    path.touch()
    with pytest.raises(BadRequest, match="is empty"):
        typed("--vary", str(path))


def test_a_score_goes_round_through_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real engine: compose to MIDI, fit to notation, and back."""
    monkeypatch.chdir(tmp_path)
    steps = (
        ["calm flute", "--bars", "2", "--candidates", "1", "--out", "a.mid"],
        ["--fit", "a.mid", "--seconds", "6.5", "--out", "b.musicxml"],
        ["--fit", "b.musicxml", "--out", "c.mxl"],
    )
    answers = []
    for argv in steps:
        assert cli.main(["music", *argv, "--seed", "3", "--device", "cpu", "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[1]["length_s"] == pytest.approx(6.5, abs=0.01)
    assert answers[2]["length_s"] == pytest.approx(6.5, abs=0.01)
    assert len({answer["notes"] for answer in answers}) == 1
    assert (tmp_path / "b.musicxml").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "c.mxl").read_bytes()[:2] == b"PK"
    assert cli.main(["music", "--fit", "b.musicxml", "--lock", "7", "--out", "d.mid"]) == 2
    assert "not within 1 to" in capsys.readouterr().err
