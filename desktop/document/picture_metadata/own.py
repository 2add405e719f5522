"""Our own words in a picture: all of the recipe as JSON, without a clock."""

from __future__ import annotations

import json
from typing import Any

from desktop.document.picture_metadata import values
from desktop.document.picture_metadata.described import Guide, MetadataError, Named, PictureSettings

VERSION = 1
KEYWORD = "triptych"

_OF_A_GUIDE = ("picture", "making", "weight", "start", "end", "beside")


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
        "loras": [_said_of(lora) for lora in settings.loras],
        "init": settings.init,
        "mask": settings.mask,
        "strength": settings.strength,
        "upscale": settings.upscale,
        "clip_skip": settings.clip_skip,
        "vae": settings.vae,
        **_further(settings),
        "more": {name: json.loads(text) for name, text in settings.more},
    }
    return json.dumps(said, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _further(settings: PictureSettings) -> dict[str, Any]:
    """Return what only few pictures have to say, without what is not so."""
    said = {
        "variation": settings.variation,
        "variation_seed": settings.variation_seed,
        "hires": settings.hires,
        "hires_strength": settings.hires_strength,
        "tiling": settings.tiling,
        "embeddings": [_said_of(named) for named in settings.embeddings],
        "controls": [_said_of_guide(guide) for guide in settings.controls],
        "references": [_said_of_guide(guide) for guide in settings.references],
        "upscaler": settings.upscaler,
    }
    return {name: value for name, value in said.items() if value not in (None, False, [], "")}


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
        variation=values.number(said.get("variation")),
        variation_seed=values.whole(said.get("variation_seed")),
        hires=values.number(said.get("hires")),
        hires_strength=values.number(said.get("hires_strength")),
        tiling=said.get("tiling") is True,
        embeddings=tuple(_named(x, "name") for x in values.items(said.get("embeddings"))),
        controls=tuple(_guide(x) for x in values.items(said.get("controls"))),
        references=tuple(_guide(x) for x in values.items(said.get("references"))),
        upscaler=values.name(said.get("upscaler")),
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


def _said_of(named: Named) -> dict[str, Any]:
    return {"name": named.name, "sha256": named.digest, "weight": named.weight}


def _said_of_guide(guide: Guide) -> dict[str, Any]:
    said = {name: getattr(guide, name) for name in _OF_A_GUIDE}
    return {"name": guide.model.name, "sha256": guide.model.digest, **said}


def _guide(value: Any) -> Guide:
    said = values.table(value)
    weight, start, end = (values.number(said.get(name)) for name in ("weight", "start", "end"))
    return Guide(
        model=Named(name=values.name(said.get("name")), digest=values.digest(said.get("sha256"))),
        picture=values.digest(said.get("picture")),
        making=values.name(said.get("making")),
        weight=1.0 if weight is None else weight,
        start=start or 0.0,
        end=1.0 if end is None else end,
        beside=values.name(said.get("beside")),
    )


def _as_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=True, sort_keys=True, allow_nan=False)
    except ValueError:  # a number beyond all bounds
        return "null"
