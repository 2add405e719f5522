"""Parts that templates share: rows of facts, the call to action, running text."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.document.contrast import with_alpha
from desktop.document.linebreaks import pieces
from desktop.document.model import Align, Box
from desktop.document.sheet import Sheet, texts
from desktop.document.templates.faces import BODY, LABEL
from desktop.document.typesetting import Block, Face

BODY_MM = 6.1
"""The size of running text on A3: read at arm's length."""


def body_block(sheet: Sheet, width: float, most_height: float, title: float) -> Block:
    """Set the body text, at most a third of the title's size; smaller or shorter if it must be."""
    size = min(BODY_MM * sheet.unit, title / 3.1)
    return sheet.set.running(
        sheet.content.body,
        BODY,
        width_mm=width,
        height_mm=most_height,
        size_mm=size,
        least_mm=min(size, 4.4 * sheet.unit),
    )


def line_block(sheet: Sheet, text: str, face: Face, width: float, most: float) -> Block:
    """Set one or two lines at most `most` mm large, never below half of that unless they must."""
    face = face.for_text(text)
    parts = pieces(text)
    single = sheet.set.title(
        text, face, width_mm=width, height_mm=most * 4, most_mm=most, max_lines=1
    )
    if single.size_mm >= most * 0.8 or len(parts) < 2:
        return single
    return sheet.set.title(
        text, face, width_mm=width, height_mm=most * 4, most_mm=most, max_lines=3
    )


def fact_columns(
    sheet: Sheet, y: float, face: Face, *, x: float, width: float, size: float, rule: bool = True
) -> float:
    """Set the facts in columns under hairlines; returns the lowest baseline.

    Columns are as wide as their words ask for, within reason, so that a long
    place does not make a short day small.
    """
    facts = texts(sheet.content.facts)
    if not facts:
        return y
    gap = 6.0 * sheet.unit
    widths = _column_widths(sheet, facts, face, width - gap * (len(facts) - 1))
    blocks = even_blocks(sheet, facts, face, widths, size)
    bottom, place = y, x
    top = y + (6.0 * sheet.unit if rule else 0.0)
    for block, column in zip(blocks, widths, strict=True):
        if rule:
            sheet.rule(place, y, column, 0.7 * sheet.unit, sheet.ink)
        bottom = max(bottom, sheet.put(block, top, "fact", x=place, width=column))
        place += column + gap
    return bottom


def fact_columns_height(sheet: Sheet, face: Face, width: float, size: float) -> float:
    """Return the height that `fact_columns` will take, hairline included."""
    facts = texts(sheet.content.facts)
    if not facts:
        return 0.0
    gap = 6.0 * sheet.unit
    widths = _column_widths(sheet, facts, face, width - gap * (len(facts) - 1))
    blocks = even_blocks(sheet, facts, face, widths, size)
    return 6.0 * sheet.unit + max(block.height_mm for block in blocks)


def even_blocks(
    sheet: Sheet, facts: Sequence[str], face: Face, widths: Sequence[float], size: float
) -> list[Block]:
    """Set every fact at one size, the largest at which all fit their columns."""
    if not facts:
        return []
    faces = [face.for_text(fact) for fact in facts]
    blocks = [
        line_block(sheet, fact, one, width, size)
        for fact, one, width in zip(facts, faces, widths, strict=True)
    ]
    least = min(block.size_mm for block in blocks)
    return [
        sheet.set.lines(block.text.split("\n"), one, width_mm=width, height_mm=1e4, most_mm=least)
        for block, one, width in zip(blocks, faces, widths, strict=True)
    ]


def _column_widths(sheet: Sheet, facts: Sequence[str], face: Face, width: float) -> list[float]:
    wanted = [sheet.set.width_mm(fact, face.for_text(fact), 10.0) for fact in facts]
    mean = sum(wanted) / len(wanted) or 1.0
    shares = [min(2.0 * mean, max(0.75 * mean, one)) for one in wanted]
    return [width * share / sum(shares) for share in shares]


def fact_line(sheet: Sheet, face: Face, width: float, size: float) -> Block:
    """Set all facts in one line with dots between them, or in lines of their own."""
    facts = texts(sheet.content.facts)
    line = "  ·  ".join(facts)
    face = face.for_text(line)
    block = sheet.set.lines((line,), face, width_mm=width, height_mm=1e4, most_mm=size)
    if block.size_mm >= 0.72 * size or len(facts) < 2:
        return block
    lines = (facts[0], *facts[1:]) if len(facts) < 3 else ("  ·  ".join(facts[:-1]), facts[-1])
    return sheet.set.lines(lines, face, width_mm=width, height_mm=1e4, most_mm=size)


def call_block(sheet: Sheet, width: float, size: float = 5.0) -> Block:
    """Set the call to action in small spaced capitals."""
    return line_block(sheet, sheet.content.call_to_action, LABEL, width, size * sheet.unit)


def call_pill(sheet: Sheet, block: Block, *, x: float, y: float, color: str) -> None:
    """Draw the call to action in an outlined pill with its upper left corner at (x, y)."""
    width, height = pill_size(sheet, block)
    box = Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height)
    sheet.outline(box, with_alpha(color, 1.0), 0.5 * sheet.unit, corner=height / 2, name="Pill")
    sheet.put(
        block,
        y + (height - block.height_mm) / 2,
        "call",
        x=x,
        width=width,
        align=Align.CENTER,
        color=color,
    )


def pill_size(sheet: Sheet, block: Block) -> tuple[float, float]:
    """Return the width and height of `call_pill`."""
    return block.width_mm + 15.0 * sheet.unit, block.height_mm + 10.0 * sheet.unit


def frame(sheet: Sheet, inset: float = 10.0) -> None:
    """Draw a fine line around the page."""
    by = inset * sheet.unit
    box = Box(x_mm=by, y_mm=by, width_mm=sheet.width - 2 * by, height_mm=sheet.height - 2 * by)
    sheet.outline(box, with_alpha(sheet.ink, 0.6), 0.4 * sheet.unit)


def ornament(sheet: Sheet, middle: float, y: float, color: str) -> None:
    """Draw two fine rules with a lozenge between them, centred on (middle, y)."""
    unit = sheet.unit
    length, gap, side = 20.0 * unit, 4.5 * unit, 2.4 * unit
    thick = 0.45 * unit
    sheet.rule(middle - gap - length, y - thick / 2, length, thick, color)
    sheet.rule(middle + gap, y - thick / 2, length, thick, color)
    box = Box(
        x_mm=middle - side / 2,
        y_mm=y - side / 2,
        width_mm=side,
        height_mm=side,
        rotation_deg=45.0,
    )
    sheet.rectangle(box, color, name="Ornament")
