"""Grids: the right pictures in reading order, few changes of model, sheets that can be read."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.api import (
    Axis,
    BadRequest,
    Cancelled,
    CancelToken,
    GridRequest,
    ImageRequest,
    ImageResult,
    LoraUse,
    ModelMissing,
    Pixels,
    Progress,
    Request,
    Run,
    cells,
    drawing_order,
)
from engines.catalog import Catalog
from engines.image import grid_sheet, png
from engines.image.grid import GridEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services


class Studio:
    """A grid engine over a picture engine that answers with one colour, told by the seed."""

    def __init__(self, during: Callable[[Run], None] = lambda run: None) -> None:
        self.asked: list[ImageRequest] = []
        self._during = during
        memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
        self.engine = GridEngine(Services(_AllModels(()), memory, self._draw))

    def _draw(self, request: Request, run: Run) -> ImageResult:
        assert isinstance(request, ImageRequest)
        self.asked.append(request)
        run.step(1, 2, Pixels(width_px=2, height_px=2, rgb=bytes([200, 0, 0]) * 4), stage="drawing")
        self._during(run)
        colour = (request.seed % 256, 7, 9)
        picture = png.picture(Image.new("RGB", (24, 16), colour), request.seed)
        return ImageResult(pictures=(picture,), model=request.model, steps=3, guidance=2.0)

    def run(self, axes: dict[str, tuple[str, ...]], run: Run | None = None, **base: Any) -> Any:
        return self.engine.run(asked(axes, **base), run or Run())


class _AllModels(Catalog):
    """A library in which every model is there but "nowhere"."""

    def get(self, model: str, kind: Any) -> Any:
        if model == "nowhere":
            raise ModelMissing(model)
        return model


def asked(axes: dict[str, tuple[str, ...]], **base: Any) -> GridRequest:
    request = ImageRequest(**{"prompt": "a fox at night", "seed": 1, **base})
    return GridRequest(
        base=request, axes=tuple(Axis(name=n, values=values) for n, values in axes.items())
    )


def shades(result: ImageResult) -> list[int]:
    """Return the red of each picture."""
    return [
        int(np.asarray(Image.open(io.BytesIO(picture.png)))[0, 0, 0]) for picture in result.pictures
    ]


def test_pictures_come_in_reading_order_with_a_sheet_for_each_depth() -> None:
    studio = Studio()
    result = studio.run({"seed": ("1", "2", "3"), "steps": ("4", "8"), "guidance": ("2", "5")})
    assert shades(result) == [1, 2, 3] * 4
    assert [r.steps for r in studio.asked] == [4, 4, 4, 8, 8, 8] * 2
    assert len(result.sheets) == 2
    assert (result.steps, result.guidance) == (3, 2.0)


def test_a_model_is_loaded_once_whatever_its_axis() -> None:
    studio = Studio()
    result = studio.run({"model": ("b", "a"), "seed": ("1", "2", "3")})
    assert [r.model for r in studio.asked] == ["b"] * 3 + ["a"] * 3
    assert shades(result) == [1, 1, 2, 2, 3, 3]


def test_within_a_model_the_loras_and_words_change_rarely() -> None:
    request = asked(
        {"prompt": ("fox", "wolf"), "lora:1": ("0", "1"), "steps": ("4", "8")},
        loras=(LoraUse(path="style.safetensors"),),
    )
    drawn = cells(request)
    walk = [drawn[number] for number in drawing_order(drawn)]
    changes = sum(a.loras != b.loras for a, b in pairwise(walk))
    words = sum(a.prompt != b.prompt for a, b in pairwise(walk))
    assert (changes, words) == (1, 3)


@pytest.mark.parametrize(
    ("axes", "reason"),
    [
        ({"colour": ("red",)}, "colour"),
        ({"count": ("2",)}, "count"),
        ({"steps": ("many",)}, "many"),
        ({"guidance": ("7", "900")}, "900"),
        ({"lora:1": ("0.5",)}, "LoRA 1"),
        ({"prompt": ("owl", "fox")}, "owl"),
        ({"width_px": ("33",)}, "33"),
        ({"sampler": ("Euler a", "magic")}, "magic"),
    ],
)
def test_unknown_names_and_values_are_told_before_anything_is_drawn(
    axes: dict[str, tuple[str, ...]], reason: str
) -> None:
    studio = Studio()
    with pytest.raises(BadRequest, match=reason):
        studio.run(axes)
    assert not studio.asked


def test_a_model_that_is_not_there_is_told_before_anything_is_drawn() -> None:
    studio = Studio()
    with pytest.raises(ModelMissing):
        studio.run({"model": ("a", "nowhere")})
    assert not studio.asked


def test_progress_and_preview_are_of_the_whole() -> None:
    seen: list[Progress] = []
    Studio().run({"seed": ("1", "2"), "steps": ("4", "8")}, Run(report=seen.append))
    shares = [progress.done / progress.total for progress in seen]
    assert shares == sorted(shares) and shares[-1] < 1
    assert [p.stage for p in seen if p.preview][-1] == "picture 4 of 4"
    last = seen[-1].preview
    assert isinstance(last, Pixels) and last.width_px == last.height_px == 640
    pixels = np.frombuffer(last.rgb, np.uint8).reshape(640, 640, 3)
    assert pixels[160, 160].tolist() == [1, 7, 9]  # drawn before
    assert pixels[480, 480].tolist() == [200, 0, 0]  # drawn now


def test_who_asks_to_finish_gets_what_is_done() -> None:
    token = CancelToken()
    studio = Studio(during=lambda run: token.finish() if len(studio.asked) == 2 else None)
    result = studio.run({"seed": ("1", "2", "3"), "steps": ("4", "8")}, Run(token))
    assert shades(result) == [1, 2] and len(result.sheets) == 1


def test_cancel_ends_it_all() -> None:
    token = CancelToken()
    studio = Studio(during=lambda run: token.cancel())
    with pytest.raises(Cancelled):
        studio.run({"seed": ("1", "2")}, Run(token))
    assert len(studio.asked) == 1


def test_a_sheet_shows_each_picture_once_with_room_for_words() -> None:
    request = asked({"seed": ("10", "90", "200"), "sampler": ("euler", "heun")})
    colours = {n: Image.new("RGB", (64, 64), (40 * n, 0, 255)) for n in range(6)}
    pixels = np.asarray(grid_sheet.draw(request, colours))
    for number in range(6):
        area = int((pixels == (40 * number, 0, 255)).all(2).sum())
        assert area == grid_sheet.LEAST_CELL_PX**2
    left = pixels[:, :100]
    assert (left < 100).any()  # the names of the rows
    assert (pixels[:30] < 100).any()  # and of the columns


def test_a_sheet_of_many_large_pictures_stays_within_its_bounds() -> None:
    request = asked({"seed": tuple(map(str, range(16))), "steps": tuple(map(str, range(1, 17)))})
    sheet = grid_sheet.draw(request, {0: Image.new("RGB", (2048, 1024))})
    assert max(sheet.size) <= grid_sheet.MOST_SHEET_PX * 1.1


def test_long_words_are_broken_and_chinese_ones_too() -> None:
    fonts = grid_sheet._fonts(16)
    for words in ("a very long prompt " * 20, "一只狐狸在夜里奔跑" * 20, "x" * 300):
        lines = grid_sheet._wrapped(words, fonts, 190, 4)
        assert len(lines) == 4 and lines[-1].endswith("…")
        assert all(fonts.width_px(line) <= 190 for line in lines)
