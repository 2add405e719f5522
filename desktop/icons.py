"""The icons: Lucide's line drawings, tinted when they are loaded."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop.theme import COLORS, RESOURCES

SIZES_PX = (16, 20, 24, 32, 40, 48)
"""What is drawn of each, so that no scale of the screen blurs it."""


@cache
def icon(name: str, color: str = COLORS.text) -> QIcon:
    """Return the drawing `resources/icons/<name>.svg` in one colour, greyed when disabled.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    svg = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, COLORS.line_strong)):
        for size_px in SIZES_PX:
            result.addPixmap(_drawn(svg, tint, size_px), mode)
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
