"""A small picture of a document for file managers and galleries."""

from __future__ import annotations

from desktop.document.model import Document
from desktop.export.still import encode, still_time_s
from desktop.render.renderer import Renderer

LONGEST_PX = 512


def thumbnail_png(renderer: Renderer, document: Document) -> bytes:
    """Return the page, or a scene's first shot, as a PNG of at most `LONGEST_PX`."""
    scale = LONGEST_PX / max(document.width_mm, document.height_mm)
    size_px = (
        max(1, round(document.width_mm * scale)),
        max(1, round(document.height_mm * scale)),
    )
    return encode(renderer.image(document, still_time_s(document), size_px), ".png")
