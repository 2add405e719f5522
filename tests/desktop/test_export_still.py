"""Stills, pages and projects: right size, same bytes, nothing half written."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from desktop.document.assets import AssetStore
from desktop.document.storage import load
from desktop.export import SUFFIXES, export
from desktop.render.pictures import decode
from desktop.render.renderer import Renderer
from engines.api import BadRequest, Cancelled, CancelToken, CannotWrite, MusicResult, Progress, Run
from tests.desktop.pages import pixels, poster, scene

pytestmark = pytest.mark.usefixtures("qapp")


def never(request: Any, run: Run) -> Any:
    raise AssertionError("no engine is needed for this")


def noted(request: Any, run: Run) -> MusicResult:
    """Answer as the engine does that writes a score down."""
    return MusicResult(
        midi=request.score, seed=0, model="", bars=1, tempo_bpm=120.0, key="C major",
        meter="4/4", mood="calm", length_s=2.0, notes=2, notation=b"<score/>",
    )  # fmt: skip


def write(path: Path, make: Callable[[AssetStore], Any] = poster, **options: Any) -> Path:
    assets = AssetStore()
    document = options.pop("document", None) or make(assets)
    run, ask = options.pop("run", Run()), options.pop("ask", never)
    return export(document, assets, path, run=run, ask=ask, **options)[0]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff", ".PNG"])
def test_a_still_has_the_posters_size_and_pixels(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"p{suffix}")
    assets = AssetStore()
    document = poster(assets)
    with Image.open(path) as image:
        assert image.size == document.size_px == (283, 397)
        expected = pixels(Renderer(assets).image(document, 0.0, document.size_px))
        wanted = Image.fromarray(expected.astype("uint8"))
        difference = ImageStat.Stat(ImageChops.difference(image.convert("RGB"), wanted))
    assert max(difference.mean) < 2.5
    assert [x.name for x in tmp_path.iterdir()] == [path.name]


def test_the_resolution_is_noted_and_no_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "p.png")
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((72, 72), abs=0.3)
        assert set(image.info) <= {"dpi", "gamma", "srgb"}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".pdf", ".svg", ".webp", ".triptych"])
def test_the_same_poster_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    paths = [write(tmp_path / f"{name}{suffix}") for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_scale_multiplies_the_size(tmp_path: Path) -> None:
    with Image.open(write(tmp_path / "p.png", scale=0.5)) as image:
        assert image.size == (142, 198)


@pytest.mark.parametrize("scale", [0.0, -1.0, 0.001, 1000.0, float("nan"), float("inf")])
def test_an_absurd_size_is_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(BadRequest):
        write(tmp_path / "p.png", scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_a_scenes_still_is_a_frame(tmp_path: Path) -> None:
    with Image.open(write(tmp_path / "s.png", make=scene)) as image:
        assert image.size == (320, 180)


def test_a_pdf_keeps_its_words_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "p.pdf")
    data = path.read_bytes()
    found = re.search(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)", data)
    assert found is not None
    points = [float(side) for side in found.groups()]
    assert points == pytest.approx([100 / 25.4 * 72, 140 / 25.4 * 72], abs=1)
    reader = shutil.which("pdftotext")
    if reader is None:
        assert b"/ToUnicode" in data, "glyphs can be read back"
        return
    read = subprocess.run([reader, str(path), "-"], capture_output=True, check=True)
    assert " ".join(read.stdout.decode().split()) == "Night market 夜市"


def test_a_pdf_looks_like_the_page(tmp_path: Path) -> None:
    reader = shutil.which("pdftoppm")
    if reader is None:
        pytest.skip("pdftoppm is not here")
    path = write(tmp_path / "p.pdf")
    command = [reader, "-r", "72", "-png", "-singlefile", str(path), str(tmp_path / "p")]
    subprocess.run(command, check=True)
    assets = AssetStore()
    document = poster(assets)
    with Image.open(tmp_path / "p.png") as image:
        size = image.size
        expected = pixels(Renderer(assets).image(document, 0.0, size)).astype("uint8")
        difference = ImageStat.Stat(
            ImageChops.difference(image.convert("RGB"), Image.fromarray(expected))
        )
    assert max(difference.mean) < 6


def test_an_svg_has_outlines_and_only_pictures_inside(tmp_path: Path) -> None:
    root = ET.parse(write(tmp_path / "p.svg")).getroot()
    links = [v for x in root.iter() for k, v in x.attrib.items() if k.endswith("href")]
    assert links
    assert all(link.startswith(("data:image/", "#")) for link in links)
    names = {x.tag.split("}")[-1] for x in root.iter()}
    assert "path" in names
    assert "text" not in names
    assert root.attrib["width"]


def test_a_project_opens_again_with_its_thumbnail(tmp_path: Path) -> None:
    import zipfile

    path = write(tmp_path / "p.triptych")
    assert load(path)[0].title == "Night market"
    with zipfile.ZipFile(path) as archive:
        assert decode(archive.read("thumbnail.png")).height() == 512


def test_a_kind_that_does_not_suit_is_refused(tmp_path: Path) -> None:
    for make, suffix in (
        (poster, ".mp4"),
        (poster, ".srt"),
        (scene, ".pdf"),
        (scene, ".svg"),
        (poster, ".wav"),
        (poster, ".exe"),
        (poster, ""),
    ):
        with pytest.raises(BadRequest):
            write(tmp_path / f"x{suffix}", make=make)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", sorted({*SUFFIXES} - {".pdf", ".svg"}))
def test_an_unwritable_place_is_said(tmp_path: Path, suffix: str) -> None:
    ask = noted if suffix in (".musicxml", ".mxl") else never
    with pytest.raises(CannotWrite):
        write(tmp_path / "nowhere" / f"x{suffix}", make=scene, ask=ask)
    (tmp_path / f"taken{suffix}").mkdir()
    with pytest.raises(CannotWrite):
        write(tmp_path / f"taken{suffix}", make=scene, ask=ask)


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".mp4", ".gif", ".triptych"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"old")

    def full(part: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("desktop.document.replacing._flush", full)
    with pytest.raises(CannotWrite) as caught:
        write(path, make=scene if suffix in (".mp4", ".gif") else poster)
    assert "full" in caught.value.reason or "No space" in caught.value.reason
    assert path.read_bytes() == b"old"
    assert [x.name for x in tmp_path.iterdir() if x.is_file()] == [path.name]


@pytest.mark.parametrize("suffix", [".png", ".mp4", ".webm", ".gif", ".wav"])
def test_a_cancel_leaves_the_old_file(tmp_path: Path, suffix: str) -> None:
    path, token = tmp_path / f"x{suffix}", CancelToken()
    path.write_bytes(b"old")

    def stop(progress: Progress) -> None:
        if progress.done >= 1:
            token.cancel()

    with pytest.raises(Cancelled):
        write(path, make=scene, run=Run(token, stop))
    assert path.read_bytes() == b"old"
    assert [x.name for x in tmp_path.iterdir() if x.is_file()] == [path.name]


def test_progress_goes_to_the_end(tmp_path: Path) -> None:
    seen: list[Progress] = []
    write(tmp_path / "p.png", run=Run(report=seen.append))
    assert [x.done for x in seen if x.total == 3] == [0, 1, 2]
    assert (seen[-1].done, seen[-1].total) == (1, 1)


def test_a_jpeg_is_no_copy_of_metadata(tmp_path: Path) -> None:
    assets = AssetStore()
    document = replace(poster(assets), brief="secret words of the brief")
    path = tmp_path / "p.jpg"
    export(document, assets, path, run=Run(), ask=never)
    assert b"secret" not in path.read_bytes()
    assert Image.open(io.BytesIO(path.read_bytes())).getexif() == {}
