"""The window: places the panels and menus, asks for files, and tells what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktop.actions import ACTIONS, DIVIDED_BEFORE, HANDLED_BY_KEYS, MENUS
from desktop.desk import DeskWindow
from desktop.files import CUE_MIME, TAKE_MIME
from desktop.icons import icon
from desktop.jobs import Job, JobState
from desktop.messages import explain
from desktop.session import Session
from desktop.settings import GB, Settings
from desktop.theme import COLORS
from engines.api import OutOfMemory

START_SIZE_PX = (1440, 900)


class Window(DeskWindow):
    """The studio: the desk with its menus, in its layout."""

    def __init__(
        self,
        session: Session,
        settings: Settings | None = None,
        *,
        keep_settings: Callable[[Settings], None] = lambda settings: None,
    ) -> None:
        super().__init__(session)
        self.settings = settings or Settings()
        self._keep_settings = keep_settings
        self._actions: dict[str, QAction] = {}
        self.setAcceptDrops(True)
        self._lay_out()
        self._make_menus()
        self._connect()
        self._restore()
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._actions["play"].isEnabled():
            self.play_or_pause()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if data.hasUrls() or data.hasFormat(TAKE_MIME) or data.hasFormat(CUE_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        take = bytes(event.mimeData().data(TAKE_MIME).data()).decode("ascii", "replace")
        if take:
            event.acceptProposedAction()
            self.session.use_take(take)
            return
        if event.mimeData().hasFormat(CUE_MIME):
            event.acceptProposedAction()
            self.session.attempt(self.session.fit_music)
            return
        paths = tuple(
            Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()
        )
        event.acceptProposedAction()
        # The drag's source must not wait for what is done with the files.
        QTimer.singleShot(0, self, lambda: self.arrivals.take_files(paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.leaving.may_leave(self.close):
            event.ignore()
            return
        self._keep_settings(self._settings_now())
        event.accept()

    def _lay_out(self) -> None:
        self._split = QSplitter(Qt.Orientation.Horizontal)
        for index, widget in enumerate((self.left, self.middle, self.right)):
            self._split.addWidget(widget)
            self._split.setCollapsible(index, False)
        self._split.setStretchFactor(1, 1)
        page = QWidget()
        page.setObjectName("panel")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.brief)
        room = QHBoxLayout()
        room.addWidget(self._split)
        layout.addLayout(room, 1)
        layout.addWidget(self.arrivals.waiting)
        layout.addWidget(self.strip)
        self.setCentralWidget(page)

    def _make_menus(self) -> None:
        """Make a menu item of each line of the table."""
        menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        for action in ACTIONS:
            made = QAction(action.text, self)
            if action.icon:
                made.setIcon(icon(action.icon, COLORS.muted))
            keys = [QKeySequence(part) for part in action.shortcut.split(",") if part]
            if action.id in HANDLED_BY_KEYS:
                made.setText(f"{action.text}\t{action.shortcut}")
            else:
                made.setShortcuts(keys)
            does = action.does
            made.triggered.connect(
                lambda _=False, does=does: self.session.attempt(lambda: does(self))
            )
            if action.id in DIVIDED_BEFORE:
                menus[action.menu].addSeparator()
            menus[action.menu].addAction(made)
            self._actions[action.id] = made

    def _connect(self) -> None:
        session = self.session
        self.stage.wanted.connect(self.brief.write)
        self.stage.canvas.space_tapped.connect(self._actions["play"].trigger)
        self.timeline.play_with(self.playback.toggle)
        session.noticed.connect(self._on_notice)
        session.jobs.ended.connect(self._on_job_ended)
        session.jobs.added.connect(self._refresh)
        session.jobs.ended.connect(self._refresh)
        session.saved.connect(self._on_saved)
        session.opened.connect(self._on_opened)
        session.exported.connect(self._on_exported)
        session.document_changed.connect(self._refresh)
        session.selection_changed.connect(self._refresh)
        session.path_changed.connect(self._refresh)
        session.dirty_changed.connect(self._refresh)
        session.passage_changed.connect(self._refresh)
        session.cuts_moved.connect(self._on_cuts_moved)

    def _refresh(self, *_: object) -> None:
        """Let menus, title and timeline say how things stand."""
        for action in ACTIONS:
            made = self._actions[action.id]
            made.setEnabled(action.can(self.session))
            if action.words is not None:
                made.setText(action.words(self.session))
        path, document = self.session.path, self.session.document
        name = path.name if path is not None else document.title
        self.setWindowTitle(f"{name}[*] – Triptych")
        self.setWindowModified(self.session.dirty)
        self.timeline.refresh()

    def _restore(self) -> None:
        settings = self.settings
        self.resize(*START_SIZE_PX)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromHex(settings.geometry.encode()))
        self._split.setSizes([settings.left_width_px, 800, settings.right_width_px])
        self.middle.restore(
            timeline_px=settings.timeline_height_px, score_px=settings.score_height_px
        )
        self.brief.show_choices(
            use=settings.use, paper=settings.poster_size, seconds=settings.scene_seconds
        )
        self.strip.memory.show_settings(settings)
        self.audition.switch(settings.hear_notes)
        if settings.soundfont and Path(settings.soundfont).is_file():
            self.session.use_soundfont(settings.soundfont)

    def _settings_now(self) -> Settings:
        left, _, right = self._split.sizes()
        geometry = bytes(self.saveGeometry().toHex().data()).decode()
        return replace(
            self.settings,
            geometry=geometry,
            left_width_px=left,
            right_width_px=right,
            timeline_height_px=self.middle.timeline_px,
            score_height_px=self.middle.score_px,
            history_gb=self.session.history_bytes / GB,
            hear_notes=self.audition.on,
            soundfont=self.session.soundfont,
            **self.brief.choices,
            **self.strip.memory.choices,
        )

    def _on_notice(self, sentence: str) -> None:
        self.stage.message.tell(sentence)

    def _on_cuts_moved(self, sentence: str) -> None:
        fit = partial(self.session.attempt, self.session.fit_music)
        self.stage.message.offer(sentence, "Fit the music again", fit)

    def _on_job_ended(self, job: Job) -> None:
        if job.state is JobState.FAILED and job.error is not None:
            sentence = f"{job.title.rstrip('.…')}. {explain(job.error, job.kind)}"
            bar, error = self.stage.message, job.error
            if isinstance(error, OutOfMemory):
                show = partial(self.strip.memory.show_card, True)
                bar.offer(sentence, "Show the memory", show, tone="bad", error=error)
            else:
                bar.tell(sentence, tone="bad", error=error)

    def _on_saved(self, path: Path) -> None:
        self.settings = self.settings.with_recent(path)
        self.stage.message.tell(f"Saved as {path.name}.", tone="good")

    def _on_opened(self, path: Path) -> None:
        self.settings = self.settings.with_recent(path)

    def _on_exported(self, paths: tuple[Path, ...]) -> None:
        names = ", ".join(path.name for path in paths)
        self.stage.message.tell(f"Exported {names}.", tone="good")
