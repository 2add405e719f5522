"""Lay out posters and scenes: pure functions of the content, the page and the seed.

A template places everything; then every text is looked at against the real
pixels behind it, and shades are strengthened or added until nine tenths of
these give the contrast that reading needs.
"""

from __future__ import annotations

from desktop.document.content import PosterContent, SceneContent, ShotContent
from desktop.document.legibility import made_legible
from desktop.document.measuring import Luminance, Measure
from desktop.document.model import Document, DocumentKind
from desktop.document.scene_layout import lay_out_scene
from desktop.document.sheet import Sheet
from desktop.document.templates import TEMPLATES, choose

__all__ = [
    "PosterContent",
    "SceneContent",
    "ShotContent",
    "lay_out_poster",
    "lay_out_scene",
]


def lay_out_poster(
    content: PosterContent,
    *,
    width_mm: float = 297.0,
    height_mm: float = 420.0,
    dpi: float = 150.0,
    template: str = "",
    seed: int = 0,
    measure: Measure,
    luminance: Luminance,
) -> Document:
    """Return a poster of the content.

    Args:
        template: one of `TEMPLATES`; empty lets mood and seed choose.
        measure: how large words are.
        luminance: how light the page is somewhere, words left out.

    Raises:
        ValueError: there is no template of that name.
    """
    sheet = Sheet(content, width_mm, height_mm, measure)
    name = template or choose(content.mood, seed, wide=sheet.wide)
    if name not in TEMPLATES:
        raise ValueError(f"there is no template {name!r}; there are {', '.join(TEMPLATES)}")
    if sheet.wide and name in _UPRIGHT:
        name = "split"
    TEMPLATES[name](sheet)
    document = Document(
        kind=DocumentKind.POSTER,
        title=content.title,
        width_mm=width_mm,
        height_mm=height_mm,
        dpi=dpi,
        seed=seed,
        background=sheet.ground,
        layers=tuple(sheet.layers),
    )
    return made_legible(document, sheet.scheme, measure=measure, luminance=luminance)


_UPRIGHT = frozenset({"arch", "band", "cinema", "gallery", "stack"})
