"""Arch: the picture in a doorway over the full background, everything on the middle axis."""

from __future__ import annotations

from desktop.document.model import Align, Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import SERIF, italic
from desktop.document.typesetting import Block, Face

_FACTS = Face(family="Inter", weight=600, tracking=0.09, uppercase=True, line_height=1.6)


def arch(sheet: Sheet) -> None:
    """Lay out upright: doorway, title, ornament, words, facts."""
    unit, content = sheet.unit, sheet.content
    middle, width = sheet.width / 2, sheet.measure_width
    title = sheet.set.title(
        content.title,
        sheet.title_face(SERIF),
        width_mm=width,
        height_mm=sheet.height * 0.2,
        most_mm=50 * unit,
        max_lines=3,
    )
    tagline = parts.line_block(
        sheet, content.tagline, italic(SERIF), width * 0.86, min(11.5 * unit, title.size_mm / 2.2)
    )
    body = parts.body_block(sheet, width * 0.78, 30 * unit, title.size_mm)
    facts = parts.fact_line(sheet, _FACTS, width * 0.96, min(8.6 * unit, title.size_mm * 0.55))
    call = parts.call_block(sheet, width * 0.8)

    foot = _foot_height(sheet, facts.height_mm, call.height_mm)
    below = 3 * unit + 14 * unit + title.height_mm + title.descent_mm + 9 * unit
    below += 9 * unit + tagline.height_mm if content.tagline else 0.0
    below += 8 * unit + body.height_mm if content.body else 0.0
    room = sheet.bottom - sheet.top - foot - below
    high = min(max(room, sheet.height * 0.24), sheet.height * 0.5)
    wide = min(high * 0.8, width * 0.68)

    sheet.background()
    sheet.scrim(sheet.height * 0.36, sheet.height, alpha=0.86)
    parts.frame(sheet)
    top = sheet.top + 3 * unit + max(0.0, (room - high) * 0.4)
    box = Box(x_mm=middle - wide / 2, y_mm=top, width_mm=wide, height_mm=high)
    sheet.window(box, Mask.ARCH, mat=1.6 * unit)

    y = top + high + 14 * unit
    y = sheet.put(title, y, "title", align=Align.CENTER) + title.descent_mm + 9 * unit
    parts.ornament(sheet, middle, y, sheet.accent)
    y += 9 * unit
    if content.tagline:
        y = sheet.put(tagline, y, "tagline", align=Align.CENTER) + 8 * unit
    if content.body:
        x = middle - width * 0.39
        sheet.put(body, y, "body", x=x, width=width * 0.78, align=Align.CENTER)
    _foot(sheet, facts, call)


def _foot_height(sheet: Sheet, facts: float, call: float) -> float:
    unit = sheet.unit
    height = facts + 9 * unit if sheet.content.facts else 0.0
    height += call + 8 * unit if sheet.content.call_to_action else 0.0
    return height + (5 * unit if height else 0.0)


def _foot(sheet: Sheet, facts: Block, call: Block) -> None:
    unit, y = sheet.unit, sheet.bottom
    if sheet.content.call_to_action:
        y -= call.height_mm
        sheet.put(call, y, "call", align=Align.CENTER)
        y -= 8 * unit
    if sheet.content.facts:
        y -= facts.height_mm
        sheet.put(facts, y, "fact", align=Align.CENTER, color=sheet.accent)
