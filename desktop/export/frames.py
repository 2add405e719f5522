"""A scene's frames, one after the other, from the one renderer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtGui import QImage

from desktop.document.model import Document
from desktop.export.job import ExportJob
from desktop.render.renderer import Renderer
from engines.api import BadRequest


def frame_count(document: Document, fps: float) -> int:
    """Return how many frames a scene has, at least one.

    Raises:
        BadRequest: the scene has no shots.
    """
    if not document.shots:
        raise BadRequest("the scene has no shots yet")
    return max(1, round(document.duration_s * fps))


def frames(job: ExportJob, size_px: tuple[int, int], fps: float) -> Iterator[QImage]:
    """Yield every frame, reporting progress; the middle of a frame's time is drawn."""
    renderer = Renderer(job.assets)
    # A page of the frame's own shape, so that odd sizes do not stretch anything.
    document = replace(job.document, height_mm=job.document.width_mm * size_px[1] / size_px[0])
    count = frame_count(document, fps)
    for index in range(count):
        job.run.step(index, count, stage="drawing frames")
        yield renderer.image(document, (index + 0.5) / fps, size_px)
