"""Our own words in a picture: all of the recipe as JSON, without a clock."""

from __future__ import annotations

import json
from typing import Any

from desktop.document.picture_metadata import values
from desktop.document.picture_metadata.described import MetadataError, Named, PictureSettings

VERSION = 1
KEYWORD = "triptych"


def write(settings: PictureSettings) -> str:
    """Return the settings as JSON in ASCII letters; the same settings give the same text."""
    said = {
        "version": VERSION,
        "engine": settings.version,
        "kind": settings.kind,
        "prompt": settings.prompt,
        "negative": settings.negative,
        "seed": settings.seed,
        "steps": settings.steps,
        "sampler": settings.sampler,
        "guidance": settings.guidance,
        "width_px": settings.width_px,
        "height_px": settings.height_px,
        "model": {"id": settings.model.name, "sha256": settings.model.digest},
        "loras": [
            {"name": lora.name, "sha256": lora.digest, "weight": lora.weight}
            for lora in settings.loras
        ],
        "init": settings.init,
        "mask": settings.mask,
        "strength": settings.strength,
        "upscale": settings.upscale,
        "clip_skip": settings.clip_skip,
        "vae": settings.vae,
        "more": {name: json.loads(text) for name, text in settings.more},
    }
    return json.dumps(said, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def read(text: str) -> PictureSettings:
    """Read the settings back.

    Raises:
        MetadataError: the text is damaged or of a newer version.
    """
    said = values.json_object(text)
    version = values.whole(said.get("version"))
    if version is None or not 1 <= version <= VERSION:
        raise MetadataError("its recipe was written by a newer Triptych")
    more = values.table(said.get("more"))
    return PictureSettings(
        tool="Triptych",
        version=values.name(said.get("engine")),
        kind=values.name(said.get("kind")) or "image",
        prompt=values.words(said.get("prompt")),
        negative=values.words(said.get("negative")),
        seed=values.whole(said.get("seed")),
        steps=values.positive(said.get("steps")),
        sampler=values.name(said.get("sampler")),
        guidance=values.number(said.get("guidance")),
        width_px=values.positive(said.get("width_px")),
        height_px=values.positive(said.get("height_px")),
        model=_named(said.get("model"), "id"),
        loras=tuple(_named(lora, "name") for lora in values.items(said.get("loras"))),
        init=values.digest(said.get("init")),
        mask=values.digest(said.get("mask")),
        strength=values.number(said.get("strength")),
        upscale=values.positive(said.get("upscale")),
        clip_skip=values.positive(said.get("clip_skip")),
        vae=values.name(said.get("vae")),
        more=tuple((str(name), _as_text(value)) for name, value in list(more.items())[:40]),
    )


def _named(value: Any, name: str) -> Named:
    said = values.table(value)
    weight = values.number(said.get("weight"))
    return Named(
        name=values.name(said.get(name)),
        digest=values.digest(said.get("sha256")),
        weight=1.0 if weight is None else weight,
    )


def _as_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=True, sort_keys=True, allow_nan=False)
    except ValueError:  # a number beyond all bounds
        return "null"
