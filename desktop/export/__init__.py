"""Write a document to a file that others can open; the suffix says which kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.document.assets import AssetStore
from desktop.document.model import Document, DocumentKind
from desktop.document.storage import SaveError, save
from desktop.export.atomic import write_bytes
from desktop.export.job import ExportJob
from engines.api import BadRequest, CannotWrite, Progress, Run

__all__ = ["SUFFIXES", "export", "export_stems"]

Writer = Callable[[ExportJob], None]


def _write_still(job: ExportJob) -> None:
    from desktop.export.still import write_still

    write_still(job)


def _write_pdf(job: ExportJob) -> None:
    from desktop.export.page import pdf_bytes

    job.run.step(0, 2, stage="drawing the page")
    data = pdf_bytes(job)
    job.run.step(1, 2, stage="writing the file")
    write_bytes(job.path, data)


def _write_svg(job: ExportJob) -> None:
    from desktop.export.page import svg_bytes

    job.run.step(0, 2, stage="drawing the page")
    data = svg_bytes(job)
    job.run.step(1, 2, stage="writing the file")
    write_bytes(job.path, data)


def _write_video(job: ExportJob) -> None:
    from desktop.export.video import write_video

    write_video(job)


def _write_gif(job: ExportJob) -> None:
    from desktop.export.gif import write_gif

    write_gif(job)


def _write_midi(job: ExportJob) -> None:
    from desktop.export.sound import midi_bytes

    write_bytes(job.path, midi_bytes(job))


def _write_notation(job: ExportJob) -> None:
    from desktop.export.sound import notation_bytes

    write_bytes(job.path, notation_bytes(job))


def _write_sound(job: ExportJob) -> None:
    from desktop.export.sound import write_sound

    write_sound(job)


def _write_subtitles(job: ExportJob) -> None:
    from desktop.export.subtitles import subtitles

    write_bytes(job.path, subtitles(job.document, job.suffix).encode())


def _write_project(job: ExportJob) -> None:
    from desktop.render.thumbnails import thumbnail_png

    job.run.step(0, 2, stage="drawing the thumbnail")
    thumbnail = thumbnail_png(job.document, job.assets)
    job.run.step(1, 2, stage="writing the file")
    try:
        save(job.path, job.document, job.assets, thumbnail)
    except SaveError as problem:
        raise CannotWrite(str(job.path), problem.reason) from problem


_WRITERS: dict[str, Writer] = {
    ".png": _write_still,
    ".jpg": _write_still,
    ".jpeg": _write_still,
    ".webp": _write_still,
    ".tiff": _write_still,
    ".pdf": _write_pdf,
    ".svg": _write_svg,
    ".mp4": _write_video,
    ".webm": _write_video,
    ".gif": _write_gif,
    ".mid": _write_midi,
    ".musicxml": _write_notation,
    ".mxl": _write_notation,
    ".wav": _write_sound,
    ".flac": _write_sound,
    ".ogg": _write_sound,
    ".srt": _write_subtitles,
    ".vtt": _write_subtitles,
    ".triptych": _write_project,
}
_POSTER_ONLY = frozenset({".pdf", ".svg"})
_SCENE_ONLY = frozenset({".mp4", ".webm", ".gif", ".srt", ".vtt"})

SUFFIXES = tuple(_WRITERS)
"""What `export` writes; some only of a poster, some only of a scene."""


def export(
    document: Document,
    assets: AssetStore,
    path: Path,
    *,
    run: Run,
    ask: Callable[[Any, Run], Any],
    scale: float = 1.0,
) -> tuple[Path, ...]:
    """Write `document` to `path`; what was there stays whole until all is written.

    Args:
        ask: an engine host's `run`, to play a score that has no sound yet.
        scale: times the document's own size in pixels.

    Returns:
        The files written.

    Raises:
        BadRequest: the suffix does not suit the document, or the size is absurd.
        CannotWrite: the folder or the disk does not take it.
        Cancelled: the user asked to stop.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise BadRequest(f"{path.name!r} does not end in one of {' '.join(SUFFIXES)}")
    poster = document.kind is DocumentKind.POSTER
    if poster and suffix in _SCENE_ONLY:
        raise BadRequest(f"a poster has no length to make a {suffix} file of")
    if not poster and suffix in _POSTER_ONLY:
        raise BadRequest(f"a scene cannot be a {suffix} file; .mp4, .webm and .gif can")
    job = ExportJob(document=document, assets=assets, path=path, run=run, ask=ask, scale=scale)
    _WRITERS[suffix](job)
    run.report(Progress(done=1, total=1, stage="done"))  # too late for a cancel
    return (path,)


def export_stems(
    document: Document,
    assets: AssetStore,
    path: Path,
    *,
    run: Run,
    ask: Callable[[Any, Run], Any],
) -> tuple[Path, ...]:
    """Write each part of the music to a sound file of its own, named after `path`.

    Raises:
        BadRequest: there is no music, or the suffix is of no sound.
        CannotWrite: the folder or the disk does not take it.
        Cancelled: the user asked to stop.
    """
    from desktop.export.stems import write_stems

    return write_stems(ExportJob(document=document, assets=assets, path=path, run=run, ask=ask))
