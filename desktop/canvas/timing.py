"""Edits of a scene in time: each function returns a new document; no Qt.

Captions belong to the shot in which they begin and move along with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from desktop.document.arrangement import copied
from desktop.document.model import Camera, Caption, Document, Shot, new_id

LEAST_SHOT_S = 0.25
LEAST_CAPTION_S = 0.25
NEW_SHOT_S = 3.0


def on_frame(document: Document, time_s: float) -> float:
    """Return the time of the nearest frame."""
    return round(time_s * document.fps) / document.fps


def with_duration(document: Document, index: int, duration_s: float) -> Document:
    """Make a shot longer or shorter; all that follows moves."""
    shot = _lasting(document.shots[index], duration_s)
    return _with_shots(document, _put(document.shots, index, shot))


def with_cut(document: Document, index: int, time_s: float) -> Document:
    """Move the cut after a shot; the next one gives or takes, the rest stays where it is."""
    one, other = document.shots[index], document.shots[index + 1]
    start_s = document.shot_start_s(index)
    end_s = start_s + one.duration_s + other.duration_s
    time_s = min(max(time_s, start_s + LEAST_SHOT_S), end_s - LEAST_SHOT_S)
    shots = _put(document.shots, index, _lasting(one, time_s - start_s))
    shots = _put(shots, index + 1, _lasting(other, end_s - time_s))
    return replace(document, shots=shots)


def with_shot_at(document: Document, index: int, goal: int) -> Document:
    """Put a shot at another place in the order."""
    shots = list(document.shots)
    shots.insert(goal, shots.pop(index))
    return _with_shots(document, tuple(shots))


def split(document: Document, time_s: float) -> Document:
    """Cut the shot at a time in two; unchanged too near to its ends.

    The camera goes on over the cut as near as straight moves allow.
    """
    index = document.shot_at(time_s)
    if index < 0:
        return document
    shot = document.shots[index]
    since_s = time_s - document.shot_start_s(index)
    if not LEAST_SHOT_S <= since_s <= shot.duration_s - LEAST_SHOT_S:
        return document
    part = since_s / shot.duration_s
    at = tuple(a + (b - a) * part for a, b in zip(shot.camera.start, shot.camera.end, strict=True))
    middle = (at[0], at[1], at[2])
    first = _lasting(replace(shot, camera=Camera(start=shot.camera.start, end=middle)), since_s)
    second = replace(
        shot,
        id=new_id(),
        name=f"{shot.name} 2",
        duration_s=shot.duration_s - since_s,
        layers=tuple(copied(layer) for layer in shot.layers),
        camera=Camera(start=middle, end=shot.camera.end),
        dissolve_s=0.0,
    )
    shots = (*document.shots[:index], first, second, *document.shots[index + 1 :])
    return replace(document, shots=shots)


def with_new_shot(document: Document, index: int) -> Document:
    """Add an empty shot before the one at `index`, or at the end."""
    shot = Shot(name=f"Shot {len(document.shots) + 1}", duration_s=NEW_SHOT_S)
    return _with_shots(document, (*document.shots[:index], shot, *document.shots[index:]))


def with_shot_copied(document: Document, index: int) -> Document:
    """Add a copy of a shot after it."""
    shot = document.shots[index]
    copy = replace(shot, id=new_id(), layers=tuple(copied(layer) for layer in shot.layers))
    shots = (*document.shots[: index + 1], copy, *document.shots[index + 1 :])
    return _with_shots(document, shots)


def without_shot(document: Document, index: int) -> Document:
    """Take a shot away, and the captions that begin in it."""
    start_s = document.shot_start_s(index)
    end_s = start_s + document.shots[index].duration_s
    kept = tuple(x for x in document.captions if not start_s <= x.start_s < end_s)
    shots = (*document.shots[:index], *document.shots[index + 1 :])
    return _with_shots(replace(document, captions=kept), shots)


def with_caption(document: Document, caption: Caption) -> Document:
    """Put a changed caption in the place of the one with its id, in the order of time."""
    others = [x for x in document.captions if x.id != caption.id]
    return replace(document, captions=_ordered([*others, caption]))


def without_caption(document: Document, caption_id: str) -> Document:
    return replace(document, captions=tuple(x for x in document.captions if x.id != caption_id))


def moved_caption(document: Document, caption: Caption, start_s: float) -> Caption:
    """Return a caption that begins at another time, inside the scene."""
    length_s = caption.end_s - caption.start_s
    start_s = min(max(start_s, 0.0), max(document.duration_s - length_s, 0.0))
    return replace(caption, start_s=start_s, end_s=start_s + length_s)


def trimmed_caption(
    document: Document,
    caption: Caption,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
) -> Caption:
    """Return a caption with another start or end, never too short and inside the scene."""
    if start_s is not None:
        start_s = min(max(start_s, 0.0), caption.end_s - LEAST_CAPTION_S)
        caption = replace(caption, start_s=start_s)
    if end_s is not None:
        end_s = max(min(end_s, document.duration_s), caption.start_s + LEAST_CAPTION_S)
        caption = replace(caption, end_s=end_s)
    return caption


def snapped(time_s: float, lines_s: Iterable[float], reach_s: float) -> float:
    """Click a time to the nearest line within reach."""
    nearest = min(lines_s, key=lambda line: abs(line - time_s), default=time_s)
    return nearest if abs(nearest - time_s) <= reach_s else time_s


def _lasting(shot: Shot, duration_s: float) -> Shot:
    duration_s = max(duration_s, LEAST_SHOT_S)
    return replace(shot, duration_s=duration_s, dissolve_s=min(shot.dissolve_s, duration_s))


def _put(shots: tuple[Shot, ...], index: int, shot: Shot) -> tuple[Shot, ...]:
    return (*shots[:index], shot, *shots[index + 1 :])


def _with_shots(document: Document, shots: tuple[Shot, ...]) -> Document:
    """Replace the shots and carry each caption along with the one it begins in."""
    after = replace(document, shots=shots)
    starts_s = {shot.id: after.shot_start_s(index) for index, shot in enumerate(shots)}
    captions = []
    for caption in document.captions:
        index = document.shot_at(caption.start_s)
        home = document.shots[index].id if index >= 0 else ""
        by_s = starts_s[home] - document.shot_start_s(index) if home in starts_s else 0.0
        captions.append(
            replace(caption, start_s=caption.start_s + by_s, end_s=caption.end_s + by_s)
            if by_s
            else caption
        )
    return replace(after, captions=_ordered(captions))


def _ordered(captions: Iterable[Caption]) -> tuple[Caption, ...]:
    return tuple(sorted(captions, key=lambda x: x.start_s))
