"""Enlarging and cutting out, as lists and menus offer them: with what, and how long it takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu

from desktop.icons import icon
from desktop.theme import COLORS
from engines.api import Kind, ModelSpec, Role, enlarging_s

FACTORS = (2, 4, 8)
USED_CORES = 4
"""More than so many hardly make it faster."""

WORTH_SAYING_S = 5.0
UPSCALERS = (("", "Fast"), ("x4plus", "Finer: Real-ESRGAN x4plus"))


def upscalers_of(specs: Sequence[ModelSpec]) -> list[tuple[str, str]]:
    """Return ours and the library's upscalers as (value, words)."""
    return [*UPSCALERS, *((x.path, x.name or x.id) for x in specs if x.role is Role.UPSCALER)]


def can_cut_out(specs: Sequence[ModelSpec]) -> bool:
    """Say whether the library has a model that cuts out."""
    return any(spec.kind is Kind.CUTOUT for spec in specs)


def time_words(width_px: int, height_px: int, factor: int, upscaler: str) -> str:
    """Say how long this machine's processor takes to enlarge; empty if it is short or unknown."""
    seconds = enlarging_s(width_px, height_px, factor, upscaler) / min(USED_CORES, _cores())
    if seconds < WORTH_SAYING_S:
        return ""
    if seconds < 90:
        return f"about {5 * max(1, round(seconds / 5))} s"
    return f"about {round(seconds / 60)} min"


def _cores() -> int:
    return os.cpu_count() or 1


def add_enlarging(
    menu: QMenu,
    upscalers: Sequence[tuple[str, str]],
    size_px: tuple[int, int],
    wanted: Callable[[int, str], None],
) -> QMenu:
    """Add a menu of each upscaler, as (value, words), with each factor and its time."""
    inside = menu.addMenu(icon("image-upscale", COLORS.muted), "Enlarge")
    for value, words in upscalers:
        part = inside.addMenu(words)
        for factor in FACTORS:
            time = time_words(*size_px, factor, value)
            action = part.addAction(f"{factor} times, {time}" if time else f"{factor} times")
            action.triggered.connect(
                lambda _=False, factor=factor, value=value: wanted(factor, value)
            )
    return inside
