"""The `image` command: the request that its options make, and the files it writes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from desktop.document.picture_metadata import (
    MetadataError,
    PictureSettings,
    read_settings,
    with_settings,
)
from desktop.image_options import BACKGROUNDS
from desktop.picture_recipes import Likeness, likeness, settings_of, settled
from desktop.recipes import recipe_of
from desktop.settings import history_folder
from engines.api import (
    BackgroundRequest,
    BadRequest,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
)

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_OPTIONS = ("negative", "model", "steps", "guidance", "sampler", "count", "strength", "upscale")
"""Options that are fields of a request as they stand."""

Read = Callable[[Path | None], bytes]


def like(path: Path, data: bytes, specs: Sequence[ModelSpec]) -> Likeness:
    """Return what a picture's file says about its making, as fields of a request.

    Raises:
        BadRequest: it does not say, or cannot be understood.
    """
    from desktop.gallery import Gallery

    try:
        settings = read_settings(data)
    except MetadataError as problem:
        raise BadRequest(f"{path.name} cannot be understood: {problem.reason}") from None
    if settings is None:
        raise BadRequest(f"{path.name} does not say how it was made")
    return likeness(settings, specs, Gallery(history_folder()).read)


def image_request(
    arguments: argparse.Namespace,
    found: Likeness | None,
    *,
    seed: int,
    size_px: tuple[int, int] | None,
    read: Read,
) -> ImageRequest | BackgroundRequest:
    """Return what the options say, and what they leave open as in `found`.

    Args:
        seed: The one asked for, else a fresh one, which a found one replaces.
        size_px: None if it was not said.
        read: gives a picture's file as PNG; none gives none.
    """
    fields: dict[str, Any] = dict(found.fields) if found is not None else {}
    if arguments.seed is not None or "seed" not in fields:
        fields["seed"] = seed
    if arguments.prompt is not None or "prompt" not in fields:
        fields["prompt"] = arguments.prompt or ""
    if size_px is not None:
        fields["width_px"], fields["height_px"] = size_px
    is_background = found is not None and found.kind == Kind.BACKGROUND
    if arguments.model == BACKGROUNDS or (is_background and arguments.model is None):
        return BackgroundRequest(
            prompt=fields["prompt"],
            seed=fields["seed"],
            width_px=fields.get("width_px") or 1024,
            height_px=fields.get("height_px") or 1024,
        )
    for name in _OPTIONS:
        if getattr(arguments, name) is not None:
            fields[name] = getattr(arguments, name)
    if arguments.init is not None:
        fields.pop("mask", None)
        fields["init"] = read(arguments.init)
    if arguments.mask is not None:
        fields["mask"] = read(arguments.mask)
    if arguments.lora is not None:
        fields["loras"] = tuple(_lora(text) for text in arguments.lora)
    return ImageRequest(**fields)


def described(
    request: ImageRequest | BackgroundRequest,
    result: ImageResult,
    sha256_of: Callable[[str], str],
) -> list[PictureSettings]:
    """Return what the file of each picture of a result says about its making."""
    numbers = range(len(result.pictures))
    asked = (settled(request, result, number) for number in numbers)
    return [settings_of(recipe_of(one, result.model), sha256_of) for one in asked]


def file_of(png: bytes, settings: PictureSettings, suffix: str) -> bytes:
    """Return a picture as a file of the kind that a suffix asks for, with how it was made."""
    if suffix != ".png":
        from desktop.render.pictures import convert

        png = convert(png, suffix)
    return with_settings(png, settings)


def _lora(text: str) -> LoraUse:
    path, colon, weight = text.rpartition(":")
    try:
        return LoraUse(path=path, weight=float(weight)) if colon and path else LoraUse(path=text)
    except ValueError:
        return LoraUse(path=text)
