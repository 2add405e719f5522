"""Results as recipes: the request that makes just one picture of a result again, and its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from engines.api import (
    CutoutRequest,
    EngineError,
    GridRequest,
    ImageRequest,
    ImageResult,
    Request,
    UpscaleRequest,
    cells,
    drawing_order,
)


def settled(request: Request, result: ImageResult, number: int) -> Request:
    """Return the request that makes just picture `number` of a result again.

    What was left to the model is written down, so it stays so when the
    model's own choices change.
    """
    if isinstance(request, GridRequest):
        drawn = cells(request)
        # Of a grid that was finished early there are only those that were drawn first.
        number_of = sorted(drawing_order(drawn)[: len(result.pictures)])
        request = drawn[number_of[number]]
    if not isinstance(request, ImageRequest):
        return request
    picture = result.pictures[number]
    width_px, height_px = request.width_px, request.height_px
    if not (request.width_px and request.height_px) and not request.init:
        larger = request.upscale * request.hires
        width_px = 8 * round(picture.width_px / larger / 8)
        height_px = 8 * round(picture.height_px / larger / 8)
    chosen = replace(
        request, seed=picture.seed, count=1, prompt=picture.prompt.strip() or request.prompt
    )
    try:
        return replace(
            chosen,
            steps=request.steps or result.steps,
            guidance=request.guidance if request.guidance >= 0 else result.guidance,
            width_px=width_px,
            height_px=height_px,
        )
    except EngineError:  # a picture of a size that cannot be asked for
        return chosen


def name_of(request: Request) -> str:
    """Return a picture's name: the first of the words it was asked for by."""
    if isinstance(request, UpscaleRequest):
        return f"Enlarged {request.factor} times"
    if isinstance(request, CutoutRequest):
        return "Cut out"
    asked = request.base if isinstance(request, GridRequest) else request
    return " ".join(getattr(asked, "prompt", "").split())[:40] or "Picture"


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
