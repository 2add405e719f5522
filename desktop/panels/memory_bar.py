"""Who holds how much of the memory, as coloured parts of a bar and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.messages import size_text
from desktop.theme import COLORS
from engines.api import MemoryStatus, Tier

LEAST_PX = 2.0
"""What is there is seen, however little it is."""

GROUPS = {
    "text": "Words",
    "sentence": "Words",
    "image": "Pictures",
    "reader": "Pictures",
    "upscale": "Pictures",
    "music": "Music",
}
"""What a component is for, by the engine in its key."""

OTHER = "Other models"
GROUP_COLORS = {
    "Words": COLORS.words,
    "Pictures": COLORS.picture,
    "Music": COLORS.music,
    OTHER: COLORS.muted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One colour of a bar; a hatched one is kept free, not held."""

    name: str
    color: str
    size_bytes: int
    hatched: bool = False

    @property
    def words(self) -> str:
        return f"{self.name} {size_text(self.size_bytes)}"


def group_of(engine: str) -> str:
    """Return what an engine's components are for."""
    return GROUPS.get(engine, OTHER)


def held_parts(status: MemoryStatus) -> tuple[Part, ...]:
    """Return what the engines hold of the device: models by what they are for, and work.

    Their sum is `status.used_bytes`: working memory is a part of what is
    used, so models under way of loading count with the models.
    """
    sizes = dict.fromkeys(GROUP_COLORS, 0)
    for resident in status.residents:
        if resident.tier is Tier.DEVICE:
            sizes[group_of(resident.engine)] += resident.size_bytes
    parts = [
        Part(name=name, color=GROUP_COLORS[name], size_bytes=size)
        for name, size in sizes.items()
        if size
    ]
    if status.working_bytes:
        parts.append(Part(name="At work", color=COLORS.accent, size_bytes=status.working_bytes))
    return tuple(parts)


def device_parts(status: MemoryStatus) -> tuple[Part, ...]:
    """Return the whole device: what the engines hold, other programs, what is kept free."""
    parts = list(held_parts(status))
    if status.foreign_bytes:
        parts.append(
            Part(name="Other programs", color=COLORS.faint, size_bytes=status.foreign_bytes)
        )
    if status.headroom_bytes:
        parts.append(
            Part(
                name="Kept free",
                color=COLORS.muted,
                size_bytes=status.headroom_bytes,
                hatched=True,
            )
        )
    return tuple(parts)


def bar_spans(parts: Sequence[Part], whole_bytes: int, width_px: float) -> list[float]:
    """Return each part's width in pixels; together never more than the bar's."""
    if not parts or whole_bytes <= 0:
        return []
    widths = [max(LEAST_PX, width_px * part.size_bytes / whole_bytes) for part in parts]
    over = sum(widths)
    return [w * width_px / over for w in widths] if over > width_px else widths


class StackedBar(QWidget):
    """A bar of parts; what is left of the whole stays dark."""

    def __init__(self, height_px: int) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()
        self._whole_bytes = 0
        self.setFixedHeight(height_px)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    def show_parts(self, parts: tuple[Part, ...], whole_bytes: int) -> None:
        if (parts, whole_bytes) != (self._parts, self._whole_bytes):
            self._parts, self._whole_bytes = parts, whole_bytes
            self.setAccessibleName(", ".join(part.words for part in parts) or "empty")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        round_px = min(4.0, area.height() / 2)
        shape = QPainterPath()
        shape.addRoundedRect(area, round_px, round_px)
        painter.fillPath(shape, QColor(COLORS.line))
        painter.setClipPath(shape)
        left = area.left()
        for part, width_px in zip(
            self._parts, bar_spans(self._parts, self._whole_bytes, area.width()), strict=False
        ):
            place = QRectF(left, area.top(), max(1.0, width_px - 1.0), area.height())
            color = QColor(part.color)
            brush = QBrush(color, Qt.BrushStyle.BDiagPattern) if part.hatched else QBrush(color)
            painter.fillRect(place, brush)
            left += width_px
        painter.end()
