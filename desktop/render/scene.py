"""Which shots are in view at a time, and through which part of the page the camera looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QTransform

from desktop.document.model import Document, Shot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One shot in view: `opacity` over what is below, `progress` of its camera from 0 to 1."""

    shot: Shot
    opacity: float
    progress: float


def sights(document: Document, time_s: float) -> tuple[Sight, ...]:
    """Return the shots in view, lowest first: one, or two while one dissolves into the next."""
    index = document.shot_at(max(0.0, time_s))
    if index < 0:
        return ()
    here = _sight(document, index, time_s)
    if here.opacity >= 1.0 or index == 0:
        return (Sight(shot=here.shot, opacity=1.0, progress=here.progress),)
    before = _sight(document, index - 1, time_s)
    return (Sight(shot=before.shot, opacity=1.0, progress=before.progress), here)


def _sight(document: Document, index: int, time_s: float) -> Sight:
    shot = document.shots[index]
    since_s = time_s - document.shot_start_s(index)
    following = document.shots[index + 1] if index + 1 < len(document.shots) else None
    # The camera keeps moving while the next shot dissolves in over it.
    moving_s = shot.duration_s + (following.dissolve_s if following else 0.0)
    opacity = since_s / shot.dissolve_s if shot.dissolve_s > 0 else 1.0
    return Sight(
        shot=shot,
        opacity=_eased(min(1.0, max(0.0, opacity))),
        progress=min(1.0, max(0.0, since_s / moving_s)),
    )


def view_mm(document: Document, sight: Sight) -> QRectF:
    """Return the part of the page that the camera sees."""
    camera, t = sight.shot.camera, _gently(sight.progress)
    x, y, width = (a + (b - a) * t for a, b in zip(camera.start, camera.end, strict=True))
    return QRectF(
        x * document.width_mm,
        y * document.height_mm,
        width * document.width_mm,
        width * document.height_mm,
    )


def sight_transform(document: Document, sight: Sight) -> QTransform:
    """Return the transform that brings the camera's view to the whole page."""
    view = view_mm(document, sight)
    zoom = document.width_mm / view.width()
    return QTransform.fromScale(zoom, zoom).translate(-view.x(), -view.y())


def camera_transform(document: Document, time_s: float) -> QTransform:
    """Return how the shot at a time moves its layers on the page; a poster's stand still."""
    seen = sights(document, time_s)
    return sight_transform(document, seen[-1]) if seen else QTransform()


def _eased(t: float) -> float:
    return t * t * (3 - 2 * t)


def _gently(t: float) -> float:
    """Ease half as much as a cosine would: a camera that neither jerks nor stands."""
    return 0.5 * t + 0.5 * (1 - math.cos(math.pi * t)) / 2
