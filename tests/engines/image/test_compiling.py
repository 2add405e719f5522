"""Compiled from the second picture of a size on, the same picture, and plain again if it fails."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines.api import ImageResult, LoraUse
from engines.image import compiling
from engines.image.compiling import Compiler
from tests.engines.image.cabinet import Cabinet

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
]

FAMILIES = ("stable-diffusion", "stable-diffusion-3", "flux")
MOST_MEAN = 1 / 255


@pytest.fixture
def compiled(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Have the processor compile; yields whether it did, picture by picture."""
    seen: list[bool] = []
    prepare = Compiler.prepare

    def noted(self: Compiler, network: Any, *place: Any, plain: bool) -> bool:
        fresh = prepare(self, network, *place, plain=plain)
        seen.append(compiling.is_compiled(network))
        return fresh

    monkeypatch.setattr(Compiler, "prepare", noted)
    monkeypatch.setitem(compiling.COMPILES, "cpu", True)
    monkeypatch.setattr(compiling, "BACKEND", "eager")
    torch.compiler.reset()
    yield seen
    torch.compiler.reset()


def pixels(result: ImageResult) -> list[np.ndarray]:
    return [
        np.asarray(Image.open(io.BytesIO(one.png)), np.float32) / 255 for one in result.pictures
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_picture_of_a_size_never_waits(
    cabinet: Cabinet, compiled: list[bool], family: str
) -> None:
    model, side_px = f"{family}.safetensors", 96 if family == "flux" else 80
    size = {"width_px": side_px, "height_px": side_px}
    first = cabinet.run(model, **size)
    more = cabinet.run(model, count=2, **size)
    assert compiled == [False, True, True]
    assert more.pictures[0] == first.pictures[0]
    cabinet.run(model, width_px=side_px + 16, height_px=side_px)
    assert compiled[3:] == [False]


def test_what_is_put_on_a_network_is_never_compiled(cabinet: Cabinet, compiled: list[bool]) -> None:
    model, size = "stable-diffusion-2.safetensors", {"width_px": 80, "height_px": 64}
    plain = cabinet.run(model, count=2, **size)
    lora = LoraUse(path=cabinet.path("stable-diffusion-2-lora.safetensors"))
    worn = cabinet.run(model, count=2, loras=(lora,), **size)
    assert compiled == [False, True, False, False]
    assert worn.pictures != plain.pictures
    assert cabinet.run(model, count=2, **size).pictures == plain.pictures


def test_where_it_fails_the_picture_is_drawn_plainly_and_it_is_said(
    cabinet: Cabinet, compiled: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_asked: Any) -> Any:
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(compiling, "BACKEND", broken)
    model, size = "stable-diffusion-3.5.safetensors", {"width_px": 80, "height_px": 64}
    first = cabinet.run(model, **size)
    assert not first.notices
    second = cabinet.run(model, **size)
    assert second.pictures == first.pictures
    assert second.notices == (compiling.NOTICE,)
    cabinet.run(model, **size)
    assert compiled == [False, True, False]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_compiled_pictures_differ_in_the_last_bits_only(
    cabinet: Cabinet, compiled: list[bool], monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "inductor")
    size = {"width_px": 112, "height_px": 80}
    first, second = (cabinet.run(f"{family}.safetensors", **size) for _ in range(2))
    assert compiled == [False, True] and not second.notices
    assert np.abs(pixels(first)[0] - pixels(second)[0]).mean() <= MOST_MEAN
