"""Cinema: the background is the picture; title and credits low on the middle axis."""

from __future__ import annotations

from desktop.document.model import Align, Box, Mask, Outline
from desktop.document.sheet import Sheet, grown
from desktop.document.templates import parts
from desktop.document.templates.faces import SERIF, italic
from desktop.document.typesetting import Block, Face

_FACTS = Face(family="Inter", weight=500, tracking=0.09, line_height=1.7, uppercase=True)


def cinema(sheet: Sheet) -> None:
    """Lay out upright: a medallion, much air, then title, line, credits and facts."""
    unit, content = sheet.unit, sheet.content
    middle, width = sheet.width / 2, sheet.measure_width
    face = Face(family="DM Serif Display", tracking=0.06, line_height=1.1, uppercase=True)
    title = sheet.set.title(
        content.title,
        sheet.title_face(face),
        width_mm=width,
        height_mm=sheet.height * 0.19,
        most_mm=44 * unit,
        max_lines=3,
    )
    tagline = parts.line_block(
        sheet, content.tagline, italic(SERIF), width * 0.8, min(11 * unit, title.size_mm / 2.4)
    )
    body = parts.body_block(sheet, width * 0.74, 26 * unit, title.size_mm)
    facts = parts.fact_line(sheet, _FACTS, width * 0.96, min(7.6 * unit, title.size_mm * 0.5))
    call = parts.call_block(sheet, width * 0.7, 4.4)
    sheet.background()
    sheet.scrim(sheet.height * 0.42, sheet.height, alpha=0.9)
    side = min(sheet.width * 0.5, sheet.height * 0.36)
    y = _foot(sheet, facts, call, body)
    y -= title.height_mm
    title_top = y
    if content.tagline:
        y -= tagline.descent_mm + tagline.height_mm + 12 * unit
    tagline_top = y
    room = y - 16 * unit - sheet.top
    side = min(side, room)
    top = sheet.top + max(0.0, (room - side) * 0.42)
    if content.picture_asset and side > 40 * unit:
        box = Box(x_mm=middle - side / 2, y_mm=top, width_mm=side, height_mm=side)
        sheet.outline(
            grown(box, 3.4 * unit),
            sheet.ink,
            0.5 * unit,
            outline=Outline.ELLIPSE,
            name="Ring",
        )
        sheet.window(box, Mask.ELLIPSE)
    sheet.put(title, title_top, "title", align=Align.CENTER)
    if content.tagline:
        sheet.put(tagline, tagline_top, "tagline", align=Align.CENTER, color=sheet.accent)


def _foot(sheet: Sheet, facts: Block, call: Block, body: Block) -> float:
    """Set what stands below the title, from the bottom up; returns where the title may end."""
    unit, content = sheet.unit, sheet.content
    y = sheet.bottom
    if content.call_to_action:
        y -= call.height_mm
        sheet.put(call, y, "call", align=Align.CENTER)
        y -= 8 * unit
    if content.facts:
        y -= facts.height_mm
        sheet.put(facts, y, "fact", align=Align.CENTER, color=sheet.accent)
        y -= 9 * unit
        sheet.rule(sheet.width / 2 - 30 * unit, y, 60 * unit, 0.4 * unit, sheet.ink)
        y -= 9 * unit
    if content.body:
        y -= body.height_mm
        width = sheet.measure_width * 0.74
        x = sheet.width / 2 - width / 2
        sheet.put(body, y, "body", x=x, width=width, align=Align.CENTER)
        y -= 11 * unit
    return y
