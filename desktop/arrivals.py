"""What comes to the window from outside: dropped files, and jobs that another run left behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.files import Dropped, FileQuestions, sort_dropped
from desktop.kept_queue import KeptQueue
from desktop.panels.waiting import WaitingBar
from desktop.remembering import Found
from desktop.rooms import LeftRoom
from desktop.session import Session
from desktop.stage import Stage
from engines.api import Kind, Request

if TYPE_CHECKING:
    from desktop.gallery import Kept

PANELS = {
    Kind.TEXT: "text",
    Kind.IMAGE: "image",
    Kind.GRID: "image",
    Kind.BACKGROUND: "image",
    Kind.MUSIC: "music",
}
"""Which panel goes on with a job that waited."""


class Arrivals:
    """Brings each thing to where it belongs."""

    def __init__(
        self,
        session: Session,
        files: FileQuestions,
        left: LeftRoom,
        stage: Stage,
        *,
        open_project: Callable[[Path], object],
        take_models: Callable[[tuple[Path, ...]], object],
    ) -> None:
        self._session = session
        self._files = files
        self._left = left
        self._stage = stage
        self._open_project = open_project
        self._take_models = take_models
        self.waiting = WaitingBar()
        left.save_wanted.connect(self._ask_save)

    def take_files(self, paths: tuple[Path, ...]) -> None:
        """Use files that were dropped or chosen, each by its kind."""
        found = sort_dropped(paths)
        pictures = found.of(Dropped.PICTURE)
        if len(pictures) == 1:
            self._take_picture(pictures[0])
        else:
            for path in pictures:
                self._place(path)
        for path in found.of(Dropped.SCORE)[:1]:
            self._session.attempt(partial(self._files.use_score, self._session, path))
        for path in found.of(Dropped.PROJECT)[:1]:
            self._open_project(path)
        if found.of(Dropped.MODEL):
            self._take_models(found.of(Dropped.MODEL))
        for path in found.of(Dropped.OTHER)[:1]:
            self._stage.message.tell(
                f"{path.name} is neither a picture, a score, a model nor a project.", tone="bad"
            )

    def offer_waiting(self, queue: KeptQueue) -> None:
        """Offer to go on with the jobs that waited when the program ended."""
        if queue.found:
            self.waiting.offer(len(queue.found), lambda: queue.go_on(self._ask), queue.drop)

    def _ask(self, request: Request) -> None:
        """Let a request's panel go on with it; what needs none comes into the history."""
        panel = PANELS.get(request.kind)
        if panel is not None:
            self._left.panel(panel).go_on(request)
        else:
            self._session.generate(request, lambda result: None)

    def _place(self, path: Path) -> None:
        self._session.attempt(partial(self._files.place, self._session, path))

    def _take_picture(self, path: Path) -> None:
        """Place a picture; if its file says how it was made, ask which of both is wanted."""

        def then(found: Found) -> None:
            if found.settings is None:
                self._place(path)
                return
            self._stage.message.offer(
                f"{path.name} says how it was made ({found.settings.tool}).",
                "Use the picture",
                lambda: self._place(path),
                other=("Take its settings", lambda: self._take_settings(found)),
            )

        self._session.look_into(path, then)

    def _take_settings(self, found: Found) -> None:
        from desktop.panels.image import ImagePanel

        panel = self._left.panel("image")
        self._left.show_panel("image")
        if isinstance(panel, ImagePanel) and found.settings is not None:
            panel.take(found.settings)

    def _ask_save(self, kept: Kept) -> None:
        """Ask where a picture of the history should be saved."""
        session = self._session
        self._files.ask_save_picture(
            lambda path: session.attempt(lambda: session.save_kept(kept, path))
        )
