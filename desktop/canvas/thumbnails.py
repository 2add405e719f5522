"""Small pictures of the shots, drawn on a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtGui import QImage

from desktop.canvas.worker import Worker
from desktop.document.model import Document, Shot
from desktop.render.renderer import Renderer
from desktop.session import Session

PROXY_PX = 480
MOMENTS = (0.02, 0.5, 0.98)
"""Which parts of a shot are drawn, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    shot: Shot
    images: tuple[QImage, ...]


class Thumbnails:
    """Keeps three pictures of every shot; `changed` is called when there are new ones."""

    def __init__(self, session: Session, worker: Worker, changed: Callable[[], None]) -> None:
        self._session = session
        self._worker = worker
        self._changed = changed
        self._drawn: dict[str, _Drawn] = {}
        self._renderer = Renderer(session.assets, proxy_px=PROXY_PX)
        session.replaced.connect(self._on_replaced)

    def get(self, shot: Shot) -> tuple[QImage, ...]:
        """Return what was drawn last of a shot; empty before the first time."""
        drawn = self._drawn.get(shot.id)
        return drawn.images if drawn is not None else ()

    def update(self, document: Document, height_px: int) -> None:
        """Have everything drawn that changed, and forget shots that are gone."""
        for gone in set(self._drawn) - {shot.id for shot in document.shots}:
            del self._drawn[gone]
        for shot in document.shots:
            drawn = self._drawn.get(shot.id)
            images = drawn.images if drawn is not None else ()
            fits = bool(images) and images[0].height() == height_px
            if drawn is None or drawn.shot is not shot or not fits:
                self._ask(document, shot, height_px)

    def _on_replaced(self) -> None:
        self._drawn.clear()
        self._renderer = Renderer(self._session.assets, proxy_px=PROXY_PX)

    def _ask(self, document: Document, shot: Shot, height_px: int) -> None:
        renderer = self._renderer
        alone = replace(
            document, shots=(replace(shot, dissolve_s=0.0),), captions=(), layers=document.layers
        )
        width_px = max(2, round(height_px * document.width_mm / document.height_mm))

        def work() -> _Drawn:
            times_s = [part * shot.duration_s for part in MOMENTS]
            size = (width_px, height_px)
            return _Drawn(shot, tuple(renderer.image(alone, t, size) for t in times_s))

        def then(drawn: _Drawn) -> None:
            if renderer is self._renderer:
                self._drawn[shot.id] = drawn
                self._changed()

        self._worker.ask(("thumbnail", shot.id), work, then)
