"""Gallery: paper, the background as a print on it, the picture set into its corner."""

from __future__ import annotations

from desktop.document.model import Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import GROTESK, SERIF, italic, plain
from desktop.document.typesetting import Face

_QUIET = frozenset({"calm", "romantic", "melancholy", ""})


def gallery(sheet: Sheet) -> None:
    """Lay out upright: print, title at the left, facts in columns."""
    sheet.on_dark = False
    unit, content = sheet.unit, sheet.content
    width = sheet.measure_width
    face: Face = SERIF if content.mood in _QUIET else GROTESK
    second = italic(SERIF) if face is SERIF else plain(GROTESK)
    title = sheet.set.title(
        content.title,
        face,
        width_mm=width,
        height_mm=sheet.height * 0.2,
        most_mm=52 * unit,
        max_lines=3,
    )
    tagline = parts.line_block(
        sheet, content.tagline, second, width * 0.62, min(10.5 * unit, title.size_mm / 2.4)
    )
    body = parts.body_block(sheet, width * 0.62, 30 * unit)
    call = parts.call_block(sheet, width * 0.32, 4.2)
    fact_face = plain(GROTESK, 700)
    facts = parts.fact_columns_height(sheet, fact_face, width, 10.5 * unit)

    words = title.height_mm + title.descent_mm + 12 * unit + facts + 10 * unit
    words += tagline.height_mm + 6 * unit if content.tagline else 0.0
    words += body.height_mm + 6 * unit if content.body else 0.0
    room = sheet.bottom - sheet.top - words - 6 * unit
    high = min(max(room, sheet.height * 0.25), sheet.height * 0.6)

    page = Box(x_mm=0.0, y_mm=0.0, width_mm=sheet.width, height_mm=sheet.height)
    sheet.rectangle(page, sheet.ground, name="Paper")
    top = sheet.top
    sheet.background(Box(x_mm=sheet.left, y_mm=top, width_mm=width, height_mm=high))
    if content.picture_asset:
        side = min(high * 0.62, width * 0.42)
        box = Box(
            x_mm=sheet.right - side - 9 * unit,
            y_mm=top + high - side - 9 * unit,
            width_mm=side,
            height_mm=side,
        )
        sheet.window(box, Mask.RECTANGLE, mat=2.2 * unit, mat_color=sheet.ground)

    y = top + high + 12 * unit
    y = sheet.put(title, y, "title") + title.descent_mm + 7 * unit
    if content.tagline:
        y = sheet.put(tagline, y, "tagline", width=width * 0.62, color=sheet.accent) + 6.5 * unit
    if content.body:
        sheet.put(body, y, "body", width=width * 0.62)
    if content.call_to_action:
        wide, tall = parts.pill_size(sheet, call)
        if wide <= width * 0.36:
            parts.call_pill(
                sheet,
                call,
                x=sheet.right - wide,
                y=sheet.bottom - facts - 12 * unit - tall,
                color=sheet.accent,
            )
    parts.fact_columns(
        sheet, sheet.bottom - facts, fact_face, x=sheet.left, width=width, size=10.5 * unit
    )
