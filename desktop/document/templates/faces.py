"""The faces that titles are set in, and the small ones beside them."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.sheet import BODY, LABEL, POSTER
from desktop.document.typesetting import Face

__all__ = ["BEBAS", "BODY", "GROTESK", "LABEL", "OSWALD", "POSTER", "SERIF", "italic", "plain"]

SERIF = Face(family="DM Serif Display", line_height=1.06)
BEBAS = Face(family="Bebas Neue", line_height=0.94, uppercase=True)
GROTESK = Face(family="Space Grotesk", weight=700, line_height=1.02, tracking=-0.015)
OSWALD = Face(family="Oswald", weight=700, line_height=1.14, uppercase=True)


def italic(face: Face) -> Face:
    """Return the face for a line of its own under a title."""
    return replace(face, italic=True, tracking=0.0, line_height=1.25)


def plain(face: Face, weight: int = 500) -> Face:
    """Return a face's quieter companion: lower-case, lighter where there is a lighter weight."""
    return replace(face, weight=weight, uppercase=False, tracking=0.0, line_height=1.25)
