"""Projects as files: new, open, save, export; what takes time is a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.composing import Composing
from desktop.document.assets import AssetStore
from desktop.document.model import Document
from desktop.jobs import Job, JobQueue, Lane
from engines.api import BadRequest, CannotWrite, Request, Run

Ask = Callable[[Request, Run], Any]


class Filing(Composing):
    """The verbs of files, and the queue of all jobs."""

    saved = Signal(object)  # Path
    exported = Signal(object)  # tuple of Path
    opened = Signal(object)  # Path

    def __init__(self, ask: Ask, parent: QObject | None = None) -> None:
        """Begin with an empty poster; `ask` is an engine host's `run`."""
        super().__init__(parent)
        self._ask = ask
        self._jobs = JobQueue(self)

    @property
    def jobs(self) -> JobQueue:
        return self._jobs

    def new_poster(self, *, width_mm: float = 297.0, height_mm: float = 420.0) -> None:
        document = Document.poster(width_mm=width_mm, height_mm=height_mm)
        self._replace_project(document, AssetStore(), None)

    def new_scene(self, *, width_px: int = 1920, height_px: int = 1080, fps: int = 24) -> None:
        document = Document.scene(width_px=width_px, height_px=height_px, fps=fps)
        self._replace_project(document, AssetStore(), None)

    def open(self, path: Path) -> Job:
        """Read a project and show it."""

        def then(loaded: tuple[Document, AssetStore]) -> None:
            self._replace_project(*loaded, path)
            self.opened.emit(path)

        return self._load(path, then)

    def open_copy(self, path: Path) -> Job:
        """Read a copy of unsaved work and show it as work that has no file yet."""

        def then(loaded: tuple[Document, AssetStore]) -> None:
            document, assets = loaded
            self._replace_project(document, assets, None)
            # A clean state that no document is identical to: there is something to save.
            self._mark_clean(replace(document))

        return self._load(path, then)

    def _load(self, path: Path, then: Callable[[tuple[Document, AssetStore]], None]) -> Job:
        def work(run: Run) -> tuple[Document, AssetStore]:
            from desktop.document.storage import DocumentError, load

            run.step(0, 1, stage="reading")
            try:
                return load(path)
            except DocumentError as error:
                raise BadRequest(f"{path.name} cannot be opened: {error.reason}") from None

        return self._jobs.submit(f"Opening {path.name}", work, then, Lane.FILE, kind="open")

    def save(self, path: Path | None = None) -> Job:
        """Write the project as it is now, to where it came from unless told.

        Raises:
            ValueError: it has no path yet and none is given.
        """
        goal = path or self.path
        if goal is None:
            raise ValueError("a project that was never saved needs a path")
        document, assets = self.document, self.assets

        def work(run: Run) -> Path:
            from desktop.document.storage import DocumentError, save
            from desktop.render.thumbnails import thumbnail_png

            run.step(0, 1, stage="writing")
            try:
                save(goal, document, assets, thumbnail_png(document, assets))
            except DocumentError as error:
                raise CannotWrite(str(goal), error.reason) from None
            return goal

        def then(written: Path) -> None:
            if assets is self.assets:
                self._set_path(written)
                self._mark_clean(document)
            self.saved.emit(written)

        return self._jobs.submit(f"Saving {goal.name}", work, then, Lane.FILE, kind="save")

    def export(self, path: Path, *, scale: float = 1.0) -> Job:
        """Write the document to a picture, page or video file, by the path's suffix."""
        document, assets, ask = self.document, self.assets, self._ask

        def work(run: Run) -> tuple[Path, ...]:
            from desktop.export import export

            return export(document, assets, path, run=run, ask=ask, scale=scale)

        return self._jobs.submit(
            f"Exporting {path.name}", work, self.exported.emit, Lane.EXPORT, kind="export"
        )

    def close(self) -> bool:
        """End all jobs; True if every thread ended."""
        return self.jobs.close()
