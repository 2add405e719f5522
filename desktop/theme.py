"""How Triptych looks: one dark palette, one spacing grid of 8, one style sheet.

The rules are in `resources/theme.qss`; `$names` in it are replaced by what
stands here. Sizes are in Qt's logical pixels, so they hold at any scale.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from desktop.render.fonts import load_fonts

RESOURCES = Path(__file__).resolve().parents[1] / "resources"

UI_FAMILY = "Inter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colors:
    """The palette, "#rrggbb"; text on `panel` has a contrast of at least 4.5."""

    ground: str = "#121316"  # behind the canvas
    base: str = "#17181c"  # fields
    panel: str = "#1d1f24"
    raised: str = "#272a31"  # buttons, cards
    hover: str = "#31353e"
    line: str = "#2e3138"
    line_strong: str = "#434854"
    text: str = "#eceef2"
    muted: str = "#a2a8b5"
    faint: str = "#767d8c"  # only for what need not be read
    accent: str = "#f2a83b"
    accent_hover: str = "#ffbd5c"
    accent_press: str = "#d98f22"
    accent_soft: str = "#3a2f1d"
    selected: str = "#6a4d1c"  # behind selected letters
    on_accent: str = "#1a1306"
    words: str = "#86b7ff"
    picture: str = "#ff9d85"
    music: str = "#7fdcb2"
    good: str = "#7fd69a"
    bad: str = "#ff7f7a"
    bad_soft: str = "#3b2224"
    info_soft: str = "#1f2c3d"


COLORS = Colors()

UNIT = 8
"""The grid: distances are 4, 8, 12, 16, 24, 32."""

MEDIA = {
    "text": COLORS.words,
    "image": COLORS.picture,
    "background": COLORS.picture,
    "grid": COLORS.picture,
    "upscale": COLORS.picture,
    "cutout": COLORS.picture,
    "music": COLORS.music,
    "sound": COLORS.music,
}
"""The colour of each of the three panels' work, by kind of job."""

PARTS = (
    COLORS.music, COLORS.words, COLORS.picture, COLORS.accent, "#c79bff", "#6fd3e0", "#f48fb8",
    "#b9d66a",
)  # fmt: skip
"""One colour for each part of a score, in turn."""


def style_sheet() -> str:
    """Return the style sheet with the palette filled in."""
    template = Template((RESOURCES / "theme.qss").read_text(encoding="utf-8"))
    icons = (RESOURCES / "icons" / "drawn").as_posix()
    return template.substitute(asdict(COLORS), icons=icons, family=UI_FAMILY)


def palette() -> QPalette:
    """Return the palette for what the style sheet does not reach."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, color in (
        (roles.Window, COLORS.panel),
        (roles.WindowText, COLORS.text),
        (roles.Base, COLORS.base),
        (roles.AlternateBase, COLORS.panel),
        (roles.Text, COLORS.text),
        (roles.PlaceholderText, COLORS.faint),
        (roles.Button, COLORS.raised),
        (roles.ButtonText, COLORS.text),
        (roles.ToolTipBase, COLORS.raised),
        (roles.ToolTipText, COLORS.text),
        (roles.Highlight, COLORS.selected),
        (roles.HighlightedText, COLORS.text),
        (roles.Link, COLORS.words),
        (roles.Light, COLORS.hover),
        (roles.Midlight, COLORS.raised),
        (roles.Mid, COLORS.line),
        (roles.Dark, COLORS.ground),
        (roles.Shadow, "#000000"),
        (roles.BrightText, COLORS.bad),
    ):
        result.setColor(role, QColor(color))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(COLORS.faint))
    return result


def ui_font(size_px: int = 13, weight: int = 400) -> QFont:
    font = QFont(UI_FAMILY)
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def apply(application: QApplication) -> None:
    """Dress the whole application, before the first window; a second time costs nothing."""
    if application.styleSheet():
        return
    load_fonts()
    application.setStyle("Fusion")
    application.setPalette(palette())
    application.setFont(ui_font())
    application.setStyleSheet(style_sheet())
