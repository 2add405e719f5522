"""See to it that every text can be read against the real pixels behind it."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.contrast import (
    READABLE,
    Scheme,
    alpha_of,
    contrast_over,
    mixed,
    with_alpha,
)
from desktop.document.contrast import (
    luminance as color_luminance,
)
from desktop.document.measuring import Luminance, Measure
from desktop.document.model import Box, Document, Fill, Layer, ShapeLayer, TextLayer
from desktop.document.sheet import SCRIM, grown, scrim_layer

_WANTED = READABLE + 0.25
"""A little more than is asked: the page is looked at smaller than it is printed."""

_STRONGEST = 0.96
_STEPS = 6
_ROUNDS = 3
_MIDDLE = 0.18  # the luminance with the same contrast to black and to white


def made_legible(
    document: Document, scheme: Scheme, *, measure: Measure, luminance: Luminance
) -> Document:
    """Return the document with colours and shades changed until every text can be read."""
    words = [x.id for x in document.layers if isinstance(x, TextLayer) and x.text.strip()]
    for _ in range(_ROUNDS):  # a shade for one text may be wrong for another's colour
        before = document
        for text_id in words:
            document = _with_readable(document, text_id, scheme, measure, luminance)
        if document is before:
            return document
    for text_id in words:
        layer, area = _text_and_area(document, text_id, measure)
        if contrast_over(layer.color, luminance(document, area)) < READABLE:
            on_dark = color_luminance(layer.color) > _MIDDLE
            document = _plated(document, layer, area, scheme.ground(on_dark))
            document = _recolored(document, layer, scheme.ink(on_dark))
    return document


def ink_box(layer: TextLayer, measure: Measure) -> Box:
    """Return the part of the page that a text really covers."""
    size = measure(layer)
    return Box(
        x_mm=layer.box.x_mm + size.ink_left_mm,
        y_mm=layer.box.y_mm + size.ink_top_mm,
        width_mm=max(0.1, size.ink_right_mm - size.ink_left_mm),
        height_mm=max(0.1, size.ink_bottom_mm - size.ink_top_mm),
    )


def _text_and_area(document: Document, text_id: str, measure: Measure) -> tuple[TextLayer, Box]:
    """Return a text and the area that its ink covers."""
    layer = document.layer(text_id)
    assert isinstance(layer, TextLayer)
    return layer, ink_box(layer, measure)


def _with_readable(
    document: Document, text_id: str, scheme: Scheme, measure: Measure, luminance: Luminance
) -> Document:
    """Make one text readable: its shade, then its colour, then a plate of its own."""
    layer, area = _text_and_area(document, text_id, measure)
    if contrast_over(layer.color, luminance(document, area)) >= _WANTED:
        return document
    on_dark = color_luminance(layer.color) > _MIDDLE
    for _ in range(_STEPS):
        stronger = _strengthened(document, area)
        if stronger is document:
            break
        document = stronger
        if contrast_over(layer.color, luminance(document, area)) >= _WANTED:
            return document
    for share in (0.35, 0.7, 1.0):  # keep the accent's hue as long as it can be read
        color = mixed(layer.color[:7], scheme.ink(on_dark), share)
        if contrast_over(color, luminance(document, area)) >= _WANTED:
            return _recolored(document, layer, color)
    other = scheme.ink(not on_dark)
    if contrast_over(other, luminance(document, area)) >= _WANTED:
        return _recolored(document, layer, other)
    if not any(x.id == f"scrim-{layer.id}" for x in document.layers):
        document = _shaded(document, layer, area, scheme.ground(on_dark))
    if contrast_over(layer.color, luminance(document, area)) >= _WANTED:
        return document
    document = _plated(document, layer, area, scheme.ground(on_dark))
    return _recolored(document, layer, scheme.ink(on_dark))


def _strengthened(document: Document, area: Box) -> Document:
    """Make the shades behind an area a step stronger; the same document if none can be."""
    changed = False
    layers: list[Layer] = []
    for layer in document.layers:
        if _is_scrim(layer) and _overlap(layer.box, area):
            assert isinstance(layer, ShapeLayer) and layer.fill is not None
            stronger = _stronger(layer.fill)
            changed = changed or stronger != layer.fill
            layer = replace(layer, fill=stronger)
        layers.append(layer)
    return replace(document, layers=tuple(layers)) if changed else document


def _stronger(fill: Fill) -> Fill:
    most = max(alpha_of(stop.color) for stop in fill.stops)
    if most >= _STRONGEST - 0.005 or most <= 0:
        return fill
    factor = min(_STRONGEST, most + 0.08) / most
    stops = tuple(
        replace(stop, color=with_alpha(stop.color, alpha_of(stop.color) * factor))
        for stop in fill.stops
    )
    return replace(fill, stops=stops)


def _recolored(document: Document, layer: TextLayer, color: str) -> Document:
    layers = tuple(
        replace(x, color=color) if isinstance(x, TextLayer) and x.id == layer.id else x
        for x in document.layers
    )
    return replace(document, layers=layers)


def _shaded(document: Document, layer: TextLayer, area: Box, color: str) -> Document:
    """Put a soft shade over the page's full width behind a text."""
    reach = max(area.height_mm * 0.5, layer.size_mm * 2)
    shade = scrim_layer(
        f"scrim-{layer.id}",
        document.width_mm,
        area.y_mm - reach,
        area.y_mm + area.height_mm + reach,
        color,
        0.88,
        "both",
    )
    return _below_words(document, shade)


def _plated(document: Document, layer: TextLayer, area: Box, color: str) -> Document:
    plate = ShapeLayer(
        id=f"plate-{layer.id}",
        name="Plate",
        box=grown(area, layer.size_mm * 0.3),
        fill=Fill.solid(color),
        corner_mm=layer.size_mm * 0.2,
    )
    layers: list[Layer] = []
    for x in document.layers:
        if x.id == layer.id:
            layers.append(plate)
        layers.append(x)
    return replace(document, layers=tuple(layers))


def _below_words(document: Document, shade: ShapeLayer) -> Document:
    """Put a shade above the background and the other shades, below all else."""
    at = 1
    for index, layer in enumerate(document.layers):
        if _is_scrim(layer):
            at = index + 1
    layers = document.layers
    return replace(document, layers=(*layers[:at], shade, *layers[at:]))


def _is_scrim(layer: Layer) -> bool:
    return isinstance(layer, ShapeLayer) and layer.name == SCRIM and layer.fill is not None


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x_mm < other.x_mm + other.width_mm
        and other.x_mm < one.x_mm + one.width_mm
        and one.y_mm < other.y_mm + other.height_mm
        and other.y_mm < one.y_mm + one.height_mm
    )
