"""The desk: the window's parts, and what the user can ask of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from desktop.actions import ACTIONS
from desktop.arrivals import Arrivals
from desktop.audition import Audition
from desktop.file_window import FileWindow
from desktop.files import Leaving
from desktop.jobs import JobState, Lane
from desktop.panels.brief import BriefBar
from desktop.panels.command_palette import CommandPalette
from desktop.panels.jobs import JobStrip
from desktop.panels.model_library import ModelLibrary
from desktop.playback import Playback
from desktop.rooms import LeftRoom, RightRoom, TimelineRoom
from desktop.session import Session
from desktop.stage import Middle, Stage

if TYPE_CHECKING:
    from desktop.panels.models_panel import ModelsPanel
    from desktop.score_room import ScoreRoom


class DeskWindow(FileWindow):
    """The `Desk` of all actions; `desktop.window` gives it its layout and menus."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.leaving = Leaving(self, session, self.files)
        self.brief = BriefBar(session)
        self.stage = Stage(session)
        self.timeline = TimelineRoom(session)
        self.middle = Middle(self.stage, self.timeline)
        self.playback = Playback(session, lambda: self.timeline.player)
        self.audition = Audition(session)
        self.left = LeftRoom(session, self.playback)
        self.left.score_wanted.connect(self.toggle_score)
        self.left.soundfont_wanted.connect(
            lambda: self.files.ask_soundfont(self.session.try_soundfont)
        )
        self.right = RightRoom(session)
        self.score: ScoreRoom | None = None
        self.library = ModelLibrary(session)
        self.library.changed.connect(self._on_library)
        self.left.models_wanted.connect(self.show_models)
        self.models: ModelsPanel | None = None
        self.arrivals = Arrivals(
            session,
            self.files,
            self.left,
            self.stage,
            open_project=self.open_file,
            take_models=self.show_models,
        )
        self.strip = JobStrip(session, self.stage.area)
        self.strip.memory.end_wanted.connect(self.ask_end_engines)

    def ask_new(self, use: str) -> None:
        """Begin another work, once the open one is safe."""
        new = self.session.new_poster if use == "poster" else self.session.new_scene
        if self.leaving.may_leave(lambda: self.ask_new(use)):
            new()

    def open_file(self, path: Path) -> None:
        """Open a project, once the open one is safe."""
        if self.leaving.may_leave(lambda: self.open_file(path)):
            self.session.open(path)

    def ask_open(self) -> None:
        self.files.ask_open(self.open_file)

    def ask_picture(self) -> None:
        self.files.ask_picture(lambda path: self.arrivals.take_files((path,)))

    def ask_score(self) -> None:
        self.files.ask_score(lambda path: self.arrivals.take_files((path,)))

    def work_on_music(self, verb: str) -> None:
        """Show the form for something to do with the music."""
        from desktop.panels.music import MusicPanel

        panel = self.left.panel("music")
        self.left.show_panel("music")
        if isinstance(panel, MusicPanel):
            panel.choose_verb(verb)

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

    def show_memory(self) -> None:
        """Open the memory's card, or put it away."""
        self.strip.memory.toggle_card()

    def show_models(self, wanted: tuple[Path, ...] = ()) -> None:
        """Show the library in its window, built the first time; add what is wanted to it."""
        if self.models is None:
            from desktop.panels.models_panel import ModelsPanel

            self.models = ModelsPanel(self.session, self.library, self)
            self.library.refresh()
        self.models.show()
        self.models.raise_()
        self.models.activateWindow()
        if wanted:
            self.library.take(wanted)

    def ask_end_engines(self) -> None:
        """End the engines' process; if a job is at work there, ask first."""
        running = [x for x in self.session.jobs.jobs if x.state is JobState.RUNNING]
        at_work = [x.title for x in running if x.lane in (Lane.ENGINE, Lane.EXPORT)]
        if not at_work:
            self.session.end_engines()
            return
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Triptych")
        box.setText(f"“{at_work[0]}” is at work. If the engines end now, this job is lost.")
        end = box.addButton("End the engines", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Let it work", QMessageBox.ButtonRole.RejectRole))
        end.clicked.connect(self.session.end_engines)
        box.open()

    def show_commands(self) -> None:
        palette = CommandPalette(self, ACTIONS, self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open_over(self)

    def show_about(self) -> None:
        self.stage.message.tell(
            "Triptych: words, pictures and music on one canvas, all on this machine. "
            "GPL-3.0-or-later, the Triptych authors."
        )

    def toggle_score(self) -> None:
        """Open the score to work on it, or put it away; it is built the first time."""
        if self.score is None:
            from desktop.score_room import ScoreRoom

            self.score = ScoreRoom(self.session)
            self.score.closed.connect(self.score.hide)
            self.score.seeked.connect(self.playback.seek)
            self.score.editor.heard.connect(self.audition.hear)
            self.score.hearing.setChecked(self.audition.on)
            self.score.hearing.toggled.connect(self.audition.switch)
            self.playback.time_changed.connect(self.score.set_time)
            self.middle.place_below(self.score)
        else:
            self.score.setVisible(self.score.isHidden())
        if self.score.isVisible():
            self.score.editor.setFocus()

    def _on_library(self) -> None:
        """Offer what is in the library, wherever models are chosen."""
        self.left.show_models(self.library.models)
        self.right.inspector.show_models(self.library.models)

    def close_views(self) -> None:
        """End the threads of what is shown."""
        self.audition.close()
        if self.score is not None:
            self.score.worker.close()
        self.stage.canvas.worker.close()
        self.left.close_view()
        self.timeline.close_view()
