"""Requests as recipes: kept with a layer, read back to replay, vary or reroll it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

from desktop.document.model import Recipe
from engines.api import (
    BackgroundRequest,
    BadRequest,
    ImageRequest,
    Kind,
    LoraUse,
    MusicRequest,
    Request,
    TextRequest,
    UpscaleRequest,
)

REQUESTS: dict[str, type[Any]] = {
    Kind.TEXT: TextRequest,
    Kind.IMAGE: ImageRequest,
    Kind.BACKGROUND: BackgroundRequest,
    Kind.UPSCALE: UpscaleRequest,
    Kind.MUSIC: MusicRequest,
}

ASSET = "sha256:"


def recipe_of(request: Request, model: str) -> Recipe:
    """Keep a request; bytes in it are named by their sha256."""
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(request):
        value = getattr(request, field.name)
        if isinstance(value, bytes):
            value = ASSET + hashlib.sha256(value).hexdigest() if value else ""
        elif field.name == "loras":
            value = [[use.path, use.weight] for use in value]
        fields[field.name] = value
    seed = int(fields.pop("seed", 0))
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    return Recipe(kind=str(request.kind), model=model, seed=seed, request=text)


def request_of(recipe: Recipe, read: Callable[[str], bytes], *, seed: int | None = None) -> Request:
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
        known = {field.name: field for field in dataclasses.fields(made_by)}
        values = {
            name: value_of(value, str(known[name].type), read)
            for name, value in fields.items()
            if name in known
        }
        if "seed" in known:
            values["seed"] = recipe.seed if seed is None else seed
        request: Request = made_by(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRequest(f"the layer's recipe cannot be read ({error})") from None
    return request


def value_of(value: Any, type_name: str, read: Callable[[str], bytes]) -> Any:
    if type_name == "bytes":
        return read(value.removeprefix(ASSET)) if value else b""
    if type_name.startswith("tuple[LoraUse"):
        return tuple(LoraUse(path=str(path), weight=float(weight)) for path, weight in value)
    return tuple(value) if isinstance(value, list) else value
