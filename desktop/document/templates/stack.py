"""Stack: the title's words as large as the page is wide, one line each."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.document.linebreaks import balanced, has_cjk, pieces
from desktop.document.model import Box, Mask
from desktop.document.sheet import POSTER, Sheet, texts
from desktop.document.templates import parts
from desktop.document.templates.faces import BEBAS
from desktop.document.typesetting import Block, Face

_SECOND = Face(family="Space Grotesk", weight=500, line_height=1.3)
_FACTS = Face(family="Space Grotesk", weight=700, line_height=1.25)
_LOUD = frozenset({"tense", "epic", "triumphant", "dark"})
_GAP = 4.2
_MOST_MM = 96.0
_MOST_LINES = 5


def stack(sheet: Sheet) -> None:
    """Lay out upright: stacked title, then the picture beside words and facts."""
    unit, width = sheet.unit, sheet.measure_width
    face = POSTER if sheet.content.mood in _LOUD else BEBAS
    title = _stacked(sheet, face, sheet.height * 0.47)
    top = sheet.top + 11 * unit
    below = top + title.height
    sheet.background()
    sheet.scrim(0.0, sheet.height * 0.8, alpha=0.3, fades="down")
    sheet.scrim(below - 50 * unit, sheet.height, alpha=0.8)
    sheet.rule(sheet.left, sheet.top, 26 * unit, 2.2 * unit, sheet.accent, "Bar")
    for block, offset in zip(title.blocks, title.offsets, strict=True):
        sheet.put(block, top + offset, "title")
    y = below + 13 * unit
    side = min(width * 0.46, sheet.bottom - y)
    box = Box(x_mm=sheet.right - side, y_mm=sheet.bottom - side, width_mm=side, height_mm=side)
    sheet.window(box, Mask.RECTANGLE, mat=1.2 * unit)
    _words(sheet, y, width * 0.46, max(block.size_mm for block in title.blocks))


def _words(sheet: Sheet, y: float, column: float, title_mm: float) -> None:
    """Set tagline and body from `y` down, and the facts from the bottom up."""
    unit, content = sheet.unit, sheet.content
    size = min(9.5 * unit, title_mm / 2.5)
    tagline = parts.line_block(sheet, content.tagline, _SECOND, column, size)
    foot = _foot(sheet, column, title_mm)
    if content.tagline and foot - y > tagline.height_mm:
        y = sheet.put(tagline, y, "tagline", width=column) + 7 * unit
    if content.body and foot - y > 10 * unit:
        body = parts.body_block(sheet, column, foot - y - 4 * unit, title_mm)
        if body.height_mm <= foot - y:
            sheet.put(body, y, "body", width=column)


def _foot(sheet: Sheet, column: float, title_mm: float) -> float:
    """Set call and facts from the bottom up; returns where words above them may end."""
    unit, content = sheet.unit, sheet.content
    foot = sheet.bottom
    call = parts.call_block(sheet, column * 0.95, 4.4)
    if content.call_to_action:
        foot -= call.height_mm
        sheet.put(call, foot, "call", width=column)
        foot -= 9 * unit
    facts = texts(content.facts)
    size = min(11.5 * unit, title_mm * 0.55)
    for block in reversed(parts.even_blocks(sheet, facts, _FACTS, [column] * len(facts), size)):
        foot -= block.height_mm
        sheet.put(block, foot, "fact", width=column, color=sheet.accent)
        foot -= 7 * unit
    return foot - 4 * unit


@dataclass(frozen=True, slots=True)
class _Stack:
    """Lines, each with the place of its capitals' top, and the height of all."""

    blocks: tuple[Block, ...]
    offsets: tuple[float, ...]
    height: float

    @property
    def ink(self) -> float:
        """About how much of the page the words cover."""
        return sum(block.width_mm * block.height_mm for block in self.blocks)


def _stacked(sheet: Sheet, face: Face, most_height: float) -> _Stack:
    """Return the title in the number of lines that covers most, each as wide as it may be."""
    text = " ".join(sheet.content.title.split())
    face = face.for_text(text)
    words = pieces(text)
    if has_cjk(text) or not words:
        block = sheet.set.title(
            text,
            face,
            width_mm=sheet.measure_width,
            height_mm=most_height,
            most_mm=_MOST_MM * sheet.unit,
            max_lines=3,
        )
        return _Stack((block,), (0.0,), block.height_mm)
    found: list[_Stack] = []
    for count in range(1, min(_MOST_LINES, len(words)) + 1):
        lines = balanced(words, count, lambda line: sheet.set.width_mm(line, face, 10.0))
        made = _of_sizes(sheet, lines, face, [_MOST_MM * sheet.unit] * len(lines))
        while made.height > most_height:
            share = most_height / made.height
            smaller = [block.size_mm * min(share, 0.98) for block in made.blocks]
            made = _of_sizes(sheet, lines, face, smaller)
        found.append(made)
    return max(found, key=lambda x: x.ink)


def _of_sizes(sheet: Sheet, lines: tuple[str, ...], face: Face, most: list[float]) -> _Stack:
    """Set each line at most so large, with room for accents and tails between lines."""
    blocks = [
        sheet.set.lines((line,), face, width_mm=sheet.measure_width, height_mm=1e6, most_mm=one)
        for line, one in zip(lines, most, strict=True)
    ]
    offsets, y = [], 0.0
    for index, block in enumerate(blocks):
        above, below = sheet.set.overhang_mm(block)
        if index:
            y += _GAP * sheet.unit + above
        offsets.append(y)
        y += block.height_mm + below
    return _Stack(tuple(blocks), tuple(offsets), y)
