"""New places for layers; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from desktop.canvas.geometry import refitted
from desktop.document.arrangement import with_layer
from desktop.document.model import Box, Document, GroupLayer, Layer, TextLayer


def fitted(layer: Layer, box: Box, *, text_scale: float = 1.0) -> Layer:
    """Put a layer into another box; a group carries its members along.

    `text_scale` is how much the letters of a text grow.
    """
    if isinstance(layer, TextLayer):
        return replace(layer, box=box, size_mm=layer.size_mm * text_scale)
    if isinstance(layer, GroupLayer):
        before, after = replace(layer.box, rotation_deg=0.0), replace(box, rotation_deg=0.0)
        high = after.height_mm / before.height_mm if before.height_mm else 1.0
        members = tuple(
            fitted(member, refitted(member.box, before, after), text_scale=high)
            for member in layer.layers
        )
        return replace(layer, box=box, layers=members)
    return replace(layer, box=box)


def with_layers(document: Document, layers: Iterable[Layer]) -> Document:
    """Put changed layers where those of the same ids are."""
    for layer in layers:
        document = with_layer(document, layer)
    return document


def moved(document: Document, layers: Iterable[Layer], dx_mm: float, dy_mm: float) -> Document:
    """Move layers by a vector of the page."""
    return with_layers(document, [fitted(x, x.box.moved(dx_mm, dy_mm)) for x in layers])
