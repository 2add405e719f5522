"""What makes pictures faster leaves them what they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.api import ImageRequest, Run
from engines.catalog import Catalog
from engines.image import speed
from engines.image.engine import ImageEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services

MOST_MEAN = 1 / 255


def drawn(library: Path) -> np.ndarray:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    engine = ImageEngine(Services(Catalog(library=library), memory, lambda request, run: None))
    request = ImageRequest(prompt="waves at noon", seed=3, steps=12)
    png = engine.run(request, Run()).pictures[0].png
    return np.asarray(Image.open(io.BytesIO(png)), np.float32) / 255


def test_channels_last_changes_no_more_than_the_last_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = drawn(tmp_path)
    monkeypatch.setitem(speed.CHANNELS_LAST, "cpu", True)
    assert np.abs(drawn(tmp_path) - plain).mean() <= MOST_MEAN


@pytest.mark.parametrize(("device", "last"), [("cpu", True), ("cuda", False)])
def test_each_device_has_its_own_layout(
    device: str, last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(speed.CHANNELS_LAST, "cpu", True)
    layer = speed.laid_out(torch.nn.Conv2d(8, 8, 3), device)
    assert layer.weight.is_contiguous(memory_format=torch.channels_last) is last


def test_what_is_no_module_stays() -> None:
    thing = object()
    assert speed.laid_out(thing, "cpu") is thing
