"""Requests as recipes: kept with a layer, read back to replay, vary or reroll it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin, get_type_hints

from desktop.document.model import Recipe
from engines.api import (
    BackgroundRequest,
    BadRequest,
    CutoutRequest,
    GridRequest,
    ImageRequest,
    Kind,
    MusicRequest,
    Request,
    TextRequest,
    UpscaleRequest,
)

REQUESTS: dict[str, type[Any]] = {
    Kind.TEXT: TextRequest,
    Kind.IMAGE: ImageRequest,
    Kind.GRID: GridRequest,
    Kind.BACKGROUND: BackgroundRequest,
    Kind.UPSCALE: UpscaleRequest,
    Kind.CUTOUT: CutoutRequest,
    Kind.MUSIC: MusicRequest,
}

ASSET = "sha256:"

Read = Callable[[str], bytes]
"""Gives the bytes of an asset by its sha256, or raises KeyError."""


def recipe_of(request: Request, model: str) -> Recipe:
    """Keep a request; bytes in it, however deep, are named by their sha256."""
    fields = _plain(request)
    seed = int(fields.pop("seed", 0))
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    return Recipe(kind=str(request.kind), model=model, seed=seed, request=text)


def request_of(recipe: Recipe, read: Read, *, seed: int | None = None) -> Request:
    """Make the request of a recipe again, with another seed if told.

    Args:
        read: gives the bytes of an asset by its sha256.

    Raises:
        BadRequest: the recipe is of an unknown kind or was tampered with.
    """
    made_by = REQUESTS.get(recipe.kind)
    if made_by is None:
        raise BadRequest(f"there is no way to replay a recipe of kind {recipe.kind!r}")
    try:
        fields = json.loads(recipe.request)
        if "seed" in types_of(made_by):
            fields["seed"] = recipe.seed if seed is None else seed
        request: Request = value_of(fields, made_by, read)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(f"the layer's recipe cannot be read ({error})") from None
    return request


def without_start(recipe: Recipe) -> Recipe:
    """Return a recipe that starts from nothing: what it was started from may be gone.

    Raises:
        BadRequest: it was tampered with.
    """
    try:
        fields = json.loads(recipe.request)
        kept = {name: x for name, x in fields.items() if name not in ("init", "mask", "outpaint")}
    except (ValueError, AttributeError) as error:
        raise BadRequest(f"the layer's recipe cannot be read ({error})") from None
    return dataclasses.replace(recipe, request=json.dumps(kept, sort_keys=True))


def parts_of(value: Any) -> Iterator[bytes]:
    """Yield the pictures and scores in a request, however deep they lie; no empty ones."""
    if isinstance(value, bytes):
        if value:
            yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from parts_of(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from parts_of(getattr(value, field.name))


def value_of(value: Any, kind: Any, read: Read) -> Any:
    """Make a value of a request out of JSON, checked by its type.

    A dataclass stands as an object of its fields, of which unknown ones are
    left out, or as a list of them in their order.

    Raises:
        TypeError, ValueError, KeyError: it is of another type.
    """
    if kind is bytes:
        return read(_text(value).removeprefix(ASSET)) if value else b""
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is no list")
        return tuple(value_of(item, inner, read) for item in value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        types = types_of(kind)
        said = dict(zip(types, value, strict=False)) if isinstance(value, list) else value
        made_by: Callable[..., Any] = kind
        known = {name: x for name, x in said.items() if name in types}
        return made_by(**{name: value_of(x, types[name], read) for name, x in known.items()})
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind}")
    return value


def types_of(made_by: Any) -> dict[str, Any]:
    """Return the types of a request's fields by their names."""
    hints = get_type_hints(made_by)
    return {field.name: hints[field.name] for field in dataclasses.fields(made_by)}


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, bytes):
        return ASSET + hashlib.sha256(value).hexdigest() if value else ""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {x.name: _plain(getattr(value, x.name)) for x in dataclasses.fields(value)}
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
