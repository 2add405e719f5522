"""The starter that ships: it is whole, it is small enough, and it draws what it was taught."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.api import ImageRequest, ImageResult, Kind, Run
from engines.catalog import Catalog
from engines.image import card
from engines.image.engine import ImageEngine
from engines.image.words.vocabulary import caption
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services

MOST_FILE_BYTES = 45_000_000


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(library=tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def engine(catalog: Catalog) -> ImageEngine:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    return ImageEngine(Services(catalog, memory, lambda request, run: None))


def drawn(engine: ImageEngine, prompt: str, seed: int = 1) -> Image.Image:
    result: ImageResult = engine.run(ImageRequest(prompt=prompt, seed=seed, steps=8), Run())
    return Image.open(io.BytesIO(result.pictures[0].png))


def test_it_is_the_default_and_says_where_it_comes_from(catalog: Catalog) -> None:
    spec = catalog.get("", Kind.IMAGE)
    assert (spec.id, spec.format) == ("triptych-image-1", "diffusers")
    assert spec.licence and spec.source
    words = (Path(spec.path) / "README.md").read_text(encoding="utf-8")
    assert "PSNR" in words and "held out" in words
    assert "triptych-image-1" in (Path(spec.path).parent / "NOTICE").read_text(encoding="utf-8")


def test_no_file_is_larger_than_a_repository_takes(catalog: Catalog) -> None:
    folder = Path(catalog.get("", Kind.IMAGE).path)
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert 1_000_000 < max(sizes) <= MOST_FILE_BYTES


def test_its_card_has_a_preview_row_for_each_channel(catalog: Catalog) -> None:
    about = card.read(catalog.get("", Kind.IMAGE))
    assert (about.reader, about.side_px, len(about.preview)) == ("all-minilm-l6-v2", 128, 17)


def test_it_draws_the_colours_a_prompt_names(engine: ImageEngine) -> None:
    warm, cold = (
        np.asarray(drawn(engine, caption("waves", palette)), np.float32).mean((0, 1))
        for palette in ("ember", "teal")
    )
    assert warm[0] - warm[2] > 20
    assert cold[2] - cold[0] > 20


def test_it_tells_night_from_day(engine: ImageEngine) -> None:
    night, day = (
        np.asarray(drawn(engine, caption("mountains", palette)), np.float32).mean()
        for palette in ("night", "day")
    )
    assert night + 40 < day
