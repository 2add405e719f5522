"""Between recipes and what pictures' files say of them; no path of this machine goes along."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from desktop import VERSION
from desktop.document.model import Recipe
from desktop.document.picture_metadata import Guide, Named, PictureSettings
from desktop.recipes import ASSET, value_of
from engines.api import EngineError, Kind, LoraUse

SAID = frozenset(
    (
        *("prompt", "negative", "steps", "sampler", "guidance", "width_px", "height_px"),
        *("model", "loras", "init", "mask", "strength", "upscale", "count", "seed"),
        *("clip_skip", "vae", "variation", "variation_seed", "hires", "hires_strength"),
        *("tiling", "embeddings", "controls", "references", "upscaler"),
        *("png", "factor"),
    )
)
"""Fields of requests that settings have a place of their own for."""

FILES = ("vae", "upscaler")
"""Fields that name a file of the library."""

Sha256Of = Callable[[str], str]


def settings_of(recipe: Recipe, sha256_of: Sha256Of = lambda model: "") -> PictureSettings:
    """Return what a picture's file should say about its recipe.

    Args:
        sha256_of: gives the hash of a model by its id, of any other file by
            its path; empty if it is not known.
    """
    said = _fields(recipe)
    guidance = said.get("guidance", -1.0)
    started = said.get("init") or said.get("png") or ""
    seedless = recipe.kind in (Kind.UPSCALE, Kind.CUTOUT)
    return PictureSettings(
        tool="Triptych",
        version=VERSION,
        kind=recipe.kind,
        prompt=said.get("prompt", ""),
        negative=said.get("negative", ""),
        seed=None if seedless else said.get("seed", recipe.seed),
        steps=said.get("steps") or None,
        sampler=said.get("sampler", ""),
        guidance=guidance if guidance >= 0 else None,
        width_px=said.get("width_px") or None,
        height_px=said.get("height_px") or None,
        model=Named(
            name=recipe.model,
            digest=sha256_of(recipe.model) if recipe.kind in (Kind.IMAGE, Kind.GRID) else "",
        ),
        loras=_loras(said.get("loras", []), sha256_of),
        init=started.removeprefix(ASSET),
        mask=said.get("mask", "").removeprefix(ASSET),
        strength=said.get("strength") if started else None,
        upscale=said.get("upscale") or said.get("factor"),
        clip_skip=said["clip_skip"] + 1 if said.get("clip_skip") else None,
        vae=_stem(said.get("vae", "")),
        variation=said.get("variation") or None,
        variation_seed=said.get("variation_seed") if said.get("variation") else None,
        hires=said["hires"] if said.get("hires", 1.0) != 1.0 else None,
        hires_strength=said.get("hires_strength") if said.get("hires", 1.0) != 1.0 else None,
        tiling=bool(said.get("tiling")),
        embeddings=tuple(_named(path, sha256_of) for path in said.get("embeddings", ())),
        controls=tuple(_guide(use, sha256_of) for use in said.get("controls", ())),
        references=tuple(_guide(use, sha256_of) for use in said.get("references", ())),
        upscaler=_stem(said.get("upscaler", "")),
        more=tuple((name, json.dumps(value)) for name, value in said.items() if name not in SAID),
    )


def recipe_like(settings: PictureSettings) -> Recipe:
    """Return the recipe that a picture's file tells of, as far as it does."""
    said: dict[str, Any] = {
        name: json.loads(text) for name, text in settings.more if name not in SAID
    }
    said |= {
        "prompt": settings.prompt,
        "negative": settings.negative,
        "steps": settings.steps or 0,
        "sampler": settings.sampler,
        "guidance": -1.0 if settings.guidance is None else settings.guidance,
        "width_px": settings.width_px or 0,
        "height_px": settings.height_px or 0,
        "model": settings.model.name,
        "loras": [[lora.name, lora.weight] for lora in settings.loras],
        "init": _asset(settings.init),
        "mask": _asset(settings.mask),
        "upscale": settings.upscale or 1,
        "clip_skip": max(0, (settings.clip_skip or 1) - 1),
        "vae": settings.vae,
        "variation": settings.variation or 0.0,
        "variation_seed": settings.variation_seed or 0,
        "hires": settings.hires or 1.0,
        "tiling": settings.tiling,
        "embeddings": [named.name for named in settings.embeddings],
        "controls": [{"depth_model": x.beside, **_use(x)} for x in settings.controls],
        "references": [{"encoder": x.beside, **_use(x)} for x in settings.references],
        "upscaler": settings.upscaler,
    }
    if settings.strength is not None:
        said["strength"] = settings.strength
    if settings.hires_strength is not None:
        said["hires_strength"] = settings.hires_strength
    if settings.kind == Kind.GRID:
        axes = said.pop("axes", [])
        said = {"base": {**said, "seed": settings.seed or 0}, "axes": axes}
    elif settings.kind == Kind.UPSCALE:
        said = {"png": said["init"], "factor": said["upscale"], "model": said["model"]}
    elif settings.kind == Kind.CUTOUT:
        said = {"png": said["init"], "model": said["model"]}
    return Recipe(
        kind=settings.kind,
        model=settings.model.name,
        seed=settings.seed or 0,
        request=json.dumps(said, ensure_ascii=False, sort_keys=True),
    )


def _fields(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe's fields; a grid's are those that its pictures share, and its axes."""
    try:
        said: dict[str, Any] = json.loads(recipe.request)
    except ValueError:
        return {}
    if recipe.kind != Kind.GRID:
        return said
    axes = [
        {**axis, "values": [_stem(x) for x in axis["values"]]} if axis["name"] in FILES else axis
        for axis in said["axes"]
    ]
    return {**said["base"], "axes": axes}


def _loras(said: Any, sha256_of: Sha256Of) -> tuple[Named, ...]:
    """Read LoRAs as they are kept: as objects, or as pairs by older versions."""
    try:
        uses: tuple[LoraUse, ...] = value_of(said, tuple[LoraUse, ...], lambda sha256: b"")
    except (TypeError, ValueError, KeyError, AttributeError, EngineError):
        return ()
    return tuple(
        Named(name=_stem(use.path), weight=use.weight, digest=sha256_of(use.path)) for use in uses
    )


def _guide(use: dict[str, Any], sha256_of: Sha256Of) -> Guide:
    return Guide(
        model=_named(use["path"], sha256_of),
        picture=use["picture"].removeprefix(ASSET),
        making=use.get("preprocessor", ""),
        weight=use["weight"],
        start=use.get("start", 0.0),
        end=use.get("end", 1.0),
        beside=_stem(use.get("depth_model") or use.get("encoder") or ""),
    )


def _use(guide: Guide) -> dict[str, Any]:
    """Return a guide as a request's fields; those that its kind lacks are left out when read."""
    return {
        "path": guide.model.name,
        "picture": _asset(guide.picture),
        "preprocessor": guide.making,
        "weight": guide.weight,
        "start": guide.start,
        "end": guide.end,
    }


def _named(path: str, sha256_of: Sha256Of) -> Named:
    return Named(name=_stem(path), digest=sha256_of(path))


def _stem(path: str) -> str:
    """Return a file's name without folders and its last suffix, also of a Windows path."""
    return PurePath(path.replace("\\", "/")).stem


def _asset(sha256: str) -> str:
    return f"{ASSET}{sha256}" if sha256 else ""
