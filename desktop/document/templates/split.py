"""Split: half picture, half colour; on a page that lies on its side, left and right."""

from __future__ import annotations

from desktop.document.model import Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import GROTESK, OSWALD, plain
from desktop.document.typesetting import Block, Face

_LOUD = frozenset({"epic", "triumphant", "tense"})


def split(sheet: Sheet) -> None:
    """Lay out on any page: background and picture on one side, all words on the other."""
    unit, content = sheet.unit, sheet.content
    face = OSWALD if content.mood in _LOUD else GROTESK
    sheet.on_dark = content.mood not in ("playful", "hopeful", "calm")
    if sheet.wide:
        x, width = sheet.left, sheet.width * 0.5 - sheet.margin * 1.6
        height = sheet.bottom - sheet.top
    else:
        x, width = sheet.left, sheet.measure_width
        height = sheet.height * 0.46
    words = _Words(sheet, face, width, height)
    if sheet.wide:
        panel = Box(x_mm=0.0, y_mm=0.0, width_mm=sheet.width * 0.5, height_mm=sheet.height)
        view = Box(
            x_mm=sheet.width * 0.5,
            y_mm=0.0,
            width_mm=sheet.width * 0.5,
            height_mm=sheet.height,
        )
    else:
        top = min(sheet.height * 0.58, sheet.bottom - words.height - 14 * unit)
        panel = Box(x_mm=0.0, y_mm=top, width_mm=sheet.width, height_mm=sheet.height - top)
        view = Box(x_mm=0.0, y_mm=0.0, width_mm=sheet.width, height_mm=top)
    sheet.rectangle(panel, sheet.ground)
    sheet.background(view)
    _picture(sheet, view)
    top = sheet.top if sheet.wide else panel.y_mm + 14 * unit
    sheet.rule(x, top, 26 * unit, 2.2 * unit, sheet.accent, "Bar")
    words.place(x, top + 11 * unit)


def _picture(sheet: Sheet, view: Box) -> None:
    unit = sheet.unit
    if not sheet.content.picture_asset:
        return
    side = min(view.width_mm, view.height_mm) * 0.7
    box = Box(
        x_mm=view.x_mm + (view.width_mm - side) / 2,
        y_mm=view.y_mm + (view.height_mm - side) / 2,
        width_mm=side,
        height_mm=side,
    )
    sheet.window(box, Mask.ELLIPSE, mat=2.0 * unit)


class _Words:
    """All words of the page, set for a column before anything is placed."""

    def __init__(self, sheet: Sheet, face: Face, width: float, height: float) -> None:
        unit, content = sheet.unit, sheet.content
        self._sheet, self._width = sheet, width
        self._fact_face = plain(GROTESK, 700)
        self._call = parts.call_block(sheet, width, 4.6)
        self._title: Block = sheet.set.title(
            content.title,
            sheet.title_face(face),
            width_mm=width,
            height_mm=height * 0.42,
            most_mm=56 * unit,
            max_lines=4,
        )
        self._fact_size = min(10.5 * unit, self._title.size_mm * 0.55)
        self._facts = parts.fact_columns_height(sheet, self._fact_face, width, self._fact_size)
        self._tagline = parts.line_block(
            sheet,
            content.tagline,
            plain(GROTESK),
            width * 0.9,
            min(10 * unit, self._title.size_mm / 2.4),
        )
        room = height - self._fixed()
        self._body = parts.body_block(
            sheet, min(width, 190 * unit), max(room, 8 * unit), self._title.size_mm
        )
        self._has_body = bool(content.body) and self._body.height_mm <= room

    def _fixed(self) -> float:
        unit, content = self._sheet.unit, self._sheet.content
        total = 11 * unit + self._title.height_mm + self._title.descent_mm + 16 * unit
        total += self._tagline.height_mm + 7 * unit if content.tagline else 0.0
        total += self._facts + 6 * unit if content.facts else 0.0
        return total + (self._call.height_mm + 9 * unit if content.call_to_action else 0.0)

    @property
    def height(self) -> float:
        body = self._body.height_mm + 7 * self._sheet.unit if self._has_body else 0.0
        return self._fixed() + body

    def place(self, x: float, y: float) -> None:
        """Put title, tagline and body from `y` down, facts and call from the bottom up."""
        sheet, content, unit = self._sheet, self._sheet.content, self._sheet.unit
        width = self._width
        y = sheet.put(self._title, y, "title", x=x, width=width)
        y += self._title.descent_mm + 8 * unit
        if content.tagline:
            color = sheet.accent
            y = sheet.put(self._tagline, y, "tagline", x=x, width=width, color=color) + 7 * unit
        if self._has_body:
            sheet.put(self._body, y, "body", x=x, width=min(width, 190 * unit))
        foot = sheet.bottom
        if content.call_to_action:
            foot -= self._call.height_mm
            sheet.put(self._call, foot, "call", x=x, width=width, color=sheet.accent)
            foot -= 9 * unit
        parts.fact_columns(
            sheet, foot - self._facts, self._fact_face, x=x, width=width, size=self._fact_size
        )
