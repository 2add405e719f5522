"""The fields of a painting: everything that can be asked besides its words and its seed."""

from desktop.panels.painting.fields import PaintingFields

__all__ = ["PaintingFields"]
