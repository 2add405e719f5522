"""Set words in lines: measuring, wrapping, tracking, and drawing as outlines.

Lines are made by Qt at one fixed size, `_EM` units to the em and no hinting,
and scaled afterwards; so breaks and shapes are the same at every resolution.
On pixels a text is filled outlines, which have no glyph cache, no subpixel
colours and the same edges on every screen; in a PDF it stays text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import (
    QBrush,
    QFont,
    QPainter,
    QPainterPath,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
    QTransform,
)

from desktop.document.measuring import TextSize
from desktop.document.model import Align, TextLayer, VAlign
from desktop.render.colors import color
from desktop.render.fonts import drawable, font, spans, weights

__all__ = ["TextSize", "draw_as_text", "fit_size_mm", "measure", "text_path"]

_EM = 512
_PAIRS_KEPT = 1024


class _Style(NamedTuple):
    """All that decides how a text is set; the key of the cache."""

    text: str
    family: str
    weight: int
    italic: bool
    size_mm: float
    line_height: float
    tracking: float
    align: Align
    valign: VAlign
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class _Typeset:
    path: QPainterPath
    size: TextSize


def measure(layer: TextLayer) -> TextSize:
    """Return how large the layer's words are in its box's width."""
    return _typeset(_style(layer)).size


def text_path(layer: TextLayer) -> QPainterPath:
    """Return the words as outlines in mm, the origin at the box's upper left corner."""
    return _typeset(_style(layer)).path


def fit_size_mm(
    layer: TextLayer, *, least_mm: float, most_mm: float, step_mm: float = 0.1
) -> float:
    """Return the largest size at which the words fit their box, or `least_mm` if none does."""
    low, high = 0, max(0, int((most_mm - least_mm) / step_mm))
    while low < high:
        middle = (low + high + 1) // 2
        trial = replace(layer, size_mm=least_mm + middle * step_mm)
        if measure(trial).fits(trial):
            low = middle
        else:
            high = middle - 1
    return least_mm + low * step_mm


def draw_as_text(layer: TextLayer, painter: QPainter) -> None:
    """Draw the words with their fonts, for devices that keep text; origin as in `text_path`."""
    style = _style(layer)
    scale = style.size_mm / _EM
    painter.save()
    painter.scale(scale, scale)
    painter.setPen(QPen(color(layer.color)))
    layouts, height = _lay_out(style)
    top = _top(style, height)
    for layout, lines in layouts:
        for index, (x, baseline) in enumerate(lines):
            line = layout.lineAt(index)
            line.draw(painter, QPointF(x, top + baseline - line.ascent()) - line.position())
    painter.restore()


def _style(layer: TextLayer) -> _Style:
    text = layer.text.upper() if layer.uppercase else layer.text
    return _Style(
        drawable(text.replace("\r\n", "\n").replace("\t", " ")),
        layer.family,
        layer.weight,
        layer.italic,
        layer.size_mm,
        layer.line_height,
        layer.tracking,
        layer.align,
        layer.valign,
        layer.box.width_mm,
        layer.box.height_mm,
    )


def _font(style: _Style, family: str) -> QFont:
    made = font(family, style.weight, italic=style.italic, size_px=_EM)
    if style.tracking:
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, style.tracking * _EM)
    return made


_Lines = list[tuple[float, float]]


def _lay_out(style: _Style) -> tuple[list[tuple[QTextLayout, _Lines]], float]:
    """Return each paragraph with its lines' x and baselines, and the height, in units."""
    pitch = style.line_height * _EM
    main = _first_line_metrics(style.family, style.weight)
    lead = (pitch - main[0] - main[1]) / 2 + main[0]  # half-leading, as in CSS
    found: list[tuple[QTextLayout, _Lines]] = []
    y = 0.0
    for paragraph in style.text.split("\n"):
        layout = _broken_lines(paragraph, style)
        lines: _Lines = []
        for index in range(layout.lineCount()):
            lines.append((_line_x(layout, index, style), y + lead))
            y += pitch
        found.append((layout, lines))
    return found, y


def _broken_lines(paragraph: str, style: _Style) -> QTextLayout:
    layout = QTextLayout(paragraph, _font(style, style.family))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setUseDesignMetrics(True)
    layout.setTextOption(option)
    layout.setFormats(_formats(paragraph, style))
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(style.width_mm / style.size_mm * _EM + style.tracking * _EM)
    layout.endLayout()
    return layout


def _formats(paragraph: str, style: _Style) -> list[QTextLayout.FormatRange]:
    formats = []
    for span in spans(paragraph, style.family):
        if span.family != style.family:
            ranged = QTextLayout.FormatRange()
            ranged.start, ranged.length = span.start, span.length  # type: ignore[misc, assignment]
            look = QTextCharFormat()
            look.setFont(_font(_bolder(style), span.family))
            ranged.format = look  # type: ignore[misc, assignment]
            formats.append(ranged)
    return formats


def _bolder(style: _Style) -> _Style:
    """Make letters that a display family lacks as heavy as it is; its one weight counts as 400."""
    return style if len(weights(style.family)) > 1 else style._replace(weight=700)


@lru_cache(maxsize=64)
def _first_line_metrics(family: str, weight: int) -> tuple[float, float]:
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(font(family, weight, italic=False, size_px=_EM))
    return metrics.ascent(), metrics.descent()


def _line_x(layout: QTextLayout, index: int, style: _Style) -> float:
    spare = style.width_mm / style.size_mm * _EM - _line_width(layout, index, style)
    if style.align is Align.CENTER:
        return spare / 2
    return spare if style.align is Align.RIGHT else 0.0


def _line_width(layout: QTextLayout, index: int, style: _Style) -> float:
    """Return a line's width without the tracking after its last letter."""
    width = layout.lineAt(index).naturalTextWidth()
    return max(0.0, width - style.tracking * _EM) if width else 0.0


def _top(style: _Style, height: float) -> float:
    spare = style.height_mm / style.size_mm * _EM - height
    if style.valign is VAlign.MIDDLE:
        return spare / 2
    return spare if style.valign is VAlign.BOTTOM else 0.0


@lru_cache(maxsize=_PAIRS_KEPT)
def _typeset(style: _Style) -> _Typeset:
    scale = style.size_mm / _EM
    layouts, height = _lay_out(style)
    top = _top(style, height)
    path = QPainterPath()
    path.setFillRule(path.fillRule().WindingFill)
    widths = [0.0]
    for layout, lines in layouts:
        for index, (x, baseline) in enumerate(lines):
            widths.append(_line_width(layout, index, style))
            _add_line(path, layout, index, QPointF(x, top + baseline))
    path = QTransform.fromScale(scale, scale).map(path)
    ink = path.boundingRect() if not path.isEmpty() else QRectF()
    size = TextSize(
        width_mm=max(widths) * scale,
        height_mm=height * scale,
        lines=sum(len(lines) for _, lines in layouts),
        ink_left_mm=ink.left(),
        ink_top_mm=ink.top(),
        ink_right_mm=ink.right(),
        ink_bottom_mm=ink.bottom(),
        broken=any(_breaks_a_word(layout) for layout, _ in layouts),
    )
    return _Typeset(path, size)


def _add_line(path: QPainterPath, layout: QTextLayout, index: int, place: QPointF) -> None:
    """Add a line's outlines with its baseline's left end at `place`."""
    line = layout.lineAt(index)
    shift = place - QPointF(line.x(), line.y() + line.ascent())
    for run in line.glyphRuns():
        face = run.rawFont()
        for glyph, position in zip(run.glyphIndexes(), run.positions(), strict=True):
            path.addPath(face.pathForGlyph(glyph).translated(position + shift))


def _breaks_a_word(layout: QTextLayout) -> bool:
    return any(_is_inside_word(layout.text(), at) for at in _break_places(layout))


def _break_places(layout: QTextLayout) -> Iterator[int]:
    for index in range(1, layout.lineCount()):
        yield layout.lineAt(index).textStart()


def _is_inside_word(text: str, at_unit: int) -> bool:
    """Say whether a line that starts at a UTF-16 unit of `text` starts inside a word."""
    units = text.encode("utf-16-le")
    before = units[: 2 * at_unit].decode("utf-16-le", "ignore")[-1:]
    after = units[2 * at_unit :].decode("utf-16-le", "ignore")[:1]
    return before.isalnum() and after.isalnum() and not (_is_cjk(before) or _is_cjk(after))


def _is_cjk(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or char > "\U0001ffff"


def fill_text(layer: TextLayer, painter: QPainter) -> None:
    """Fill the words' outlines; origin as in `text_path`."""
    painter.fillPath(text_path(layer), QBrush(color(layer.color)))
