"""The session's history of pictures: what is made is remembered, looked for, rated, saved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from desktop.document.replacing import replacing
from desktop.hosted import Host, Hosted
from desktop.jobs import Job, Lane
from engines.api import BadRequest, CannotWrite, ImageResult, Request, Run

if TYPE_CHECKING:
    from desktop.document.picture_metadata import PictureSettings
    from desktop.gallery import Gallery, Kept

LARGEST_PICTURE_BYTES = 256 * 2**20
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class Found(NamedTuple):
    """How a picture's file says it was made; without that, why not."""

    settings: PictureSettings | None
    why_not: str


class Remembering(Hosted):
    """Files, jobs and engines, with a memory for pictures."""

    remembered = Signal(object)  # ids of new pictures in the history, the newest last
    history_opened = Signal()
    _made = Signal(object, object)  # request and result of pictures, from any thread

    def __init__(self, host: Host, parent: QObject | None = None) -> None:
        super().__init__(host, parent)
        self._gallery: Gallery | None = None
        self._making = threading.Lock()
        self._folder: Path | None = None
        self._most_bytes = 4_000_000_000
        self._is_open = False
        self._made.connect(self._remember, Qt.ConnectionType.QueuedConnection)

    @property
    def gallery(self) -> Gallery:
        """The history; neither it nor what it needs is loaded before it is asked for."""
        with self._making:
            if self._gallery is None:
                from desktop.gallery import Gallery

                self._gallery = Gallery(self._folder, most_bytes=self._most_bytes)
            return self._gallery

    @property
    def history_bytes(self) -> int:
        """The most that the history may take."""
        return self._most_bytes

    def keep_pictures_in(self, folder: Path, *, most_bytes: int) -> None:
        """Let the history last; before this is told, it ends with the session."""
        self._folder, self._most_bytes = folder, most_bytes

    def open_history(self) -> None:
        """Get the history ready beside the window; `history_opened` tells when it is."""
        if self._is_open:
            return
        self._is_open = True
        gallery = self.gallery

        def work(run: Run) -> None:
            gallery.find("\0")  # opens it; a broken one is found out here
            gallery.mend()
            gallery.trim()

        self._housekeeping("Opening the history", work, lambda _: self.history_opened.emit())

    def give_history_room(self, most_bytes: int) -> None:
        """Let the history take so much; what is beyond it goes at once."""
        gallery = self.gallery
        self._most_bytes = gallery.most_bytes = most_bytes

        def then(gone: int) -> None:
            if gone:
                self.history_opened.emit()

        self._housekeeping("Trimming the history", lambda run: gallery.trim(), then)

    def save_kept(self, kept: Kept, path: Path) -> Job:
        """Write a picture of the history to a PNG, JPEG or WebP file, with how it was made.

        Raises:
            BadRequest: the suffix is of none of these.
        """
        suffix = path.suffix.lower()
        if suffix not in PICTURE_SUFFIXES:
            raise BadRequest(f"{path.name} should end in {', '.join(PICTURE_SUFFIXES)}")
        gallery = self.gallery

        def work(run: Run) -> tuple[Path, ...]:
            from desktop.document.picture_metadata import with_settings
            from desktop.picture_recipes import hashes, settings_of
            from desktop.render.pictures import convert

            run.step(0, 1, stage="writing")
            try:
                png = gallery.read(kept.asset)
            except KeyError:
                raise BadRequest("the picture is not in the history any more") from None
            data = png if suffix == ".png" else convert(png, suffix)
            data = with_settings(data, settings_of(kept.recipe, hashes()))
            try:
                with replacing(path) as part:
                    part.write_bytes(data)
            except OSError as error:
                raise CannotWrite(str(path), error.strerror or str(error)) from None
            return (path,)

        return self.jobs.submit(
            f"Saving {path.name}", work, self.exported.emit, Lane.FILE, kind="save"
        )

    def forget_kept(self, pictures: Sequence[int]) -> None:
        """Take pictures out of the history for good."""
        gallery, gone = self.gallery, tuple(pictures)
        self._housekeeping("Taking pictures out of the history", lambda run: gallery.remove(gone))

    def close(self) -> bool:
        """End all jobs and the history; True if every thread ended."""
        ended = super().close()
        if self._gallery is not None:
            self._gallery.close()
        return ended

    def load_kept(self, kept: Kept, then: Callable[[bytes], None]) -> None:
        """Read a picture of the history beside the window; nothing comes if it is gone."""
        gallery = self.gallery

        def work(run: Run) -> bytes:
            try:
                return gallery.read(kept.asset)
            except KeyError:
                return b""

        self._housekeeping("Reading a picture", work, lambda png: then(png) if png else None)

    def load_picture(
        self, name: str, read: Callable[[], bytes], then: Callable[[bytes], None]
    ) -> None:
        """Read a picture of any kind as a PNG beside the window; what is wrong with it is told."""

        def work(run: Run) -> bytes:
            from desktop.render.pictures import PictureError, to_png

            try:
                return to_png(read())
            except PictureError as problem:
                raise BadRequest(f"{name} cannot be read: {problem}") from None
            except KeyError:
                raise BadRequest(f"{name} is not here any more") from None

        self._housekeeping(f"Reading {name}", work, then)

    def look_into(self, path: Path, then: Callable[[Found], None]) -> None:
        """Read how a picture's file says it was made."""

        def work(run: Run) -> Found:
            from desktop.document.picture_metadata import MetadataError, read_settings

            try:
                if path.stat().st_size > LARGEST_PICTURE_BYTES:
                    return Found(None, "it is too large")
                return Found(read_settings(path.read_bytes()), "it does not say how it was made")
            except MetadataError as problem:
                return Found(None, problem.reason)
            except OSError as error:
                return Found(None, error.strerror or str(error))

        self._housekeeping(f"Looking into {path.name}", work, then)

    def _remember(self, request: Request, result: Any) -> None:
        """Put the pictures of a result into the history, beside the window."""
        if not isinstance(result, ImageResult):
            return

        def work(run: Run) -> list[int]:
            gallery = self.gallery  # made here if it is the first: its imports would be felt
            from desktop.gallery import enter

            return enter(gallery, request, result)

        self._housekeeping("Remembering a picture", work, self.remembered.emit)

    def _housekeeping(
        self,
        title: str,
        work: Callable[[Run], Any],
        then: Callable[[Any], None] = lambda result: None,
    ) -> None:
        self.jobs.submit(title, work, then, Lane.FILE, kind="history", quiet=True)
