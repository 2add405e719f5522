"""The `image` command: options go before what `--like` finds; files say how they were made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop import cli
from desktop.document.picture_metadata import read_settings
from desktop.painting import image_request, like
from engines.api import BackgroundRequest, BadRequest, ImageRequest, LoraUse
from tests.document import metadata_samples as samples
from tests.fakes import tiny_png


def asked(*argv: str, found: bytes | None = None) -> ImageRequest | BackgroundRequest:
    """Return the request of a command line, with a file to be like if given."""
    arguments = cli.parser().parse_args(["image", *argv, "--out", "x.png"])
    likeness = like(Path("sample.png"), found, ()) if found is not None else None
    return image_request(
        arguments,
        likeness,
        seed=3 if arguments.seed is None else arguments.seed,
        size_px=None,
        read=lambda path: b"" if path is None else b"png",
    )


def test_options_alone() -> None:
    request = asked("boats", "--steps", "4", "--lora", "ink.gguf:0.5", "--init", "a.png")
    assert request == ImageRequest(
        prompt="boats",
        seed=3,
        steps=4,
        init=b"png",
        loras=(LoraUse(path="ink.gguf", weight=0.5),),
    )


def test_what_is_not_said_is_as_in_the_file() -> None:
    request = asked(found=samples.png(parameters=samples.A1111))
    assert isinstance(request, ImageRequest)
    assert (request.seed, request.steps, request.guidance) == (1234567890, 28, 6.5)
    assert request.negative == "people, writing\nmore of it"


def test_what_is_said_goes_before_the_file() -> None:
    data = samples.png(parameters=samples.A1111)
    request = asked("boats", "--seed", "8", "--steps", "2", "--negative", "", found=data)
    assert isinstance(request, ImageRequest)
    assert (request.prompt, request.seed, request.steps) == ("boats", 8, 2)
    assert (request.negative, request.guidance, request.width_px) == ("", 6.5, 512)


def test_without_words_there_is_nothing_to_paint() -> None:
    with pytest.raises(BadRequest, match="prompt is empty"):
        asked()


@pytest.mark.parametrize("data", [tiny_png(), b"no picture", samples.png(triptych='{"version":9}')])
def test_a_file_that_cannot_be_followed_is_one_sentence(data: bytes) -> None:
    with pytest.raises(BadRequest, match=r"sample\.png"):
        like(Path("sample.png"), data, ())


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_picture_is_painted_again_byte_for_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    first, again = tmp_path / f"first.{suffix}", tmp_path / f"again.{suffix}"
    words = ["image", "mountains at dusk", "--model", "backgrounds", "--size", "96x64"]
    assert cli.main([*words, "--seed", "5", "--out", str(first)]) == 0
    assert cli.main(["image", "--like", str(first), "--out", str(again), "--json"]) == 0
    assert first.read_bytes() == again.read_bytes()
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["seed"], answer["left_out"]) == (5, [])
    settings = read_settings(first.read_bytes())
    assert settings is not None
    assert (settings.kind, settings.prompt, settings.width_px) == (
        "background", "mountains at dusk", 96,
    )  # fmt: skip
