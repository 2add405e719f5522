"""The theme's colours as the canvas and the timeline use them."""

from __future__ import annotations

from PySide6.QtGui import QColor

from desktop.theme import COLORS, MEDIA, PARTS

PASTEBOARD = QColor(COLORS.ground)
PANEL = QColor(COLORS.panel)
LANE = QColor(COLORS.base)
RAISED = QColor(COLORS.raised)
HOVER = QColor(COLORS.hover)
LINE = QColor(COLORS.line)
LINE_STRONG = QColor(COLORS.line_strong)
TEXT = QColor(COLORS.text)
TEXT_DIM = QColor(COLORS.muted)
FAINT = QColor(COLORS.faint)
BLACK_KEY = QColor(0, 0, 0, 46)
ACCENT = QColor(COLORS.accent)
ON_ACCENT = QColor(COLORS.on_accent)
HANDLE = QColor(COLORS.text)
HALO = QColor(0, 0, 0, 90)
"""Around the marks on the page, so that they show on a bright picture too."""

SHADOW = QColor(0, 0, 0)
GUIDE = QColor("#3ddcff")
"""Unlike anything else in the window, as guides lie on the picture itself."""

PLAYHEAD = QColor(COLORS.accent)
CAPTION = QColor(COLORS.words)
MUSIC = QColor(MEDIA["music"])

TRACKS = tuple(map(QColor, PARTS))
"""One colour for each track of a score, in turn."""


def faint(color: QColor, alpha: int) -> QColor:
    """Return a colour through which more of what is below shows; `alpha` is 0 to 255."""
    return QColor(color.red(), color.green(), color.blue(), alpha)
