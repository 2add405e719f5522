"""Enlarging: exact sizes, alpha kept, the same bytes, progress by tile."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    ModelMissing,
    Progress,
    Run,
    UpscaleRequest,
)
from engines.catalog import Catalog
from engines.image import backgrounds, png, upscaler
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services


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
