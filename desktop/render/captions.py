"""Words over a scene: wrapped in the safe area, on a scrim that follows the lines."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from desktop.document.model import Align, Box, Caption, Document, TextLayer, VAlign
from desktop.render.colors import color
from desktop.render.outlines import rectangle
from desktop.render.text import fill_text, fit_size_mm, measure

SAFE = 0.08
"""The part of the frame at each edge that captions leave free (EBU R 95 asks 5% for titles)."""

_FADE_S = 0.25
_WIDTH = 0.76
_LEAST_SIZE_MM = 5.0


def caption_layer(document: Document, caption: Caption) -> TextLayer:
    """Return a caption as a text layer in the lower part of the safe area."""
    style = document.caption_style
    width_mm = document.width_mm * _WIDTH
    height_mm = document.height_mm * 0.3
    layer = TextLayer(
        id=caption.id,
        name="Caption",
        box=Box(
            x_mm=(document.width_mm - width_mm) / 2,
            y_mm=document.height_mm * (1 - SAFE) - height_mm,
            width_mm=width_mm,
            height_mm=height_mm,
        ),
        text=caption.text,
        family=style.family,
        weight=style.weight,
        size_mm=style.size_mm,
        color=style.color,
        align=Align.CENTER,
        valign=VAlign.BOTTOM,
        line_height=1.25,
        role="caption",
    )
    size_mm = fit_size_mm(layer, least_mm=min(_LEAST_SIZE_MM, style.size_mm), most_mm=style.size_mm)
    return replace(layer, size_mm=size_mm)


def draw_captions(document: Document, time_s: float, painter: QPainter) -> None:
    """Draw what is to be read at a time, with a short fade at both ends."""
    for caption in document.captions:
        if caption.text.strip() and caption.start_s <= time_s < caption.end_s:
            painter.save()
            painter.setOpacity(painter.opacity() * _presence(caption, time_s))
            _draw(document, caption, painter)
            painter.restore()


def _draw(document: Document, caption: Caption, painter: QPainter) -> None:
    layer = caption_layer(document, caption)
    size = measure(layer)
    box = layer.box
    pad_mm = layer.size_mm * 0.55
    top_mm = box.y_mm + box.height_mm - size.height_mm
    scrim = QRectF(
        box.x_mm + (box.width_mm - size.width_mm) / 2 - pad_mm * 1.3,
        top_mm - pad_mm * 0.6,
        size.width_mm + pad_mm * 2.6,
        size.height_mm + pad_mm * 1.2,
    )
    painter.fillPath(rectangle(scrim, layer.size_mm * 0.35), color(document.caption_style.scrim))
    painter.translate(box.x_mm, box.y_mm)
    fill_text(layer, painter)


def _presence(caption: Caption, time_s: float) -> float:
    fade_s = min(_FADE_S, (caption.end_s - caption.start_s) / 3)
    if fade_s <= 0:
        return 1.0
    edge_s = min(time_s - caption.start_s, caption.end_s - time_s)
    return min(1.0, max(0.0, edge_s / fade_s))
