"""Between requests, recipes, and what pictures' files say: how a picture was made, in each form."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath
from typing import Any

from desktop import VERSION
from desktop.document.model import Recipe
from desktop.document.picture_metadata import Named, PictureSettings, samplers
from desktop.recipes import ASSET, value_of
from engines.api import (
    EngineError,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
    Request,
    Role,
    UpscaleRequest,
)

SEEDS = 2**32
SIDES_PX = range(16, 16385)

_SAID = frozenset(
    (
        *("prompt", "negative", "steps", "sampler", "guidance", "width_px", "height_px"),
        *("model", "loras", "init", "mask", "strength", "upscale", "count", "seed"),
        *("clip_skip", "vae"),
    )
)
"""Fields of requests that settings have a place of their own for."""

_ENLARGING = ("png", "factor")
"""The same of a picture that was only enlarged."""

_TOLERANT = re.compile(r"[^a-z0-9]+")


def settled(request: Request, result: ImageResult, number: int) -> Request:
    """Return the request that makes just picture `number` of a result again.

    What was left to the model is written down, so it stays so when the
    model's own choices change.
    """
    if not isinstance(request, ImageRequest):
        return request
    picture = result.pictures[number]
    width_px, height_px = request.width_px, request.height_px
    if not (request.width_px and request.height_px) and not request.init:
        width_px = picture.width_px // request.upscale
        height_px = picture.height_px // request.upscale
    try:
        return replace(
            request,
            seed=picture.seed,
            count=1,
            steps=request.steps or result.steps,
            guidance=request.guidance if request.guidance >= 0 else result.guidance,
            width_px=width_px,
            height_px=height_px,
        )
    except EngineError:  # a picture of a size that cannot be asked for
        return replace(request, seed=picture.seed, count=1)


def settings_of(
    recipe: Recipe, sha256_of: Callable[[str], str] = lambda model: ""
) -> PictureSettings:
    """Return what a picture's file should say about its recipe.

    Args:
        sha256_of: gives the hash of a model by its id, of a LoRA by its path;
            empty if it is not known.
    """
    try:
        said: dict[str, Any] = json.loads(recipe.request)
    except ValueError:
        said = {}
    guidance = said.get("guidance", -1.0)
    started = said.get("init") or said.get("png") or ""
    return PictureSettings(
        tool="Triptych",
        version=VERSION,
        kind=recipe.kind,
        prompt=said.get("prompt", ""),
        negative=said.get("negative", ""),
        seed=recipe.seed if recipe.kind != Kind.UPSCALE else None,
        steps=said.get("steps") or None,
        sampler=said.get("sampler", ""),
        guidance=guidance if guidance >= 0 else None,
        width_px=said.get("width_px") or None,
        height_px=said.get("height_px") or None,
        model=Named(
            name=recipe.model,
            digest=sha256_of(recipe.model) if recipe.kind == Kind.IMAGE else "",
        ),
        loras=tuple(
            Named(name=PurePath(path).stem, weight=weight, digest=sha256_of(path))
            for path, weight in said.get("loras", ())
        ),
        init=started.removeprefix(ASSET),
        mask=said.get("mask", "").removeprefix(ASSET),
        strength=said.get("strength") if started else None,
        upscale=said.get("upscale") or said.get("factor"),
        clip_skip=said.get("clip_skip") or None,
        more=tuple(
            (name, json.dumps(value))
            for name, value in said.items()
            if name not in _SAID and name not in _ENLARGING
        ),
    )


def recipe_like(settings: PictureSettings) -> Recipe:
    """Return the recipe that a picture's file tells of, as far as it does."""
    own = (*_SAID, *_ENLARGING)
    said: dict[str, Any] = {
        name: json.loads(text) for name, text in settings.more if name not in own
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
        "init": f"{ASSET}{settings.init}" if settings.init else "",
        "mask": f"{ASSET}{settings.mask}" if settings.mask else "",
        "upscale": settings.upscale or 1,
    }
    if settings.strength is not None:
        said["strength"] = settings.strength
    if settings.kind == Kind.UPSCALE:
        said = {"png": said["init"], "factor": said["upscale"], "model": said["model"]}
    return Recipe(
        kind=settings.kind,
        model=settings.model.name,
        seed=settings.seed or 0,
        request=json.dumps(said, ensure_ascii=False, sort_keys=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Fields for an `ImageRequest` that a picture's settings give, and what they cannot give."""

    kind: str
    fields: dict[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One sentence about what is not here; empty if nothing is missing."""
        if not self.left_out:
            return ""
        return f"Not here, so left out: {', '.join(self.left_out)}."


def likeness(
    settings: PictureSettings,
    specs: Sequence[ModelSpec],
    read: Callable[[str], bytes] | None = None,
) -> Likeness:
    """Turn what a picture's file says into fields of a request.

    Args:
        specs: The library, to find models and LoRAs by name or hash.
        read: Gives the bytes of a picture by its sha256, or raises KeyError.
    """
    fields: dict[str, Any] = {}
    missing: list[str] = []
    if settings.prompt:
        fields |= {"prompt": settings.prompt, "negative": settings.negative}
    _take_numbers(settings, fields, missing)
    if settings.model and settings.kind == Kind.IMAGE:
        model = _found(settings.model, specs, Role.MODEL)
        if model is not None:
            fields["model"] = model.id
        else:
            missing.append(f"the model “{settings.model.name or settings.model.digest}”")
    uses = []
    for lora in settings.loras:
        spec = _found(lora, specs, Role.LORA)
        if spec is not None:
            uses.append(LoraUse(path=spec.path, weight=lora.weight))
        else:
            missing.append(f"the LoRA “{lora.name or lora.digest}”")
    fields["loras"] = tuple(uses)
    if settings.vae:
        missing.append(f"the VAE “{settings.vae}”")
    _take_start(settings, fields, missing, read)
    _take_more(settings, fields, missing)
    return Likeness(kind=settings.kind, fields=fields, left_out=tuple(missing))


def _take_numbers(settings: PictureSettings, fields: dict[str, Any], missing: list[str]) -> None:
    """Take numbers that a request may have; others are told of."""
    if settings.seed is not None:
        if settings.seed in range(SEEDS):
            fields["seed"] = settings.seed
        else:
            missing.append(f"the seed {settings.seed}, which is too large")
    if settings.steps is not None:
        fields["steps"] = min(settings.steps, 500)
    if settings.guidance is not None and 0 <= settings.guidance <= 50:
        fields["guidance"] = settings.guidance
    if settings.width_px and settings.height_px:
        width_px, height_px = (8 * round(x / 8) for x in (settings.width_px, settings.height_px))
        if width_px in SIDES_PX and height_px in SIDES_PX:
            fields |= {"width_px": width_px, "height_px": height_px}
        else:
            missing.append(f"the size {settings.width_px} x {settings.height_px} px")
    if settings.upscale is not None and settings.upscale in (1, 2, 4, 8, 16):
        fields["upscale"] = settings.upscale
    if settings.sampler:
        plain = settings.sampler.rpartition(" ")[0]
        if settings.sampler in samplers.FAMILIAR:
            fields["sampler"] = settings.sampler
        elif plain in samplers.FAMILIAR and not settings.sampler.endswith(" a"):
            fields["sampler"] = plain
            missing.append(f"the schedule of the sampler “{settings.sampler}”")
        else:
            missing.append(f"the sampler “{settings.sampler}”")


def _take_start(
    settings: PictureSettings,
    fields: dict[str, Any],
    missing: list[str],
    read: Callable[[str], bytes] | None,
) -> None:
    """Take the picture that it started from, if it is here."""
    if not settings.init or settings.kind != Kind.IMAGE:
        return
    try:
        if read is None:
            raise KeyError(settings.init)
        fields["init"] = read(settings.init)
        if settings.mask:
            fields["mask"] = read(settings.mask)
    except KeyError:
        fields.pop("init", None)
        missing.append("the picture it was started from")
        return
    if settings.strength is not None and 0 <= settings.strength <= 1:
        fields["strength"] = settings.strength


def _take_more(settings: PictureSettings, fields: dict[str, Any], missing: list[str]) -> None:
    """Take what else our own files say, as far as requests know it."""
    known = {field.name: str(field.type) for field in dataclasses.fields(ImageRequest)}
    if settings.clip_skip:
        if "clip_skip" in known:
            fields["clip_skip"] = settings.clip_skip
        elif settings.clip_skip > 1:
            missing.append(f"CLIP skip {settings.clip_skip}")
    for name, text in settings.more:
        if name not in known or known[name] == "bytes" or settings.kind != Kind.IMAGE:
            continue
        try:
            value = value_of(json.loads(text), known[name], lambda sha256: b"")
            ImageRequest(**{"prompt": "x", "seed": 0, name: value})
        except (ValueError, TypeError, KeyError, EngineError):
            missing.append(name.replace("_", " "))
        else:
            fields[name] = value


def _found(named: Named, specs: Sequence[ModelSpec], role: Role) -> ModelSpec | None:
    """Find a model or LoRA of the library by its hash, else by its name."""
    those = [spec for spec in specs if spec.kind is Kind.IMAGE and spec.role is role]
    for spec in those:
        if len(named.digest) >= 8 and spec.sha256.startswith(named.digest):
            return spec
    for spec in those:
        if named.name and named.name in (spec.id, spec.name):
            return spec
    wanted = _tolerant(named.name)
    for spec in those:
        names = (spec.id, spec.name, PurePath(spec.path).stem)
        if wanted and wanted in {_tolerant(name) for name in names}:
            return spec
    return None


def _tolerant(name: str) -> str:
    return _TOLERANT.sub("", name.lower())


def name_of(request: Request) -> str:
    """Return a picture's name: the first of the words it was asked for by."""
    if isinstance(request, UpscaleRequest):
        return f"Enlarged {request.factor} times"
    return " ".join(getattr(request, "prompt", "").split())[:40] or "Picture"


def hashes() -> Callable[[str], str]:
    """Return what tells the sha256 of a model by its id, or of a file by its path.

    A large file is read once for it; the library remembers. Not for the
    window's thread.
    """
    from engines.catalog import Catalog

    catalog = Catalog()

    @cache
    def sha256_of(model: str) -> str:
        known = {spec.id: spec for spec in catalog.list()}
        try:
            spec = known.get(model) or catalog.check(model)
            return catalog.sha256(spec)
        except (EngineError, OSError):
            return ""

    return sha256_of
