"""The `image` command: options go before what `--like` finds; files say how they were made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop import cli
from desktop.document.picture_metadata import read_settings
from desktop.painting import axis_of, image_request, like, values_text, write_pictures
from engines.api import (
    Axis,
    BackgroundRequest,
    BadRequest,
    ControlUse,
    GridRequest,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
    Picture,
    ReferenceUse,
    RegionPrompt,
    Role,
)
from tests.document import metadata_samples as samples
from tests.fakes import tiny_png


def asked(
    *argv: str, found: bytes | None = None, specs: tuple[ModelSpec, ...] = ()
) -> ImageRequest | BackgroundRequest | GridRequest:
    """Return the request of a command line, with a file to be like if given."""
    arguments = cli.parser().parse_args(["image", *argv, "--out", "x.png"])
    likeness = like(Path("sample.png"), found, ()) if found is not None else None
    return image_request(
        arguments,
        likeness,
        seed=3 if arguments.seed is None else arguments.seed,
        size_px=None,
        read=lambda path: b"" if path is None else b"png:" + path.name.encode(),
        specs=specs,
    )


def test_options_alone() -> None:
    request = asked("boats", "--steps", "4", "--lora", "ink.gguf:0.5", "--init", "a.png")
    assert request == ImageRequest(
        prompt="boats",
        seed=3,
        steps=4,
        init=b"png:a.png",
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


def part(name: str, role: Role) -> ModelSpec:
    return ModelSpec(
        id=name,
        kind=Kind.IMAGE,
        name=name,
        path=f"/models/{name}.safetensors",
        format="safetensors",
        architecture="x",
        size_bytes=1,
        role=role,
    )


def test_how_it_is_drawn() -> None:
    request = asked(
        *("boats", "--init", "a.png", "--outpaint", "64,0,128,0", "--variation", "0.2:77"),
        *("--hires", "2:0.4", "--tiling", "--clip-skip", "1", "--cutout"),
        *("--upscale", "4", "--upscaler", "x4plus"),
    )
    assert request == ImageRequest(
        prompt="boats",
        seed=3,
        init=b"png:a.png",
        outpaint=(64, 0, 128, 0),
        variation=0.2,
        variation_seed=77,
        hires=2.0,
        hires_strength=0.4,
        tiling=True,
        clip_skip=1,
        cutout=True,
        upscale=4,
        upscaler="x4plus",
    )


def test_controls_are_keys_so_that_a_drive_needs_no_care() -> None:
    request = asked(
        *("boats", "--control", r"model=C:\nets\canny.safetensors,picture=D:\a.png,make=canny"),
        *("--control", '"model=C:\\nets, old\\t2i.safetensors",picture=b.png,weight=0.5,end=0.6'),
        *("--reference", "model=look,picture=c.png,weight=0.9"),
        *("--region", "a = red house=left.png", "--vae", "own", "--embedding", "moody"),
        specs=(
            part("look", Role.IP_ADAPTER),
            part("own", Role.VAE),
            part("moody", Role.TEXTUAL_INVERSION),
        ),
    )
    assert isinstance(request, ImageRequest)
    first, second = request.controls
    assert (first.path, first.preprocessor) == (r"C:\nets\canny.safetensors", "canny")
    assert isinstance(second, ControlUse)
    assert (second.path, second.weight, second.end) == (
        r"C:\nets, old\t2i.safetensors",
        0.5,
        0.6,
    )
    assert request.references == (
        ReferenceUse(path="/models/look.safetensors", picture=b"png:c.png", weight=0.9),
    )
    assert request.regions == (RegionPrompt(prompt="a = red house", mask=b"png:left.png"),)
    assert request.vae == "/models/own.safetensors"
    assert request.embeddings == ("/models/moody.safetensors",)


@pytest.mark.parametrize(
    "argv",
    [
        ("--outpaint", "1,2"),
        ("--outpaint", "1,2,3,x", "--init", "a.png"),
        ("--outpaint", "1,2,3,4"),
        ("--variation", "much"),
        ("--variation", "2"),
        ("--hires", "9"),
        ("--clip-skip", "40"),
        ("--control", "canny"),
        ("--control", "model=a"),
        ("--control", "model=a,picture=b,make=oil"),
        ("--control", "model=a,picture=b,colour=red"),
        ("--reference", "model=a,picture=b,weight=x"),
        ("--region", "words"),
        ("--grid", "steps"),
        ("--grid", "steps="),
        ("--grid", "steps=1", "--grid", "steps=2"),
        ("--grid", "steps=1-400"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_drawn(argv: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest):
        asked("boats", *argv)


def test_a_grid_of_values() -> None:
    request = asked("a cat", "--grid", "steps=10-30 (+10)", "--grid", "prompt=cat,dog")
    assert isinstance(request, GridRequest)
    assert request.axes == (
        Axis(name="steps", values=("10", "20", "30")),
        Axis(name="prompt", values=("cat", "dog")),
    )
    assert request.base == ImageRequest(prompt="a cat", seed=3)


@pytest.mark.parametrize("values", [("a, b", "c"), ("1", "2"), ("euler a",)])
def test_values_are_written_as_they_are_read(values: tuple[str, ...]) -> None:
    assert axis_of("prompt", values_text(values)).values == values


def test_a_grids_sheet_and_pictures_lie_side_by_side(tmp_path: Path) -> None:
    base = ImageRequest(prompt="a cat", seed=3, width_px=64, height_px=64)
    request = GridRequest(base=base, axes=(Axis(name="steps", values=("10", "20")),))
    pictures = tuple(
        Picture(png=tiny_png(color=color), width_px=8, height_px=6, seed=3)
        for color in ("#000001", "#000002")
    )
    result = ImageResult(pictures=pictures, model="m", sheets=(tiny_png(20, 20),))
    written: dict[str, bytes] = {}
    paths = write_pictures(
        tmp_path / "cats.png", request, result, lambda path, data: written.update({path.name: data})
    )
    assert [path.name for path in paths] == ["cats.png", "cats-001.png", "cats-002.png"]
    second = read_settings(written["cats-002.png"])
    assert second is not None
    assert (second.prompt, second.steps, second.seed) == ("a cat", 20, 3)


def test_what_the_command_line_paints_is_in_the_history(tmp_path: Path) -> None:
    from desktop.gallery import Gallery
    from desktop.settings import history_folder

    words = ["image", "mountains at dusk", "--model", "backgrounds", "--size", "96x64"]
    assert cli.main([*words, "--seed", "5", "--out", str(tmp_path / "a.png")]) == 0
    gallery = Gallery(history_folder())
    [picture] = gallery.find("mountains")
    kept = gallery.get(picture)
    gallery.close()
    assert kept is not None
    assert (kept.recipe.seed, kept.width_px) == (5, 96)
