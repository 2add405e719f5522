"""The desk: the window's parts, and what the user can ask of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from desktop.actions import ACTIONS
from desktop.files import Dropped, FileQuestions, Leaving, sort_dropped
from desktop.panels.brief import BriefBar
from desktop.panels.command_palette import CommandPalette
from desktop.panels.jobs import JobStrip
from desktop.playback import Playback
from desktop.rooms import LeftRoom, RightRoom, TimelineRoom
from desktop.session import Session
from desktop.stage import Stage


class DeskWindow(QMainWindow):
    """The `Desk` of all actions; `desktop.window` gives it its layout and menus."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.files = FileQuestions(self)
        self.leaving = Leaving(self, session, self.files)
        self.brief = BriefBar(session)
        self.stage = Stage(session)
        self.timeline = TimelineRoom(session)
        self.playback = Playback(session, lambda: self.timeline.player)
        self.left = LeftRoom(session, self.playback)
        self.right = RightRoom(session)
        self.strip = JobStrip(session, self.stage.area)

    def ask_new(self, use: str) -> None:
        """Begin another work, once the open one is safe."""
        new = self.session.new_poster if use == "poster" else self.session.new_scene
        if self.leaving.may_leave(lambda: self.ask_new(use)):
            new()

    def ask_open(self) -> None:
        self.files.ask_open(self.open_file)

    def open_file(self, path: Path) -> None:
        """Open a project, once the open one is safe."""
        if self.leaving.may_leave(lambda: self.open_file(path)):
            self.session.open(path)

    def ask_save(self, *, anew: bool) -> None:
        if self.session.path is not None and not anew:
            self.session.save()
        else:
            self.files.ask_save(self.session.save)

    def ask_export(self) -> None:
        self.files.ask_export(self.session.export)

    def ask_picture(self) -> None:
        self.files.ask_picture(lambda path: self.take_files((path,)))

    def ask_score(self) -> None:
        self.files.ask_score(lambda path: self.take_files((path,)))

    def play_or_pause(self) -> None:
        self.playback.toggle()

    def fit_page(self) -> None:
        self.stage.canvas.fit()

    def show_panel(self, name: str) -> None:
        self.left.show_panel(name)

    def focus_brief(self) -> None:
        self.brief.focus()

    def make(self) -> None:
        self.brief.make()

    def show_commands(self) -> None:
        palette = CommandPalette(self, ACTIONS, self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open_over(self)

    def show_about(self) -> None:
        self.stage.message.tell(
            "Triptych: words, pictures and music on one canvas, all on this machine. "
            "GPL-3.0-or-later, the Triptych authors."
        )

    def close_views(self) -> None:
        """End the threads of what is shown."""
        self.stage.canvas.worker.close()
        self.left.close_view()
        self.timeline.close_view()

    def take_files(self, paths: tuple[Path, ...]) -> None:
        """Use files that were dropped or chosen, each by its kind."""
        sorted_paths = sort_dropped(paths)
        for path in sorted_paths.of(Dropped.PICTURE):
            self.session.attempt(partial(self.files.place, self.session, path))
        for path in sorted_paths.of(Dropped.SCORE)[:1]:
            self.session.attempt(partial(self.files.use_score, self.session, path))
        for path in sorted_paths.of(Dropped.PROJECT)[:1]:
            self.open_file(path)
        for path in sorted_paths.of(Dropped.OTHER)[:1]:
            self.stage.message.tell(
                f"{path.name} is neither a picture, a MIDI file nor a project.", tone="bad"
            )
