"""What a control is shown of a picture, asked for by itself."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from engines.api import BadRequest, ModelMissing, Run, TraceRequest
from engines.catalog import Catalog
from engines.image.guides.preprocessors import canny
from engines.image.guides.tracing import TraceEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services


@pytest.fixture
def engine(tmp_path: Path) -> TraceEngine:
    catalog = Catalog((tmp_path / "models",), library=tmp_path / "library")
    memory = MemoryManager(SimulatedDevice(2**30))
    return TraceEngine(Services(catalog, memory, lambda request, run: None))


def png_of(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def square(side_px: int) -> Image.Image:
    image = Image.new("RGB", (side_px, side_px), "white")
    quarter = side_px // 4
    ImageDraw.Draw(image).rectangle((quarter, quarter, 3 * quarter, 3 * quarter), fill="black")
    return image


def test_a_picture_is_traced_at_its_own_size(engine: TraceEngine) -> None:
    told: list[str] = []
    run = Run(report=lambda progress: told.append(progress.stage))
    [picture] = engine.run(TraceRequest(png=png_of(square(96)), preprocessor="canny"), run).pictures
    assert Image.open(io.BytesIO(picture.png)).tobytes() == canny(square(96)).tobytes()
    assert set(told) == {"tracing"}


def test_a_large_picture_is_made_smaller_first(engine: TraceEngine) -> None:
    wide = Image.new("RGBA", (1200, 300), (0, 0, 0, 0))
    request = TraceRequest(png=png_of(wide), preprocessor="tile", longest_px=400)
    [picture] = engine.run(request, Run()).pictures
    traced = Image.open(io.BytesIO(picture.png)).convert("RGB")
    assert (picture.width_px, picture.height_px) == traced.size == (400, 100)
    assert traced.getpixel((200, 50)) == (255, 255, 255), "what is see-through is paper"


def test_what_cannot_be_traced_is_said(engine: TraceEngine) -> None:
    with pytest.raises(BadRequest, match="the picture of a control"):
        engine.run(TraceRequest(png=b"no picture", preprocessor="canny"), Run())
    with pytest.raises(ModelMissing):
        engine.run(TraceRequest(png=png_of(square(64)), preprocessor="depth"), Run())
    with pytest.raises(BadRequest, match="traced by canny"):
        TraceRequest(png=b"", preprocessor="")
