"""The icons: Lucide's line drawings, tinted when they are loaded."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop.theme import COLORS, RESOURCES

SIZES_PX = (16, 32)
"""What is drawn of each: for a screen at 100% and at 200%; between them Qt makes it smaller."""


@cache
def icon(name: str, color: str = COLORS.text) -> QIcon:
    """Return the drawing `resources/icons/<name>.svg` in one colour, greyed when disabled.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    svg = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for size_px in SIZES_PX:
        result.addPixmap(_drawn(svg, color, size_px), QIcon.Mode.Normal)
    largest_px = SIZES_PX[-1]
    result.addPixmap(_drawn(svg, COLORS.line_strong, largest_px), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, color: str, size_px: int, ratio: float = 1.0) -> QPixmap:
    """Return one drawing at one size; `ratio` is the screen's device pixels per logical one."""
    svg = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    drawn = _drawn(svg, color, round(size_px * ratio))
    drawn.setDevicePixelRatio(ratio)
    return drawn


def _drawn(svg: str, color: str, size_px: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", color).encode()))
    drawn = QPixmap(size_px, size_px)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    return drawn
