"""What can be done with a picture of the history: put it on the page, paint one like it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from desktop.document.model import PictureLayer
from desktop.gallery import Kept
from desktop.recipes import request_of, without_start
from desktop.seeds import new_seed
from desktop.session import Session
from engines.api import BadRequest, CutoutRequest, ImageRequest, UpscaleRequest

VARY_STRENGTH = 0.45

_PART = re.compile(r"sha256:([0-9a-f]{64})")


def varied(session: Session, kept: Kept, count: int = 1) -> ImageRequest:
    """Return the request for pictures near one.

    Raises:
        BadRequest: it is gone, or was not painted.
    """
    png = _png(session, kept)
    request = request_of(without_start(kept.recipe), session.read_picture, seed=new_seed())
    if not isinstance(request, ImageRequest):
        raise BadRequest(f"“{kept.name}” was not painted")
    return replace(request, init=png, strength=VARY_STRENGTH, count=count, upscale=1, cutout=False)


def enlarged(session: Session, kept: Kept, factor: int, model: str) -> UpscaleRequest:
    """Return the request for a picture enlarged.

    Raises:
        BadRequest: it is gone.
    """
    return UpscaleRequest(png=_png(session, kept), factor=factor, model=model)


def cut_out(session: Session, kept: Kept) -> CutoutRequest:
    """Return the request for a picture without what is behind its subject.

    Raises:
        BadRequest: it is gone.
    """
    return CutoutRequest(png=_png(session, kept))


def put_on_page(session: Session, kept: Kept, *, fill_page: bool) -> None:
    """Put a picture on the page; if a picture made here fills it already, change that one.

    Raises:
        BadRequest: it is gone.
    """
    png = _png(session, kept)
    _bring_parts(session, kept)
    lowest = session.layers[0] if session.layers else None
    page = session.document
    if (
        fill_page
        and isinstance(lowest, PictureLayer)
        and lowest.box.width_mm >= page.width_mm
        and lowest.box.height_mm >= page.height_mm
        and not lowest.locked
    ):
        session.put_pixels(lowest.id, png, recipe=kept.recipe)
        return
    session.place_picture(png, name=kept.name, recipe=kept.recipe, fill_page=fill_page)


def _bring_parts(session: Session, kept: Kept) -> None:
    """Let the project have the pictures that a recipe names, as far as they are here."""
    for sha256 in _PART.findall(kept.recipe.request):
        if sha256 not in session.assets:
            with contextlib.suppress(KeyError):
                session.assets.add(session.gallery.read(sha256), ".png")


def _png(session: Session, kept: Kept) -> bytes:
    try:
        return session.read_picture(kept.asset)
    except KeyError:
        raise BadRequest(f"“{kept.name}” is not in the history any more") from None
