"""From one sentence to a poster and a scored scene, with the real models and small sizes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from desktop import cli
from desktop.document.assets import AssetStore
from desktop.document.model import Document, PictureLayer, TextLayer
from desktop.document.scoring import score
from desktop.document.storage import load
from desktop.production import PosterOptions, produce, share
from desktop.recipes import request_of
from desktop.render.eyes import Eyes
from desktop.render.text import measure
from engines.api import (
    BackgroundRequest,
    BadRequest,
    Cancelled,
    CancelToken,
    ImageRequest,
    MusicRequest,
    Progress,
    Run,
)

POSTER = "Night market jazz festival, Friday 9 pm, harbour square"
SCENE = "A lighthouse keeper waits out a storm"
SECONDS = 4.0
FPS = 12


@dataclass(frozen=True)
class Made:
    """What a command wrote, read back."""

    path: Path
    document: Document
    assets: AssetStore


def run(*argv: str) -> None:
    assert cli.main(argv) == 0


@pytest.fixture(scope="module")
def poster(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Made:
    path = tmp_path_factory.mktemp("poster") / "p.triptych"
    run("poster", POSTER, "--out", str(path), "--size", "400x566px", "--seed", "3")
    return Made(path, *load(path))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, qapp: object) -> Made:
    path = tmp_path_factory.mktemp("scene") / "s.triptych"
    seconds, fps = str(SECONDS), str(FPS)
    size = ("--size", "320x180", "--fps", fps)
    run("scene", SCENE, "--out", str(path), "--seconds", seconds, *size, "--seed", "3")
    return Made(path, *load(path))


def words(document: Document) -> str:
    layers = [layer for layer in document.all_layers() if isinstance(layer, TextLayer)]
    return " ".join(" ".join(layer.text.split()) for layer in layers)


def test_poster_says_what_the_brief_says(poster: Made) -> None:
    said = words(poster.document).lower()
    for fact in ("night market jazz festival", "friday", "9 pm", "harbour square"):
        assert fact in said
    assert poster.document.brief == POSTER


def test_poster_is_legible_and_inside_the_page(poster: Made, qapp: object) -> None:
    eyes = Eyes(poster.assets)
    judged = score(poster.document, measure=measure, luminance=eyes.luminance)
    assert judged.passed, judged


def test_poster_pictures_can_be_replayed(poster: Made) -> None:
    pictures = [x for x in poster.document.all_layers() if isinstance(x, PictureLayer)]
    kinds = set()
    for picture in pictures:
        assert picture.recipe is not None
        request = request_of(picture.recipe, poster.assets.read)
        kinds.add(type(request))
        if isinstance(request, ImageRequest):
            assert request.upscale >= 4
        if isinstance(request, BackgroundRequest):
            assert (request.width_px, request.height_px) == poster.document.size_px
    assert kinds == {ImageRequest, BackgroundRequest}


def test_the_same_seed_makes_the_same_files(poster: Made, tmp_path: Path) -> None:
    again = tmp_path / "again.triptych"
    run("poster", POSTER, "--out", str(again), "--size", "400x566px", "--seed", "3")
    assert again.read_bytes() == poster.path.read_bytes()
    pictures = []
    for path in (again, poster.path):
        goal = tmp_path / f"{len(pictures)}.png"
        run("export", str(path), "--out", str(goal))
        pictures.append(goal.read_bytes())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("text", "Name a cafe.", "--max-tokens", "12"), "a.txt"),
        (("image", "sunset over the sea", "--steps", "3"), "a.png"),
        (("music", "calm piano", "--bars", "2", "--candidates", "1"), "a.mid"),
    ],
)
def test_the_same_seed_makes_the_same_bytes(
    command: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    files = []
    for seed in ("7", "7", "8"):
        goal = tmp_path / name
        run(*command, "--out", str(goal), "--seed", seed)
        files.append(goal.read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_scene_is_as_long_as_asked_and_scored(scene: Made) -> None:
    document = scene.document
    assert document.duration_s == pytest.approx(SECONDS, abs=1e-6)
    assert document.captions
    assert document.music is not None
    assert document.music.recipe is not None
    request = request_of(document.music.recipe, scene.assets.read)
    assert isinstance(request, MusicRequest)
    assert request.seconds == SECONDS


def test_a_shot_is_painted_over_its_background_and_can_be_replayed(scene: Made) -> None:
    for shot in scene.document.shots:
        painted = [x for x in shot.layers if isinstance(x, PictureLayer) and x.name == "Picture"]
        assert len(painted) == 1
        assert painted[0].recipe is not None
        request = request_of(painted[0].recipe, scene.assets.read)
        assert isinstance(request, ImageRequest)
        assert request.init.startswith(b"\x89PNG")


def test_film_has_picture_and_sound_of_one_length(scene: Made, tmp_path: Path) -> None:
    film = tmp_path / "s.mp4"
    run("export", str(scene.path), "--out", str(film))
    with av.open(str(film)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert audio.codec_context.name == "aac"
        frames = sum(1 for _ in container.decode(video=0))
        lengths = [float(s.duration * s.time_base) for s in (video, audio)]
    assert frames == round(SECONDS * FPS)
    assert abs(lengths[0] - lengths[1]) <= 1 / FPS


def test_json_names_the_file_seed_model_and_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goal = tmp_path / "b.png"
    options = ("--model", "backgrounds", "--size", "64x64", "--seed", "5", "--json")
    run("image", "waves", "--out", str(goal), *options)
    answer = json.loads(capsys.readouterr().out)
    assert answer["outputs"] == [str(goal)]
    assert answer["seed"] == 5
    assert answer["model"]
    assert answer["seconds"] >= 0
    assert goal.is_file()


def test_an_unknown_template_is_refused_before_any_work() -> None:
    def ask(request: object, run: Run) -> object:
        raise AssertionError("no engine may be asked")

    with pytest.raises(BadRequest, match="no template"):
        produce(
            "x", PosterOptions(template="none"), seed=1, ask=ask, assets=AssetStore(), run=Run()
        )


def test_parts_of_a_job_count_to_one_whole() -> None:
    told: list[Progress] = []
    first, second = share(Run(CancelToken(), told.append), (("words", 1), ("picture", 3)))
    first.step(1, 2)
    first.step(2, 2)
    second.step(0, 10, stage="painting")
    second.step(10, 10)
    assert [x.done for x in told] == [125, 250, 250, 1000]
    assert [x.stage for x in told] == ["words", "words", "painting", "picture"]
    assert {x.total for x in told} == {1000}


def test_a_cancel_reaches_every_part() -> None:
    token = CancelToken()
    parts = share(Run(token), (("words", 1), ("picture", 1)))
    token.cancel()
    for part in parts:
        with pytest.raises(Cancelled):
            part.step(0, 1)
