"""Small pictures of a document, for files and lists."""

from __future__ import annotations

from desktop.document.assets import AssetStore
from desktop.document.model import Document
from desktop.render.png import png_bytes
from desktop.render.renderer import Renderer

LONG_SIDE_PX = 512


def thumbnail_png(
    document: Document, assets: AssetStore, *, long_side_px: int = LONG_SIDE_PX
) -> bytes:
    """Return the page (a scene's first moment) as a PNG; may run on any thread."""
    longer_mm = max(document.width_mm, document.height_mm)
    scale = long_side_px / longer_mm
    size_px = (
        max(1, round(document.width_mm * scale)),
        max(1, round(document.height_mm * scale)),
    )
    image = Renderer(assets, proxy_px=long_side_px).image(document, 0.0, size_px)
    return png_bytes(image)
