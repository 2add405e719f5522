"""What happens to a picture after it was drawn: other engines are asked, with what was wished."""

from __future__ import annotations

import pytest

from engines.api import (
    BadRequest,
    CutoutRequest,
    ImageRequest,
    ImageResult,
    Picture,
    Request,
    Run,
    UpscaleRequest,
)
from engines.catalog import Catalog
from engines.image.finishing import finish
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services

DRAWN = Picture(png=b"drawn", width_px=8, height_px=8, seed=5, prompt="a red fox")


class Others:
    """Answers for the other engines, and remembers what they were asked."""

    def __init__(self, *, finds_subject: bool = True) -> None:
        self.asked: list[Request] = []
        self._finds_subject = finds_subject

    def services(self) -> Services:
        return Services(Catalog(()), MemoryManager(SimulatedDevice(1000)), self._answer)

    def _answer(self, request: Request, run: Run) -> ImageResult:
        self.asked.append(request)
        if isinstance(request, CutoutRequest) and not self._finds_subject:
            raise BadRequest("nothing stands out")
        assert isinstance(request, UpscaleRequest | CutoutRequest)
        picture = Picture(png=request.png + b"+", width_px=16, height_px=16, seed=0)
        return ImageResult(pictures=(picture,), model="other")


def test_nothing_is_asked_without_a_wish() -> None:
    others = Others()
    assert finish(DRAWN, ImageRequest(prompt="x", seed=5), others.services(), Run()) == DRAWN
    assert others.asked == []


def test_it_is_enlarged_with_the_chosen_upscaler_and_then_cut_out() -> None:
    others = Others()
    request = ImageRequest(prompt="x", seed=5, upscale=4, upscaler="x4plus", cutout=True)
    done = finish(DRAWN, request, others.services(), Run())
    assert others.asked == [
        UpscaleRequest(png=b"drawn", factor=4, model="x4plus"),
        CutoutRequest(png=b"drawn+"),
    ]
    assert (done.png, done.width_px, done.seed, done.prompt) == (b"drawn++", 16, 5, "a red fox")


def test_where_nothing_stands_out_the_whole_picture_is_kept() -> None:
    others = Others(finds_subject=False)
    request = ImageRequest(prompt="x", seed=5, cutout=True)
    assert finish(DRAWN, request, others.services(), Run()) == DRAWN


def test_a_failure_to_enlarge_is_told() -> None:
    others = Others()

    def fail(request: Request, run: Run) -> ImageResult:
        raise BadRequest("too large")

    services = Services(others.services().catalog, others.services().memory, fail)
    with pytest.raises(BadRequest, match="too large"):
        finish(DRAWN, ImageRequest(prompt="x", seed=5, upscale=2), services, Run())
