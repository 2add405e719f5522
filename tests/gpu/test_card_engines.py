"""The three engines with their starter models on a real card: they answer, repeat and leave."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines.api import (
    Cancelled,
    CancelToken,
    EngineError,
    Fit,
    FitRequest,
    ImageRequest,
    Kind,
    MusicRequest,
    Progress,
    Request,
    Run,
    TextRequest,
    Verdict,
)
from engines.catalog import Catalog
from engines.image import compiling
from engines.image.engine import ImageEngine
from engines.memory.device import CudaDevice
from engines.memory.manager import MemoryManager
from engines.registry import Registry
from engines.services import Services

pytestmark = pytest.mark.gpu

MIB = 2**20
WORKSPACE_BYTES = 80 * MIB
"""What libraries keep for themselves after their first use."""

REQUESTS: dict[str, Request] = {
    "text": TextRequest(prompt="Name three fruits.", seed=1, max_tokens=24),
    "image": ImageRequest(prompt="a lighthouse at dusk", seed=1, steps=4),
    "music": MusicRequest(seed=1, bars=4, candidates=1),
}


LONGER: dict[str, Request] = {
    "text": TextRequest(prompt="Write a long story about the sea.", seed=1, max_tokens=400),
    "image": ImageRequest(prompt="a lighthouse at dusk", seed=1, steps=20),
    "music": MusicRequest(seed=1, bars=16, candidates=4),
}
"""Long enough to be cancelled in the middle."""


@pytest.fixture
def engines(card: CudaDevice, tmp_path: Path) -> Registry:
    def nobody(request: Request, run: Run) -> Any:
        raise AssertionError(f"the engine asked another: {request}")

    services = Services(Catalog(library=tmp_path), MemoryManager(card), nobody)
    return Registry(services)


def answer(engines: Registry, request: Request, run: Run | None = None) -> Any:
    return engines.get(request.kind).run(request, run or Run())


def memory_of(engines: Registry) -> MemoryManager:
    return engines._services.memory


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_the_same_request_gives_the_same_answer_before_and_after_freeing(
    engines: Registry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(compiling.COMPILES, "cuda", False)  # it changes the last bits
    first = answer(engines, REQUESTS[name])
    memory = memory_of(engines)
    assert memory.status().residents
    memory.free_idle()
    assert not memory.status().residents
    assert answer(engines, REQUESTS[name]) == first
    memory.free_idle()


@pytest.mark.parametrize("name", sorted(LONGER))
def test_a_cancelled_answer_leaves_the_card_as_it_was(engines: Registry, name: str) -> None:
    memory = memory_of(engines)
    answer(engines, REQUESTS[name])
    memory.free_idle()
    baseline_bytes = torch.cuda.memory_allocated()
    token, seen = CancelToken(), []

    def stop_later(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        answer(engines, LONGER[name], Run(token=token, report=stop_later))
    assert memory.status().working_bytes == 0
    memory.free_idle()
    assert torch.cuda.memory_allocated() <= baseline_bytes + WORKSPACE_BYTES


def test_pictures_working_memory_is_predicted_after_three_runs(engines: Registry) -> None:
    memory, request = memory_of(engines), REQUESTS["image"]
    for _ in range(3):
        answer(engines, request)
    predicted = {record.place: record.bytes for record in memory.working_sets.records}
    answer(engines, request)
    for record in memory.working_sets.records:
        assert record.peaks_bytes[-1] == pytest.approx(predicted[record.place], rel=0.15)
    memory.free_idle()


def test_every_model_of_the_library_is_weighed_without_being_loaded(engines: Registry) -> None:
    before_bytes = torch.cuda.memory_allocated()
    fits: list[Fit] = []
    for spec in engines._services.catalog.list():
        try:
            fits.append(answer(engines, FitRequest(model=spec.id)))
        except EngineError as error:
            assert spec.architecture in ("lora", "vae"), f"{spec.id}: {error}"
    assert any(fit.verdict is Verdict.FITS for fit in fits)
    assert torch.cuda.memory_allocated() == before_bytes


def test_the_second_picture_of_a_size_is_compiled_and_looks_the_same(engines: Registry) -> None:
    painter = engines.get(Kind.IMAGE)
    assert isinstance(painter, ImageEngine)
    request = replace(REQUESTS["image"], steps=12)
    first, second = (painter.run(request, Run()) for _ in range(2))
    assert not painter._compiler.failed and not second.notices
    shades = [
        np.asarray(Image.open(io.BytesIO(done.pictures[0].png)), np.float32) / 255
        for done in (first, second)
    ]
    assert np.abs(shades[0] - shades[1]).mean() <= 1 / 255
