"""In which form each component of a lease is held: whole, or one of its smaller ways."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from engines.memory.lease import Component, Smaller

Way = Smaller[Any] | None
"""How a component is held; None is whole."""

MOST_CHOICES = 4096
"""Combinations that are compared; a lease of more is tried whole or smallest only."""


def size_of(component: Component[Any], way: Way) -> int:
    """Return what a component holds of the device in one of its forms, in bytes."""
    return component.size_bytes if way is None else way.size_bytes


def forms(component: Component[Any]) -> tuple[Way, ...]:
    """List a component's forms, the least harmful first."""
    return (None, *component.smaller)


def least_bytes(component: Component[Any]) -> int:
    """Return what a component holds in its smallest form."""
    return min(size_of(component, way) for way in forms(component))


def choose(
    components: Sequence[Component[Any]],
    room_bytes: int,
    allowed: Mapping[str, Sequence[Way]] | None = None,
) -> tuple[Way, ...] | None:
    """Choose the forms that fit into `room_bytes` with the least harm.

    Less harm is: fewer results that are not exact, then fewer steps down in
    all, then more bytes on the device.

    Args:
        components: What is held together.
        room_bytes: For all of them.
        allowed: By key, the only forms to choose from, the least harmful first.

    Returns:
        One form for each component, or None if none fit.
    """
    allowed = allowed or {}
    choices = [tuple(allowed.get(c.key) or forms(c)) for c in components]
    if math.prod(map(len, choices)) > MOST_CHOICES:
        choices = [(forms[0], forms[-1]) if len(forms) > 1 else forms for forms in choices]
    best: tuple[tuple[int, int, int], tuple[Way, ...]] | None = None
    for picked in itertools.product(*(enumerate(forms) for forms in choices)):
        ways = tuple(way for _, way in picked)
        held_bytes = sum(map(size_of, components, ways))
        if held_bytes > room_bytes:
            continue
        inexact = sum(way is not None and not way.exact for way in ways)
        harm = (inexact, sum(step for step, _ in picked), -held_bytes)
        if best is None or harm < best[0]:
            best = (harm, ways)
    return best and best[1]
