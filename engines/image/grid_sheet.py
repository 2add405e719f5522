"""The sheet of a grid: its pictures in rows and columns, with their values written beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from engines.api import Axis, GridRequest

FONTS: Final = Path(__file__).resolve().parents[2] / "resources" / "fonts"
LATIN, ALL_ELSE = "Inter-Medium.otf", "NotoSansCJKsc-Regular.otf"

LEAST_CELL_PX: Final = 192
"""Smaller pictures are shown this large, so that a label has room."""

MOST_SHEET_PX: Final = 8192
LETTERS_PER_CELL: Final = 18
LEAST_LETTER_PX, MOST_LETTER_PX = 15, 56
MOST_LINES: Final = 4

PAPER, INK, NOTHING = "#ffffff", "#1c1c1e", "#e4e4e7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a sheet, all in pixels: of a cell's picture, the letters, the gap between cells."""

    columns: int
    rows: int
    cell_width_px: int
    cell_height_px: int
    letter_px: int

    @property
    def gap_px(self) -> int:
        return max(4, self.letter_px // 3)

    @property
    def margin_px(self) -> int:
        """The width of the labels of the rows."""
        return self.letter_px * 8 if self.rows > 1 else self.gap_px

    def place(self, column: int, row: int, head_px: int) -> tuple[int, int]:
        """Return left and top of a cell."""
        left = self.margin_px + column * (self.cell_width_px + self.gap_px)
        return left, head_px + row * (self.cell_height_px + self.gap_px)


def draw(request: GridRequest, pictures: Mapping[int, Image.Image], sheet: int = 0) -> Image.Image:
    """Draw one sheet.

    Args:
        pictures: Number of a cell (as in `engines.api.cells`) -> its picture;
            cells that were not drawn stay grey.
        sheet: Which value of the third axis.
    """
    across = request.axes[0]
    down = request.axes[1] if len(request.axes) > 1 else None
    deep = request.axes[2] if len(request.axes) > 2 else None
    columns, rows = len(across.values), len(down.values) if down else 1
    first = sheet * columns * rows
    shown = {n - first: p for n, p in pictures.items() if first <= n < first + columns * rows}
    shape = _shape(columns, rows, tuple(pictures.values()))
    font = _fonts(shape.letter_px)
    title = f"{deep.name}: {deep.values[sheet]}" if deep else ""
    labels = [_label(across, value, font, shape.cell_width_px) for value in across.values]
    line_px = round(shape.letter_px * 1.3)
    title_px = line_px * 2 if title else shape.gap_px
    head_px = title_px + max(len(lines) for lines in labels) * line_px + shape.gap_px
    right, bottom = shape.place(columns, rows, head_px)
    paper = Image.new("RGB", (right, bottom), PAPER)
    pen = ImageDraw.Draw(paper)
    if title:
        lines = _wrapped(title, font, right - 2 * shape.gap_px, 1)
        _write(pen, lines, (right // 2, line_px), font, line_px)
    for column, lines in enumerate(labels):
        left, _ = shape.place(column, 0, head_px)
        middle = title_px + (head_px - shape.gap_px - title_px) // 2
        _write(pen, lines, (left + shape.cell_width_px // 2, middle), font, line_px)
    beside_px = shape.margin_px - 2 * shape.gap_px
    beside = [_label(down, value, font, beside_px) for value in down.values] if down else []
    for row, lines in enumerate(beside):
        _, top = shape.place(0, row, head_px)
        _write(pen, lines, (shape.margin_px // 2, top + shape.cell_height_px // 2), font, line_px)
    for number in range(columns * rows):
        place = shape.place(number % columns, number // columns, head_px)
        _put(paper, shown.get(number), place, shape)
    return paper


def _shape(columns: int, rows: int, pictures: Sequence[Image.Image]) -> Shape:
    """Choose the size of the cells: the largest picture's, within what a sheet may have."""
    wide = max((picture.width for picture in pictures), default=LEAST_CELL_PX)
    high = max((picture.height for picture in pictures), default=LEAST_CELL_PX)
    scale = max(1.0, LEAST_CELL_PX / min(wide, high))
    scale = min(scale, MOST_SHEET_PX / (1.1 * columns * wide), MOST_SHEET_PX / (1.1 * rows * high))
    wide, high = max(16, round(wide * scale)), max(16, round(high * scale))
    letter_px = max(LEAST_LETTER_PX, min(MOST_LETTER_PX, wide // LETTERS_PER_CELL))
    return Shape(
        columns=columns, rows=rows, cell_width_px=wide, cell_height_px=high, letter_px=letter_px
    )


def _put(
    paper: Image.Image, picture: Image.Image | None, place: tuple[int, int], shape: Shape
) -> None:
    """Put a picture into the middle of its cell; a cell without one is grey."""
    cell = Image.new("RGB", (shape.cell_width_px, shape.cell_height_px), NOTHING)
    if picture is not None:
        scale = min(cell.width / picture.width, cell.height / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        small = picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
        left, top = (cell.width - size[0]) // 2, (cell.height - size[1]) // 2
        cell.paste(Image.new("RGB", size, PAPER), (left, top))
        cell.paste(small, (left, top), small)
    paper.paste(cell, place)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The letters of most languages, and of all others."""

    latin: ImageFont.FreeTypeFont
    other: ImageFont.FreeTypeFont

    def of(self, text: str) -> ImageFont.FreeTypeFont:
        return self.latin if all(ord(letter) < 0x250 for letter in text) else self.other

    def width_px(self, text: str) -> float:
        return self.of(text).getlength(text)


@cache
def _fonts(letter_px: int) -> Fonts:
    """Open the bundled fonts; Pillow reads files by path, never by a user's name."""
    return Fonts(
        ImageFont.truetype(str(FONTS / LATIN), letter_px),
        ImageFont.truetype(str(FONTS / ALL_ELSE), letter_px),
    )


def _label(axis: Axis, value: str, fonts: Fonts, width_px: int) -> list[str]:
    """Return the lines of a value's label: words alone, numbers with the axis' name."""
    if axis.name == "model":
        value = Path(value).stem or value
    text = value if axis.name == "prompt" else f"{axis.name.replace('_', ' ')} {value or 'default'}"
    return _wrapped(" ".join(text.split()), fonts, width_px, MOST_LINES)


def _wrapped(text: str, fonts: Fonts, width_px: int, most: int) -> list[str]:
    """Break a text into lines that fit, between words if it can; the last may end in dots."""
    lines: list[str] = []
    left = text
    while left and len(lines) < most:
        fits = _fitting(left, fonts, width_px)
        if fits == len(left):
            return [*lines, left]
        cut = left.rfind(" ", 1, fits + 1)
        cut = fits if cut < 1 else cut
        lines.append(left[:cut].rstrip())
        left = left[cut:].lstrip()
    if left and lines:
        last = lines[-1]
        while len(last) > 1 and fonts.width_px(f"{last}…") > width_px:
            last = last[:-1]
        lines[-1] = f"{last}…"
    return lines


def _fitting(text: str, fonts: Fonts, width_px: int) -> int:
    """Return how many letters of a text fit, one at the least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fonts.width_px(text[:middle]) <= width_px:
            low = middle
        else:
            high = middle - 1
    return low


def _write(
    pen: ImageDraw.ImageDraw,
    lines: Sequence[str],
    middle: tuple[int, int],
    fonts: Fonts,
    line_px: int,
) -> None:
    """Write lines around a middle."""
    top = middle[1] - (len(lines) - 1) * line_px / 2
    for number, line in enumerate(lines):
        pen.text(
            (middle[0], top + number * line_px), line, fill=INK, font=fonts.of(line), anchor="mm"
        )
