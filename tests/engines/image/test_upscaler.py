"""Enlarging: exact sizes, alpha kept, the same bytes, progress by tile, networks of the user's."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    ModelMissing,
    ModelRefused,
    Progress,
    Role,
    Run,
    UpscaleRequest,
    enlarging_s,
)
from engines.catalog import Catalog
from engines.image import png
from engines.image.scenery import backgrounds
from engines.image.upscaling import upscaler
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import upscaler_files
from tests.engines.known_files import FILES
from tests.engines.model_files import safetensors
from tests.engines.shortages import FailAt, Processor


@pytest.fixture(scope="module")
def engine() -> upscaler.UpscaleEngine:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    services = Services(Catalog(()), memory, lambda request, run: None)
    return upscaler.UpscaleEngine(services)


def enlarged(engine: upscaler.UpscaleEngine, image: Image.Image, **wishes: Any) -> Image.Image:
    request = UpscaleRequest(png=png.encode(image), **wishes)
    return Image.open(io.BytesIO(engine.run(request, Run()).pictures[0].png))


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_the_size_is_exact(engine: upscaler.UpscaleEngine, factor: int) -> None:
    image = backgrounds.draw("hills", 1, 40, 24)
    large = enlarged(engine, image, factor=factor)
    assert large.size == (40 * factor, 24 * factor)


def test_it_is_the_same_picture_larger(engine: upscaler.UpscaleEngine) -> None:
    image = backgrounds.draw("gradient", 1, 48, 48)
    back = enlarged(engine, image, factor=4).resize(image.size, Image.Resampling.BOX)
    difference = np.abs(np.asarray(back, np.float32) - np.asarray(image, np.float32))
    assert difference.mean() < 6


def test_tiles_leave_no_seam(
    engine: upscaler.UpscaleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = backgrounds.draw("waves", 1, 64, 64)
    whole = np.asarray(enlarged(engine, image, factor=4), np.float32)
    monkeypatch.setattr(upscaler, "TILE_PX", 32)
    tiled = np.asarray(enlarged(engine, image, factor=4), np.float32)
    assert np.abs(whole - tiled).max() <= 4


def test_same_picture_same_bytes(engine: upscaler.UpscaleEngine) -> None:
    image = backgrounds.draw("rays", 1, 32, 32)
    assert enlarged(engine, image).tobytes() == enlarged(engine, image).tobytes()


def test_transparency_is_kept(engine: upscaler.UpscaleEngine) -> None:
    image = Image.new("RGBA", (32, 32), (200, 20, 20, 0))
    image.paste((20, 200, 20, 255), (8, 8, 24, 24))
    alpha = np.asarray(enlarged(engine, image).getchannel("A"))
    assert alpha[64, 64] == 255 and alpha[4, 4] == 0


def test_progress_counts_tiles_and_cancel_stops(
    engine: upscaler.UpscaleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upscaler, "TILE_PX", 16)
    token, seen = CancelToken(), []

    def stop_at_two(progress: Progress) -> None:
        if progress.stage == "enlarging":
            seen.append((progress.done, progress.total))
        if progress.done == 2:
            token.cancel()

    request = UpscaleRequest(png=png.encode(backgrounds.draw("sea", 1, 32, 32)))
    with pytest.raises(Cancelled):
        engine.run(request, Run(token, stop_at_two))
    assert seen == [(0, 4), (1, 4), (2, 4)]


def test_broken_bytes_are_a_bad_request(engine: upscaler.UpscaleEngine) -> None:
    with pytest.raises(BadRequest, match="no picture"):
        engine.run(UpscaleRequest(png=b"not a picture"), Run())


def test_an_unknown_upscaler_is_missing(engine: upscaler.UpscaleEngine) -> None:
    image = png.encode(Image.new("RGB", (16, 16)))
    with pytest.raises(ModelMissing):
        engine.run(UpscaleRequest(png=image, model="other"), Run())


@pytest.fixture
def library(tmp_path: Path) -> Catalog:
    return Catalog((tmp_path,), library=tmp_path / "library")


def of_library(library: Catalog) -> upscaler.UpscaleEngine:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    return upscaler.UpscaleEngine(Services(library, memory, lambda request, run: None))


@pytest.mark.parametrize(
    ("sort", "own", "asked"),
    [("compact", 1, 2), ("compact", 2, 4), ("compact", 4, 2), ("compact", 3, 8), ("esrgan", 4, 4)],
)
def test_a_network_of_the_users_enlarges_as_often_as_asked(
    tmp_path: Path, library: Catalog, sort: str, own: int, asked: int
) -> None:
    path = upscaler_files.write(tmp_path / "mine.safetensors", sort, own)
    assert library.check(path).role is Role.UPSCALER
    image = backgrounds.draw("hills", 1, 20, 16)
    large = enlarged(of_library(library), image, model=str(path), factor=asked)
    assert large.size == (20 * asked, 16 * asked)


def test_the_tiles_of_a_network_of_the_users_leave_no_seam(
    tmp_path: Path, library: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = upscaler_files.write(tmp_path / "mine.safetensors", "esrgan")
    image, engine = backgrounds.draw("waves", 1, 64, 48), of_library(library)
    whole = np.asarray(enlarged(engine, image, model=str(path)), np.float32)
    monkeypatch.setattr(upscaler, "TILE_PX", 24)
    tiled = np.asarray(enlarged(engine, image, model=str(path)), np.float32)
    assert np.abs(whole - tiled).max() <= 1


def test_a_network_that_is_not_whole_is_refused(tmp_path: Path, library: Catalog) -> None:
    path = upscaler_files.write(tmp_path / "mine.safetensors", "esrgan")
    tensors = load_file(path)
    del tensors["model.6.weight"]
    save_file(tensors, path)
    image = png.encode(Image.new("RGB", (16, 16)))
    with pytest.raises(ModelRefused, match="esrgan"):
        of_library(library).run(UpscaleRequest(png=image, model=str(path)), Run())


@pytest.mark.parametrize("name", sorted(n for n, k in FILES.items() if k.role is Role.UPSCALER))
def test_a_file_with_little_more_than_a_familys_mark_is_refused(
    tmp_path: Path, library: Catalog, name: str
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(safetensors(FILES[name].tensors))
    image = png.encode(Image.new("RGB", (16, 16)))
    with pytest.raises(ModelRefused):
        of_library(library).run(UpscaleRequest(png=image, model=str(path)), Run())


def test_a_pickle_is_refused_in_one_sentence(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "RealESRGAN_x4plus.pth"
    path.write_bytes(pickle.dumps({"params_ema": {}}))
    image = png.encode(Image.new("RGB", (16, 16)))
    with pytest.raises(ModelRefused, match="pickle"):
        of_library(library).run(UpscaleRequest(png=image, model=str(path)), Run())


def test_another_part_of_a_model_is_no_upscaler(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "vae.safetensors"
    path.write_bytes(safetensors(FILES["vae"].tensors))
    image = png.encode(Image.new("RGB", (16, 16)))
    with pytest.raises(ModelRefused):
        of_library(library).run(UpscaleRequest(png=image, model=str(path)), Run())


def test_the_large_network_is_there_and_differs(engine: upscaler.UpscaleEngine) -> None:
    image = backgrounds.draw("hills", 1, 16, 16)
    fine = enlarged(engine, image, model="x4plus", factor=2)
    assert fine.size == (32, 32)
    assert fine.tobytes() != enlarged(engine, image, factor=2).tobytes()


def test_a_shortage_is_answered_by_trying_again(tmp_path: Path, library: Catalog) -> None:
    path = upscaler_files.write(tmp_path / "mine.safetensors", "compact", 2)
    image = backgrounds.draw("hills", 1, 40, 24)
    services = Services(library, MemoryManager(Processor(2**33)), lambda request, run: None)
    engine = upscaler.UpscaleEngine(services)
    enlarged(engine, image, model=str(path), factor=2)  # loaded
    with FailAt() as counted:
        plain = enlarged(engine, image, model=str(path), factor=2)
    with FailAt({counted.count - 1}) as failing:
        again = enlarged(engine, image, model=str(path), factor=2)
    assert again.tobytes() == plain.tobytes() and failing.count > counted.count


def test_what_would_be_too_large_is_told_at_once(engine: upscaler.UpscaleEngine) -> None:
    image = png.encode(Image.new("RGB", (2000, 16)))
    with pytest.raises(BadRequest, match="32000"):
        engine.run(UpscaleRequest(png=image, factor=16), Run())


def test_the_time_is_reckoned_by_what_goes_through_the_network() -> None:
    assert enlarging_s(1000, 1000, 4) == pytest.approx(20)
    assert enlarging_s(1000, 1000, 8) == pytest.approx(20 * 17)
    assert enlarging_s(100, 100, 2, "x4plus") == pytest.approx(5.5)
    assert enlarging_s(100, 100, 2, "mine") < 0
