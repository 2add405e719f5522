"""Join layers in groups, open groups, and find what layers cover."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from desktop.document.arrangement import map_stacks
from desktop.document.model import Box, Document, GroupLayer, Layer, new_id


def grouped(
    document: Document, ids: Collection[str], *, name: str = "Group"
) -> tuple[Document, str]:
    """Join layers of one stack in a group, at the place of the highest.

    Returns the document and the group's id; with fewer than two layers the
    same document and an empty id.
    """
    group_id = ""

    def join(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        nonlocal group_id
        members = tuple(layer for layer in stack if layer.id in ids)
        if len(members) < 2 or group_id:
            return stack
        group_id = new_id()
        group = GroupLayer(id=group_id, name=name, box=bounds(members), layers=members)
        joined = {member.id for member in members[:-1]}
        return tuple(
            group if layer is members[-1] else layer for layer in stack if layer.id not in joined
        )

    return map_stacks(document, join), group_id


def ungrouped(document: Document, ids: Collection[str]) -> tuple[Document, frozenset[str]]:
    """Put the members of groups in their groups' places; returns the members' ids too."""
    freed: set[str] = set()

    def open_groups(stack: tuple[Layer, ...]) -> tuple[Layer, ...]:
        out: list[Layer] = []
        for layer in stack:
            if isinstance(layer, GroupLayer) and layer.id in ids:
                freed.update(member.id for member in layer.layers)
                out.extend(layer.layers)
            else:
                out.append(layer)
        return tuple(out)

    return map_stacks(document, open_groups), frozenset(freed)


def bounds(layers: Iterable[Layer]) -> Box:
    """Return the smallest upright box around the layers' unrotated boxes."""
    boxes = [layer.box for layer in layers]
    if not boxes:
        return Box(x_mm=0.0, y_mm=0.0, width_mm=0.0, height_mm=0.0)
    left, top = min(b.x_mm for b in boxes), min(b.y_mm for b in boxes)
    right = max(b.x_mm + b.width_mm for b in boxes)
    bottom = max(b.y_mm + b.height_mm for b in boxes)
    return Box(x_mm=left, y_mm=top, width_mm=right - left, height_mm=bottom - top)
