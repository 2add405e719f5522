"""What is done with a picture after it was drawn: enlarging it, cutting its subject out."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from engines.api import (
    BadRequest,
    CutoutRequest,
    ImageRequest,
    ImageResult,
    Picture,
    Run,
    UpscaleRequest,
)
from engines.services import Services


def finish(picture: Picture, request: ImageRequest, services: Services, run: Run) -> Picture:
    """Return what a request wants of a drawn picture; other engines do it, outside any lease."""
    if request.upscale > 1:
        picture = _answered(
            picture,
            UpscaleRequest(png=picture.png, factor=request.upscale, model=request.upscaler),
            services,
            run,
        )
    if request.cutout:
        # Where nothing stands out the whole picture is better than none.
        with contextlib.suppress(BadRequest):
            picture = _answered(picture, CutoutRequest(png=picture.png), services, run)
    return picture


def _answered(
    picture: Picture, request: UpscaleRequest | CutoutRequest, services: Services, run: Run
) -> Picture:
    """Ask another engine; seed and words stay the picture's."""
    answer: ImageResult = services.ask(request, run)
    return replace(answer.pictures[0], seed=picture.seed, prompt=picture.prompt)
