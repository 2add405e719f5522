"""Which layers a document has and in what order: changed copies, nothing in place."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from desktop.document.model import (
    Box,
    Document,
    DocumentKind,
    GroupLayer,
    Layer,
    PictureLayer,
    ShapeLayer,
    Shot,
    TextLayer,
    new_id,
)

Change = Callable[[tuple[Layer, ...]], tuple[Layer, ...]]


def map_stacks(document: Document, change: Change) -> Document:
    """Apply `change` to the page's layers and every shot's; what stays the same is shared."""
    layers = _shared(document.layers, change(document.layers))
    shots = tuple(_map_shot(shot, change) for shot in document.shots)
    if layers is document.layers and all(
        a is b for a, b in zip(shots, document.shots, strict=True)
    ):
        return document
    return replace(document, layers=layers, shots=shots)


def with_layer(document: Document, layer: Layer) -> Document:
    """Put `layer` in the place of the one with its id, wherever that is."""

    def swap(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        return tuple(_swapped(old, layer) for old in stack)

    return map_stacks(document, swap)


def without_layers(document: Document, ids: Collection[str]) -> Document:
    """Take layers away; a group that becomes empty goes too."""

    def drop(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        kept: list[Layer] = []
        for layer in stack:
            if layer.id in ids:
                continue
            if isinstance(layer, GroupLayer):
                inner = _shared(layer.layers, drop(layer.layers))
                if not inner:
                    continue
                layer = layer if inner is layer.layers else replace(layer, layers=inner)
            kept.append(layer)
        return tuple(kept)

    return map_stacks(document, drop)


def with_new_layer(document: Document, layer: Layer, *, time_s: float, index: int = -1) -> Document:
    """Add a layer to the page, or to the shot at `time_s`; on top, or below `index`.

    A scene without shots gets one of four seconds.
    """
    if document.kind is DocumentKind.POSTER:
        return replace(document, layers=_inserted(document.layers, layer, index))
    if not document.shots:
        document = replace(document, shots=(Shot(name="Shot 1", duration_s=4.0),))
    at = document.shot_at(time_s)
    shot = document.shots[at]
    shot = replace(shot, layers=_inserted(shot.layers, layer, index))
    return replace(document, shots=(*document.shots[:at], shot, *document.shots[at + 1 :]))


def reordered(document: Document, ids: tuple[str, ...]) -> Document:
    """Give the stack that holds just these layers this order, lowest first."""

    def sort(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        by_id = {layer.id: layer for layer in stack}
        return tuple(by_id[i] for i in ids) if set(by_id) == set(ids) else stack

    return map_stacks(document, sort)


def shifted(document: Document, ids: Collection[str], steps: int) -> Document:
    """Move layers up (above 0) or down in their stack, keeping their order among themselves."""

    def shift(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        order = list(stack)
        indices = [i for i, layer in enumerate(order) if layer.id in ids]
        for i in reversed(indices) if steps > 0 else indices:
            goal = min(max(i + steps, 0), len(order) - 1)
            order.insert(goal, order.pop(i))
        return tuple(order)

    return map_stacks(document, shift)


def copied(layer: Layer, dx_mm: float = 0.0, dy_mm: float = 0.0) -> Layer:
    """Return the same layer with ids of its own, moved."""
    box = layer.box.moved(dx_mm, dy_mm)
    if isinstance(layer, GroupLayer):
        inner = tuple(copied(x, dx_mm, dy_mm) for x in layer.layers)
        return replace(layer, id=new_id(), box=box, layers=inner)
    return replace(layer, id=new_id(), box=box)


def placed(layer: Layer, box: Box) -> Layer:
    """Return the layer in another box; a group's members move and grow with it."""
    if not isinstance(layer, GroupLayer):
        return replace(layer, box=box)
    old = layer.box
    scale_x = box.width_mm / old.width_mm if old.width_mm else 1.0
    scale_y = box.height_mm / old.height_mm if old.height_mm else 1.0

    def inner_box(member: Box) -> Box:
        return replace(
            member,
            x_mm=box.x_mm + (member.x_mm - old.x_mm) * scale_x,
            y_mm=box.y_mm + (member.y_mm - old.y_mm) * scale_y,
            width_mm=member.width_mm * scale_x,
            height_mm=member.height_mm * scale_y,
        )

    return replace(layer, box=box, layers=tuple(placed(x, inner_box(x.box)) for x in layer.layers))


def kind_name(layer: Layer) -> str:
    """Say what a layer is, in one lower-case word."""
    names = {
        PictureLayer: "picture",
        TextLayer: "text",
        ShapeLayer: "shape",
        GroupLayer: "group",
    }
    return names[type(layer)]


def _map_shot(shot: Shot, change: Change) -> Shot:
    layers = _shared(shot.layers, change(shot.layers))
    return shot if layers is shot.layers else replace(shot, layers=layers)


def _shared(old: tuple[Layer, ...], new: tuple[Layer, ...]) -> tuple[Layer, ...]:
    same = len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
    return old if same else new


def _swapped(old: Layer, new: Layer) -> Layer:
    if old.id == new.id:
        return new
    if isinstance(old, GroupLayer):
        inner = _shared(old.layers, tuple(_swapped(x, new) for x in old.layers))
        return old if inner is old.layers else replace(old, layers=inner)
    return old


def _inserted(stack: tuple[Layer, ...], layer: Layer, index: int) -> tuple[Layer, ...]:
    at = len(stack) if index < 0 else min(index, len(stack))
    return (*stack[:at], layer, *stack[at:])
