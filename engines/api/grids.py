"""The pictures of a grid, one request each: shared by the engine that draws and all that tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product
from typing import Any

from engines.api.errors import BadRequest
from engines.api.pictures import Axis, GridRequest, ImageRequest

_LORA = re.compile(r"lora:([1-9]\d?)")
_TRUTH = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def _truth(text: str) -> bool:
    return _TRUTH[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": _truth,
}
AXIS_FIELDS = tuple(
    field.name for field in fields(ImageRequest) if field.type in _READERS and field.name != "count"
)
"""Fields of an `ImageRequest` that an axis may name, besides "lora:N"."""


def cells(request: GridRequest) -> tuple[ImageRequest, ...]:
    """Return the request of each picture of a grid.

    The values of the first axis follow each other (the columns of a sheet),
    then those of the second (its rows), then those of the third (a sheet each).

    Raises:
        BadRequest: an axis names no field, or a value does not suit its field.
    """
    turned = tuple(reversed(request.axes))
    made = []
    for values in product(*(axis.values for axis in turned)):
        cell = replace(request.base, count=1)
        for axis, value in zip(turned, values, strict=True):
            cell = _with(cell, axis, value)
        made.append(cell)
    return tuple(made)


def drawing_order(drawn: tuple[ImageRequest, ...]) -> tuple[int, ...]:
    """Return the order in which cells are drawn, as their numbers.

    Those of one model follow each other, within it those of the same LoRAs
    and of the same words, so that little is loaded twice. A grid that is
    finished early has the pictures of the first of these.
    """
    seen: dict[object, int] = {}

    def place(key: object) -> int:
        return seen.setdefault(key, len(seen))

    keys = [
        (
            place((cell.model, cell.vae)),
            place((cell.model, cell.vae, cell.loras)),
            place((cell.model, cell.prompt, cell.negative, cell.clip_skip)),
        )
        for cell in drawn
    ]
    return tuple(sorted(range(len(drawn)), key=lambda number: (keys[number], number)))


def _with(cell: ImageRequest, axis: Axis, value: str) -> ImageRequest:
    if axis.name == "prompt":
        if axis.values[0] not in cell.prompt:
            raise BadRequest(f"the prompt does not hold {axis.values[0]!r}, which should vary")
        return replace(cell, prompt=cell.prompt.replace(axis.values[0], value))
    if match := _LORA.fullmatch(axis.name):
        return _with_lora(cell, int(match[1]), value)
    types = {field.name: str(field.type) for field in fields(ImageRequest)}
    if axis.name not in AXIS_FIELDS:
        raise BadRequest(f"a grid cannot vary {axis.name!r}")
    try:
        read = _READERS[types[axis.name]](value.strip())
    except (ValueError, KeyError):
        raise BadRequest(f"{value!r} is no value for {axis.name}") from None
    return replace(cell, **{axis.name: read})


def _with_lora(cell: ImageRequest, number: int, value: str) -> ImageRequest:
    if number > len(cell.loras):
        raise BadRequest(f"there is no LoRA {number} whose weight could vary")
    try:
        weight = float(value)
    except ValueError:
        raise BadRequest(f"{value!r} is no weight of a LoRA") from None
    uses = list(cell.loras)
    uses[number - 1] = replace(uses[number - 1], weight=weight)
    return replace(cell, loras=tuple(uses))
