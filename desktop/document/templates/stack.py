"""Stack: the title's words as large as the page is wide, one line each."""

from __future__ import annotations

from desktop.document.linebreaks import balanced, has_cjk, joined, pieces
from desktop.document.model import Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import BEBAS, POSTER
from desktop.document.typesetting import Block, Face

_SECOND = Face(family="Space Grotesk", weight=500, line_height=1.3)
_GAP = 4.2


def stack(sheet: Sheet) -> None:
    """Lay out upright: stacked title, then the picture beside words and facts."""
    unit, content = sheet.unit, sheet.content
    width = sheet.measure_width
    face = POSTER if content.mood in ("tense", "epic", "triumphant", "dark") else BEBAS
    lines = _stacked(sheet, face, sheet.height * 0.47)
    gap = _GAP * unit
    tall = sum(line.height_mm for line in lines) + gap * (len(lines) - 1)

    sheet.background()
    below = sheet.top + 11 * unit + tall
    sheet.scrim(0.0, sheet.height * 0.8, alpha=0.3, fades="down")
    sheet.scrim(below - 50 * unit, sheet.height, alpha=0.8)
    sheet.rule(sheet.left, sheet.top, 26 * unit, 2.2 * unit, sheet.accent, "Bar")
    y = sheet.top + 11 * unit
    for line in lines:
        y = sheet.put(line, y, "title") + gap
    y = below + 13 * unit

    column = width * 0.46
    side = min(width * 0.46, sheet.bottom - y)
    x = sheet.right - side
    box = Box(x_mm=x, y_mm=sheet.bottom - side, width_mm=side, height_mm=side)
    sheet.window(box, Mask.RECTANGLE, mat=1.2 * unit)
    _words(sheet, y, column, max(line.size_mm for line in lines))


def _words(sheet: Sheet, y: float, column: float, title_mm: float) -> None:
    """Set tagline and body from `y` down, and the facts from the bottom up."""
    unit, content = sheet.unit, sheet.content
    tagline = parts.line_block(
        sheet, content.tagline, _SECOND, column, min(9.5 * unit, title_mm / 2.5)
    )
    foot = sheet.bottom
    call = parts.call_block(sheet, column * 0.95, 4.4)
    if content.call_to_action:
        foot -= call.height_mm
        sheet.put(call, foot, "call", width=column)
        foot -= 9 * unit
    fact_face = Face(family="Space Grotesk", weight=700, line_height=1.25)
    facts = parts.texts(content.facts)
    blocks = parts.even_blocks(sheet, facts, fact_face, [column] * len(facts), 11.5 * unit)
    for block in reversed(blocks):
        foot -= block.height_mm
        sheet.put(block, foot, "fact", width=column, color=sheet.accent)
        foot -= 5.5 * unit
    foot -= 4 * unit
    if content.tagline and foot - y > tagline.height_mm:
        y = sheet.put(tagline, y, "tagline", width=column) + 7 * unit
    if content.body and foot - y > 10 * unit:
        body = parts.body_block(sheet, column, foot - y - 4 * unit)
        if body.height_mm <= foot - y:
            sheet.put(body, y, "body", width=column)


def _stacked(sheet: Sheet, face: Face, most_height: float) -> list[Block]:
    """Return the title as lines that are each as wide as the type area, if they may be so large."""
    text = " ".join(sheet.content.title.split())
    face = face.for_text(text)
    parts_ = pieces(text)
    gap = _GAP * sheet.unit
    most = 96 * sheet.unit
    best: list[Block] = []
    for count in range(1, min(5, len(parts_)) + 1):
        lines = balanced(parts_, count, lambda line: sheet.set.width_mm(line, face, 10.0))
        blocks = [
            sheet.set.lines(
                (line,), face, width_mm=sheet.measure_width, height_mm=1e4, most_mm=most
            )
            for line in lines
        ]
        tall = sum(block.height_mm for block in blocks) + gap * (count - 1)
        if tall > most_height:
            room = most_height - gap * (count - 1)
            even = room / (tall - gap * (count - 1))
            blocks = [
                sheet.set.lines(
                    (line,),
                    face,
                    width_mm=sheet.measure_width,
                    height_mm=1e4,
                    most_mm=block.size_mm * even,
                )
                for line, block in zip(lines, blocks, strict=True)
            ]
        if not best or _ink(blocks) > _ink(best):
            best = blocks
    if not best or (has_cjk(text) and len(best) > 3):
        return [
            sheet.set.title(
                joined(parts_),
                face,
                width_mm=sheet.measure_width,
                height_mm=most_height,
                most_mm=most,
            )
        ]
    return best


def _ink(blocks: list[Block]) -> float:
    """Return about how much of the page the words cover."""
    return sum(block.width_mm * block.height_mm for block in blocks)
