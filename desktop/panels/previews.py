"""Pictures of work in progress and of results, for the panels."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.render.pictures import PictureError, decode
from desktop.theme import COLORS, ui_font
from engines.api import Pixels

CORNER_PX = 8.0


def pixmap_of(pixels: Pixels) -> QPixmap:
    """Turn an engine's raw preview into a pixmap."""
    image = QImage(
        pixels.rgb,
        pixels.width_px,
        pixels.height_px,
        pixels.width_px * 3,
        QImage.Format.Format_RGB888,
    )
    return QPixmap.fromImage(image.copy())


def pixmap_of_png(png: bytes, long_side_px: int) -> QPixmap:
    """Return a small copy of a picture."""
    try:
        image = decode(png, longest_px=2 * long_side_px)
    except PictureError:
        return QPixmap()
    size = image.size().scaled(
        QSize(long_side_px, long_side_px), Qt.AspectRatioMode.KeepAspectRatio
    )
    return QPixmap.fromImage(image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation))


class PictureBox(QWidget):
    """A frame for one picture; words stand in it while there is none."""

    def __init__(self, words: str, height_px: int = 200) -> None:
        super().__init__()
        self._words = words
        self._pixmap = QPixmap()
        self._height_px = height_px
        self.setMinimumHeight(height_px)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(240, self._height_px)

    def show_picture(self, pixmap: QPixmap) -> None:
        self._pixmap = pixmap
        self.update()

    def show_words(self, words: str) -> None:
        self._words, self._pixmap = words, QPixmap()
        self.update()

    @property
    def empty(self) -> bool:
        return self._pixmap.isNull()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        outline = QPainterPath()
        outline.addRoundedRect(area, CORNER_PX, CORNER_PX)
        painter.setPen(QColor(COLORS.line))
        painter.setBrush(QColor(COLORS.base))
        painter.drawPath(outline)
        if self._pixmap.isNull():
            painter.setPen(QColor(COLORS.muted))
            painter.setFont(ui_font(12))
            inner = area.adjusted(24, 8, -24, -8)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inner, int(flags), self._words)
        else:
            painter.setClipPath(outline)
            size = self._pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(area.center())
            painter.drawPixmap(target, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()
