"""Grids: one picture for each choice of values, and sheets that show them side by side."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from PIL import Image

from engines.api import (
    BadRequest,
    GridRequest,
    ImageRequest,
    ImageResult,
    Kind,
    Picture,
    Pixels,
    Progress,
    Run,
    cells,
    drawing_order,
)
from engines.image import grid_sheet, png, samplers
from engines.services import Services

UNITS = 1000
"""Of one picture in the progress of the whole."""

PREVIEW_PX = 640
"""The longer side of the preview of a grid."""


class GridEngine:
    """Draws grids, by asking the picture engine for each cell."""

    kind: ClassVar[Kind] = Kind.GRID

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, request: GridRequest, run: Run) -> ImageResult:
        """Draw all cells; what is done when the user asks to finish is kept.

        The pictures come in reading order: along the first axis, then the
        second, then the third. There is a sheet for each value of the third.

        Raises:
            BadRequest: an axis or a value cannot be.
            ModelMissing, ModelRefused: a model of the grid cannot be used.
        """
        asked = cells(request)
        self._check(asked)
        order = drawing_order(asked)
        done: dict[int, ImageResult] = {}
        watch = _Watch(request, run, len(asked))
        for place, number in enumerate(order):
            if done and run.token.finishing:
                break
            run.step(place * UNITS, len(asked) * UNITS, stage=_stage(place, len(asked)))
            done[number] = self._draw(asked[number], watch.cell(place, number))
            watch.keep(number, done[number].pictures[0])
        return _result(request, done)

    def _check(self, asked: Sequence[ImageRequest]) -> None:
        """Tell at once of a model or a sampler that is not there, not after many pictures."""
        for model in dict.fromkeys(cell.model for cell in asked):
            self._services.catalog.get(model, Kind.IMAGE)
        known = {*samplers.SAMPLERS, *samplers.MATCHING_SAMPLERS, *samplers.ALIASES, ""}
        for name in dict.fromkeys(cell.sampler for cell in asked):
            if " ".join(name.lower().split()) not in known:
                raise BadRequest(f"the sampler is {', '.join(samplers.SAMPLERS)}, not {name!r}")

    def _draw(self, cell: ImageRequest, run: Run) -> ImageResult:
        """Ask for one picture; no lease is held."""
        result: ImageResult = self._services.ask(cell, run)
        return result


class _Watch:
    """Turns the progress of one cell into that of the whole, with a preview of the sheet."""

    def __init__(self, request: GridRequest, run: Run, count: int) -> None:
        self._run = run
        self._count = count
        lengths = [len(axis.values) for axis in request.axes]
        self._columns, self._rows = lengths[0], (lengths[1] if len(lengths) > 1 else 1)
        self._small: dict[int, Image.Image] = {}

    def cell(self, place: int, number: int) -> Run:
        """Return the run of the cell that is drawn at that place in the order."""

        def report(progress: Progress) -> None:
            share = progress.done / progress.total if progress.total else 0.0
            preview = None
            if isinstance(progress.preview, Pixels):
                preview = self._mosaic(number, _image(progress.preview))
            self._run.report(
                Progress(
                    done=place * UNITS + round(min(1.0, share) * (UNITS - 1)),
                    total=self._count * UNITS,
                    stage=_stage(place, self._count),
                    preview=preview,
                )
            )

        return Run(self._run.token, report)

    def keep(self, number: int, picture: Picture) -> None:
        """Take a finished picture into the previews that follow."""
        with Image.open(io.BytesIO(picture.png), formats=("PNG",)) as image:
            self._small[number] = _fitted(image.convert("RGB"), self._side_px())

    def _side_px(self) -> int:
        return max(8, PREVIEW_PX // max(self._columns, self._rows))

    def _mosaic(self, number: int, drawn: Image.Image) -> Pixels:
        """Lay the sheet of a cell together, small, from what is done and what is drawn now."""
        side, cells_of_sheet = self._side_px(), self._columns * self._rows
        sheet = Image.new("RGB", (self._columns * side, self._rows * side), grid_sheet.NOTHING)
        first = number - number % cells_of_sheet
        shown = {**self._small, number: _fitted(drawn, side)}
        for cell in range(first, first + cells_of_sheet):
            if cell in shown:
                image, place = shown[cell], cell - first
                left, top = place % self._columns * side, place // self._columns * side
                sheet.paste(
                    image, (left + (side - image.width) // 2, top + (side - image.height) // 2)
                )
        return Pixels(width_px=sheet.width, height_px=sheet.height, rgb=sheet.tobytes())


def _stage(place: int, count: int) -> str:
    return f"picture {place + 1} of {count}"


def _image(pixels: Pixels) -> Image.Image:
    return Image.frombytes("RGB", (pixels.width_px, pixels.height_px), pixels.rgb)


def _fitted(image: Image.Image, side_px: int) -> Image.Image:
    """Bring a picture to a square's size."""
    scale = side_px / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BILINEAR)


def _result(request: GridRequest, done: Mapping[int, ImageResult]) -> ImageResult:
    """Put the pictures in reading order and draw the sheets that have any."""
    numbers = sorted(done)
    lengths = [len(axis.values) for axis in request.axes]
    most_px = grid_sheet.MOST_SHEET_PX // max(lengths[:2])
    images = {}
    for number in numbers:
        with Image.open(io.BytesIO(done[number].pictures[0].png), formats=("PNG",)) as image:
            small = image.convert("RGBA" if "A" in image.getbands() else "RGB")
        small.thumbnail((most_px, most_px), Image.Resampling.LANCZOS)
        images[number] = small
    count = lengths[2] if len(lengths) > 2 else 1
    each = math.prod(lengths[:2])
    sheets = [
        png.encode(grid_sheet.draw(request, images, sheet))
        for sheet in range(count)
        if any(sheet * each <= number < (sheet + 1) * each for number in numbers)
    ]
    first = done[numbers[0]]
    same = len({done[number].model for number in numbers}) == 1
    return ImageResult(
        pictures=tuple(done[number].pictures[0] for number in numbers),
        model=first.model if same else request.base.model,
        steps=first.steps,
        guidance=first.guidance,
        sheets=tuple(sheets),
        notices=tuple(dict.fromkeys(told for number in numbers for told in done[number].notices)),
    )
