"""Judge a laid-out page: contrast, overflow, margins, overlaps, hierarchy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from desktop.document.contrast import READABLE, contrast_over
from desktop.document.legibility import ink_box
from desktop.document.measuring import Luminance, Measure
from desktop.document.model import (
    Box,
    Document,
    GroupLayer,
    Layer,
    Outline,
    PictureLayer,
    ShapeLayer,
    TextLayer,
)

_MARGIN_SHARE = 0.05
_TITLE_TO_BODY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was found; each tuple names layers (or pairs of layers) at fault.

    `contrast` is the least of all texts, against nine tenths of the pixels
    behind it. `title_to_body` is a ratio of sizes, 0 if one is missing.
    """

    contrast: float
    unreadable: tuple[str, ...]
    overflowing: tuple[str, ...]
    outside: tuple[str, ...]
    overlapping: tuple[tuple[str, str], ...]
    title_to_body: float

    @property
    def passed(self) -> bool:
        """Whether nothing is at fault."""
        faults = (self.unreadable, self.overflowing, self.outside, self.overlapping)
        return not any(faults) and (self.title_to_body == 0 or self.title_to_body >= _TITLE_TO_BODY)


def score(document: Document, *, measure: Measure, luminance: Luminance) -> Score:
    """Judge a poster; every text counts by the ink that is really drawn."""
    words = [
        x
        for x in document.all_layers()
        if isinstance(x, TextLayer) and x.visible and x.text.strip()
    ]
    inks = {layer.id: ink_box(layer, measure) for layer in words}
    contrasts = {x.id: contrast_over(x.color, luminance(document, inks[x.id])) for x in words}
    margin_mm = _MARGIN_SHARE * min(document.width_mm, document.height_mm)
    return Score(
        contrast=min(contrasts.values(), default=21.0),
        unreadable=tuple(name for name, value in contrasts.items() if value < READABLE),
        overflowing=tuple(x.id for x in words if not measure(x).fits(x)),
        outside=tuple(name for name, ink in inks.items() if not _inside(ink, document, margin_mm)),
        overlapping=tuple(_overlaps(document, inks)),
        title_to_body=_hierarchy(words),
    )


def _inside(ink: Box, document: Document, margin_mm: float) -> bool:
    return (
        ink.x_mm >= margin_mm
        and ink.y_mm >= margin_mm
        and ink.x_mm + ink.width_mm <= document.width_mm - margin_mm
        and ink.y_mm + ink.height_mm <= document.height_mm - margin_mm
    )


def _overlaps(document: Document, inks: dict[str, Box]) -> Iterator[tuple[str, str]]:
    """Yield texts that touch each other, and texts that a picture in a window touches."""
    for one, other in combinations(inks, 2):
        if _shared_mm2(inks[one], inks[other]) > 0.5:
            yield one, other
    for index, layer in enumerate(document.layers):
        for picture in _windows((layer,), document):
            above = document.layers[index + 1 :]
            for name, ink in inks.items():
                if _shared_mm2(picture.box, ink) > 0.5 and not _covered(ink, above):
                    yield picture.id, name


def _windows(layers: tuple[Layer, ...], document: Document) -> Iterator[PictureLayer]:
    for layer in layers:
        if isinstance(layer, GroupLayer):
            yield from _windows(layer.layers, document)
        elif isinstance(layer, PictureLayer):
            page = document.width_mm * document.height_mm
            if layer.box.width_mm * layer.box.height_mm < 0.9 * page:
                yield layer


def _covered(ink: Box, above: tuple[Layer, ...]) -> bool:
    """Say whether an opaque panel above a picture hides all of it behind an area."""
    return any(
        isinstance(layer, ShapeLayer)
        and layer.outline is Outline.RECTANGLE
        and layer.fill is not None
        and not any(len(stop.color) == 9 for stop in layer.fill.stops)
        and _shared_mm2(layer.box, ink) >= 0.999 * ink.width_mm * ink.height_mm
        for layer in above
    )


def _shared_mm2(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    width = min(one.x_mm + one.width_mm, other.x_mm + other.width_mm) - max(one.x_mm, other.x_mm)
    height = min(one.y_mm + one.height_mm, other.y_mm + other.height_mm) - max(one.y_mm, other.y_mm)
    return max(0.0, width) * max(0.0, height)


def _hierarchy(words: list[TextLayer]) -> float:
    titles = [x.size_mm for x in words if x.role == "title"]
    bodies = [x.size_mm for x in words if x.role == "body"]
    return max(titles) / max(bodies) if titles and bodies else 0.0
