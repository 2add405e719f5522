"""Edits of a scene's shots and captions as pure functions."""

from __future__ import annotations

import bisect
from dataclasses import replace

from desktop.document.arrangement import copied
from desktop.document.model import Caption, Document, Layer, Shot, new_id

LEAST_SHOT_S = 0.25


def with_shot(document: Document, shot: Shot) -> Document:
    """Exchange the shot of the same id.

    Raises:
        KeyError: there is none.
    """
    index = shot_index(document, shot.id)
    shots = (*document.shots[:index], shot, *document.shots[index + 1 :])
    return replace(document, shots=shots)


def shot_index(document: Document, shot_id: str) -> int:
    """Return the place of a shot.

    Raises:
        KeyError: there is no such shot.
    """
    for index, shot in enumerate(document.shots):
        if shot.id == shot_id:
            return index
    raise KeyError(shot_id)


def with_shot_inserted(document: Document, shot: Shot, index: int | None = None) -> Document:
    """Put a shot in, at the end unless an index is told."""
    at = len(document.shots) if index is None else max(0, min(index, len(document.shots)))
    shots = (*document.shots[:at], shot, *document.shots[at:])
    return _fitted(replace(document, shots=shots))


def without_shot(document: Document, shot_id: str) -> Document:
    """Take a shot away; what comes later moves up, captions in it go."""
    index = shot_index(document, shot_id)
    start_s = document.shot_start_s(index)
    end_s = start_s + document.shots[index].duration_s
    captions = tuple(
        _shifted(x, start_s - end_s) if x.start_s >= end_s else x
        for x in document.captions
        if not start_s <= x.start_s < end_s
    )
    shots = (*document.shots[:index], *document.shots[index + 1 :])
    return _fitted(replace(document, shots=shots, captions=captions))


def with_shot_at(document: Document, shot_id: str, index: int) -> Document:
    """Move a shot to a place among the others."""
    old = shot_index(document, shot_id)
    rest = (*document.shots[:old], *document.shots[old + 1 :])
    at = max(0, min(index, len(rest)))
    return replace(document, shots=(*rest[:at], document.shots[old], *rest[at:]))


def trimmed(document: Document, shot_id: str, duration_s: float) -> Document:
    """Give a shot another length; captions that start after it move along."""
    index = shot_index(document, shot_id)
    shot = document.shots[index]
    duration_s = max(LEAST_SHOT_S, duration_s)
    end_s = document.shot_start_s(index) + shot.duration_s
    by_s = duration_s - shot.duration_s
    captions = tuple(_shifted(x, by_s) if x.start_s >= end_s else x for x in document.captions)
    changed = replace(shot, duration_s=duration_s, dissolve_s=min(shot.dissolve_s, duration_s))
    return _fitted(with_shot(replace(document, captions=captions), changed))


def split(document: Document, time_s: float) -> Document:
    """Cut the shot at a time in two; the camera's way is shared between them.

    A time too near to a shot's edge leaves the document as it is.
    """
    index = document.shot_at(time_s)
    if index < 0:
        return document
    shot = document.shots[index]
    first_s = time_s - document.shot_start_s(index)
    if min(first_s, shot.duration_s - first_s) < LEAST_SHOT_S:
        return document
    t = first_s / shot.duration_s
    start, end = shot.camera.start, shot.camera.end
    middle = tuple(a + (b - a) * t for a, b in zip(start, end, strict=True))
    half = (middle[0], middle[1], middle[2])
    first = replace(
        shot,
        duration_s=first_s,
        dissolve_s=min(shot.dissolve_s, first_s),
        camera=replace(shot.camera, end=half),
    )
    second = replace(
        shot,
        id=new_id(),
        duration_s=shot.duration_s - first_s,
        dissolve_s=0.0,
        camera=replace(shot.camera, start=half),
        layers=_with_fresh_ids(shot),
    )
    shots = (*document.shots[:index], first, second, *document.shots[index + 1 :])
    return replace(document, shots=shots)


def with_caption(document: Document, caption: Caption) -> Document:
    """Put a caption in by its time, in place of the one of the same id if there is one."""
    rest = [x for x in document.captions if x.id != caption.id]
    at = bisect.bisect([x.start_s for x in rest], caption.start_s)
    return replace(document, captions=(*rest[:at], caption, *rest[at:]))


def without_captions(document: Document, ids: frozenset[str]) -> Document:
    """Take captions away."""
    return replace(document, captions=tuple(x for x in document.captions if x.id not in ids))


def _with_fresh_ids(shot: Shot) -> tuple[Layer, ...]:
    return tuple(copied(layer) for layer in shot.layers)


def _shifted(caption: Caption, by_s: float) -> Caption:
    start_s = max(0.0, caption.start_s + by_s)
    return replace(caption, start_s=start_s, end_s=max(start_s, caption.end_s + by_s))


def _fitted(document: Document) -> Document:
    """Return the document without captions, or parts of them, after its end."""
    end_s = document.duration_s
    captions = tuple(
        replace(x, end_s=min(x.end_s, end_s)) for x in document.captions if x.start_s < end_s
    )
    return document if captions == document.captions else replace(document, captions=captions)
