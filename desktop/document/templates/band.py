"""Band: a round picture like a moon, and the title on a bar of colour across the page."""

from __future__ import annotations

from desktop.document.contrast import contrast
from desktop.document.model import Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import POSTER
from desktop.document.typesetting import Face

_SECOND = Face(family="Oswald", weight=500, line_height=1.25)


def band(sheet: Sheet) -> None:
    """Lay out upright: disc, bar with the title, words and facts below."""
    unit, content = sheet.unit, sheet.content
    width = sheet.measure_width
    title = sheet.set.title(
        content.title,
        POSTER,
        width_mm=width,
        height_mm=sheet.height * 0.24,
        most_mm=62 * unit,
        max_lines=3,
    )
    tagline = parts.line_block(
        sheet, content.tagline, _SECOND, width, min(11.5 * unit, title.size_mm / 2.2)
    )
    body = parts.body_block(sheet, width * 0.8, 28 * unit, title.size_mm)
    fact_face = Face(family="Oswald", weight=700, uppercase=True, line_height=1.2, tracking=0.02)
    fact_size = min(13 * unit, title.size_mm * 0.55)
    facts = parts.fact_columns_height(sheet, fact_face, width, fact_size)
    call = parts.call_block(sheet, width * 0.5)

    bar = title.height_mm + 22 * unit
    below = facts + 14 * unit if content.facts else 0.0
    below += tagline.height_mm + 10 * unit if content.tagline else 0.0
    below += body.height_mm + 8 * unit if content.body else 0.0
    below += call.height_mm + 9 * unit if content.call_to_action else 0.0
    bar_top = min(sheet.bottom - below - bar, sheet.height * 0.66)
    disc = min(sheet.width * 0.62, bar_top - sheet.top * 0.9 + 12 * unit)

    sheet.background()
    sheet.scrim(sheet.height * 0.4, sheet.height, alpha=0.88)
    box = Box(
        x_mm=sheet.width / 2 - disc / 2,
        y_mm=bar_top + 14 * unit - disc,
        width_mm=disc,
        height_mm=disc,
    )
    sheet.window(box, Mask.ELLIPSE, mat=2.4 * unit, mat_color=sheet.accent)
    color = sheet.accent
    panel = Box(x_mm=0.0, y_mm=bar_top, width_mm=sheet.width, height_mm=bar)
    sheet.rectangle(panel, color, name="Bar")
    ink = sheet.scheme.dark if contrast(sheet.scheme.dark, color) >= 4.5 else sheet.scheme.light
    sheet.put(title, bar_top + 11 * unit, "title", color=ink)

    y = bar_top + bar + 11 * unit
    if content.tagline:
        y = sheet.put(tagline, y, "tagline") + 9 * unit
    if content.body:
        sheet.put(body, y, "body", width=width * 0.8)
    y = sheet.bottom
    if content.call_to_action:
        y -= call.height_mm
        sheet.put(call, y, "call", color=sheet.accent)
        y -= 9 * unit
    parts.fact_columns(sheet, y - facts, fact_face, x=sheet.left, width=width, size=fact_size)
