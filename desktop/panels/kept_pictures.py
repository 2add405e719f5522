"""What can be done with a picture of the history: put it on the page, paint one like it."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.model import PictureLayer
from desktop.gallery import Kept
from desktop.recipes import request_of
from desktop.seeds import new_seed
from desktop.session import Session
from engines.api import BadRequest, ImageRequest

VARY_STRENGTH = 0.45


def read_picture(session: Session, sha256: str) -> bytes:
    """Return a picture of the project or the history.

    Raises:
        KeyError: it is in neither.
    """
    if sha256 in session.assets:
        return session.assets.read(sha256)
    return session.gallery.read(sha256)


def varied(session: Session, kept: Kept) -> ImageRequest:
    """Return the request for a picture near one.

    Raises:
        BadRequest: it is gone, or was not painted.
    """
    png = _png(session, kept)
    # What it was started from itself is not needed, and may be gone.
    request = request_of(kept.recipe, lambda sha256: png, seed=new_seed())
    if not isinstance(request, ImageRequest):
        raise BadRequest(f"“{kept.name}” was not painted")
    return replace(request, init=png, mask=b"", strength=VARY_STRENGTH, count=1, upscale=1)


def put_on_page(session: Session, kept: Kept, *, fill_page: bool) -> None:
    """Put a picture on the page; if a picture made here fills it already, change that one.

    Raises:
        BadRequest: it is gone.
    """
    png = _png(session, kept)
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


def _png(session: Session, kept: Kept) -> bytes:
    try:
        return read_picture(session, kept.asset)
    except KeyError:
        raise BadRequest(f"“{kept.name}” is not in the history any more") from None
