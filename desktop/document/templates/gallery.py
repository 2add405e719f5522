"""Gallery: paper, the background as a print on it, the picture set into its corner."""

from __future__ import annotations

from desktop.document.model import Box, Mask
from desktop.document.sheet import Sheet
from desktop.document.templates import parts
from desktop.document.templates.faces import GROTESK, SERIF, italic, plain

_QUIET = frozenset({"calm", "romantic", "melancholy", ""})
_COLUMN = 0.62
"""The share of the type area's width that words below the title take."""


def gallery(sheet: Sheet) -> None:
    """Lay out upright: print, title at the left, facts in columns."""
    sheet.on_dark = False
    words = _Words(sheet)
    room = sheet.bottom - sheet.top - words.height - 12 * sheet.unit
    high = min(max(room, sheet.height * 0.22), sheet.height * 0.6)
    page = Box(x_mm=0.0, y_mm=0.0, width_mm=sheet.width, height_mm=sheet.height)
    sheet.rectangle(page, sheet.ground, name="Paper")
    _print(sheet, high)
    words.place(sheet.top + high + 12 * sheet.unit)


def _print(sheet: Sheet, high: float) -> None:
    unit, width = sheet.unit, sheet.measure_width
    sheet.background(Box(x_mm=sheet.left, y_mm=sheet.top, width_mm=width, height_mm=high))
    if sheet.content.picture_asset:
        side = min(high * 0.62, width * 0.42)
        box = Box(
            x_mm=sheet.right - side - 9 * unit,
            y_mm=sheet.top + high - side - 9 * unit,
            width_mm=side,
            height_mm=side,
        )
        sheet.window(box, Mask.RECTANGLE, mat=2.2 * unit, mat_color=sheet.ground)


class _Words:
    """All words of the page, set before anything is placed."""

    def __init__(self, sheet: Sheet) -> None:
        unit, content, width = sheet.unit, sheet.content, sheet.measure_width
        self._sheet = sheet
        face = SERIF if content.mood in _QUIET else GROTESK
        self._title = sheet.set.title(
            content.title,
            sheet.title_face(face),
            width_mm=width,
            height_mm=sheet.height * 0.2,
            most_mm=52 * unit,
            max_lines=3,
        )
        size = self._title.size_mm
        second = italic(SERIF) if face is SERIF else plain(GROTESK)
        column = width * _COLUMN
        self._tagline = parts.line_block(
            sheet, content.tagline, second, column, min(10.5 * unit, size / 2.4)
        )
        self._body = parts.body_block(sheet, column, 30 * unit, size)
        self._call = parts.call_block(sheet, width * 0.9, 4.2)
        self._fact_face = plain(GROTESK, 700)
        self._fact_size = min(10.5 * unit, size * 0.55)
        self._facts = parts.fact_columns_height(sheet, self._fact_face, width, self._fact_size)
        wide, self._pill = parts.pill_size(sheet, self._call)
        self._has_pill = bool(content.call_to_action) and wide < width * (1 - _COLUMN)
        self._has_line = bool(content.call_to_action) and not self._has_pill

    @property
    def height(self) -> float:
        """From the title's capitals to the lower edge of the type area."""
        unit, content = self._sheet.unit, self._sheet.content
        low = self._tagline.height_mm + 7 * unit if content.tagline else 0.0
        low += self._body.height_mm + 7 * unit if content.body else 0.0
        if self._has_pill:
            low = max(low, self._pill + 4 * unit)
        foot = self._facts + 9 * unit
        foot += self._call.height_mm + 9 * unit if self._has_line else 0.0
        return self._title.height_mm + self._title.descent_mm + 7 * unit + low + foot

    def place(self, y: float) -> None:
        """Put title, tagline and body from `y` down, facts and call from the bottom up."""
        sheet, content, unit = self._sheet, self._sheet.content, self._sheet.unit
        width = sheet.measure_width
        y = sheet.put(self._title, y, "title") + self._title.descent_mm + 7 * unit
        if content.tagline:
            column, color = width * _COLUMN, sheet.accent
            y = sheet.put(self._tagline, y, "tagline", width=column, color=color) + 7 * unit
        if content.body:
            sheet.put(self._body, y, "body", width=width * _COLUMN)
        foot = sheet.bottom
        if self._has_line:
            foot -= self._call.height_mm
            sheet.put(self._call, foot, "call", color=sheet.accent)
            foot -= 9 * unit
        foot -= self._facts
        parts.fact_columns(
            sheet, foot, self._fact_face, x=sheet.left, width=width, size=self._fact_size
        )
        if self._has_pill:
            x = sheet.right - parts.pill_size(sheet, self._call)[0]
            top = foot - 9 * unit - self._pill
            parts.call_pill(sheet, self._call, x=x, y=top, color=sheet.accent)
