"""Draw documents: one renderer for the canvas, thumbnails, exports and the command line."""

from desktop.render.fonts import FAMILIES, load_fonts
from desktop.render.renderer import Renderer, page_transform

__all__ = ["FAMILIES", "Renderer", "load_fonts", "page_transform"]
