"""What the layout asks of the renderer: how large words are and how light what is behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from desktop.document.model import Box, Document, TextLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSize:
    """The size of a text set in its box's width.

    `width_mm` is that of the widest line, `height_mm` of all line boxes.
    The ink is what is really drawn, measured from the box's upper left
    corner and before rotation. `broken` says that a word had to be broken.
    """

    width_mm: float
    height_mm: float
    lines: int
    ink_left_mm: float
    ink_top_mm: float
    ink_right_mm: float
    ink_bottom_mm: float
    broken: bool

    def fits(self, layer: TextLayer, slack_mm: float = 0.05) -> bool:
        """Say whether the words stay inside the layer's box, no word broken."""
        box = layer.box
        return (
            not self.broken
            and self.width_mm <= box.width_mm + slack_mm
            and self.height_mm <= box.height_mm + slack_mm
        )


Measure = Callable[[TextLayer], TextSize]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How light an area is: percentiles of its pixels' relative luminance (WCAG 2), 0 to 1."""

    p10: float
    p50: float
    p90: float


Luminance = Callable[[Document, Box], Spread]
"""Answers for a box of a page, with the page's words left out (of a scene, its first shot)."""
