"""The strip at the bottom: what runs, how far it is, and the list of all jobs above it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.icons import pixmap
from desktop.jobs import Job, JobQueue, JobState
from desktop.messages import explain
from desktop.panels.controls import ElidedLabel, button, label, tool
from desktop.panels.memory import MemoryMeter
from desktop.session import Session
from desktop.theme import COLORS, MEDIA

STRIP_PX = 44
LIST_WIDTH_PX = 480
LIST_ROWS = 6
ROW_PX = 56

ICONS = {
    "text": "type",
    "image": "image",
    "background": "mountain",
    "grid": "grid-3x3",
    "upscale": "image-upscale",
    "cutout": "scissors",
    "music": "music",
    "sound": "volume-2",
    "plan": "pen-line",
    "poster": "newspaper",
    "scene": "clapperboard",
    "open": "folder-open",
    "save": "save",
    "export": "download",
    "memory": "memory-stick",
}
STATES = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "working",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


def state_words(job: Job) -> str:
    """Say how a job stands, in a few words."""
    if job.state is JobState.RUNNING:
        if job.cancelling:
            return "stopping"
        if job.finishing:
            return "finishing this one"
        stage = job.progress.stage if job.progress else ""
        percent = f"{job.fraction:.0%}" if job.fraction >= 0 else ""
        return "  ".join(x for x in (stage or "working", percent) if x)
    if job.state is JobState.FAILED and job.error is not None:
        return explain(job.error, job.kind).sentence
    if job.state is JobState.DONE:
        return f"done in {job.ended_s - job.started_s:.1f} s"
    return STATES[job.state]


def _media(job: Job) -> str:
    colors = {COLORS.words: "text", COLORS.picture: "image", COLORS.music: "music"}
    return colors.get(MEDIA.get(job.kind, ""), "")


class Progress(QProgressBar):
    """A thin bar in the colour of the job's panel; it wanders while nothing is known."""

    def __init__(self, job: Job | None = None) -> None:
        super().__init__()
        self.setTextVisible(False)
        if job is not None:
            self.setProperty("media", _media(job))
            self.show_job(job)

    def show_job(self, job: Job) -> None:
        if job.fraction < 0:
            self.setRange(0, 0 if job.state is JobState.RUNNING else 1000)
            self.setValue(0)
        else:
            self.setRange(0, 1000)
            self.setValue(round(1000 * job.fraction))


class JobRow(QFrame):
    """One job in the list."""

    def __init__(self, queue: JobQueue, job: Job) -> None:
        super().__init__()
        self._queue = queue
        self._job_id = job.id
        self.setObjectName("job")
        self.setFixedHeight(ROW_PX)
        self._icon = label("")
        drawing = ICONS.get(job.kind, "cpu")
        self._icon.setPixmap(
            pixmap(drawing, MEDIA.get(job.kind, COLORS.accent), 18, self.devicePixelRatioF())
        )
        self._title = ElidedLabel(job.title)
        self._state = ElidedLabel("", "muted")
        self._bar = Progress(job)
        self._cancel = tool("x", "Cancel", small=True)
        self._cancel.clicked.connect(lambda: queue.cancel(self._job_id))
        self._retry = tool("rotate-cw", "Try again", small=True)
        self._retry.clicked.connect(lambda: queue.retry(self._job_id))
        words = QVBoxLayout()
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(3)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._bar)
        words.addWidget(self._state)
        words.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 8, 0)
        layout.setSpacing(12)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        layout.addWidget(self._retry)
        layout.addWidget(self._cancel)
        self.show_job(job)

    def show_job(self, job: Job) -> None:
        self._state.setText(state_words(job))
        self._bar.show_job(job)
        self._bar.setVisible(job.state is JobState.RUNNING)
        self._cancel.setVisible(not job.ended)
        self._cancel.setEnabled(not job.cancelling)
        self._retry.setVisible(job.state in (JobState.FAILED, JobState.CANCELLED))


class JobsList(QFrame):
    """All jobs, newest first; floats above the strip."""

    def __init__(self, queue: JobQueue, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._queue = queue
        self._rows: dict[int, JobRow] = {}
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 10, 8)
        head.addWidget(label("Jobs", "heading"), 1)
        self._drop = button(
            "Drop waiting", "quiet", "list-x", "Finish what is being made, drop the rest"
        )
        self._drop.clicked.connect(queue.cancel_all_queued)
        clear = button("Clear ended", "quiet")
        clear.clicked.connect(queue.forget_ended)
        head.addWidget(self._drop)
        head.addWidget(clear)
        self._empty = label("Nothing has been asked of the engines yet.", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMinimumHeight(64)
        inside = QWidget()
        inside.setObjectName("page")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 8)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._empty)
        layout.addWidget(self._area, 1)
        queue.added.connect(self._on_added)
        queue.changed.connect(self._on_changed)
        queue.forgotten.connect(self._on_forgotten)
        self._on_size()
        self.hide()

    def _on_added(self, job: Job) -> None:
        if job.quiet:
            return
        self._rows[job.id] = row = JobRow(self._queue, job)
        self._column.insertWidget(0, row)
        self._on_size()

    def _on_changed(self, job: Job) -> None:
        if job.id in self._rows:
            self._rows[job.id].show_job(job)
        rest = any(
            x.state is JobState.QUEUED
            or (x.state is JobState.RUNNING and x.makes_several and not x.finishing)
            for x in self._queue.jobs
        )
        self._drop.setVisible(rest)

    def _on_forgotten(self, job_id: int) -> None:
        row = self._rows.pop(job_id, None)
        if row is None:
            return
        self._column.removeWidget(row)
        row.deleteLater()
        self._on_size()

    def _on_size(self) -> None:
        rows = len(self._rows)
        self._empty.setVisible(not rows)
        self._area.setVisible(bool(rows))
        height_px = 68 + (ROW_PX * min(rows, LIST_ROWS) if rows else 64)
        bottom = self.geometry().bottom()
        self.resize(LIST_WIDTH_PX, height_px)
        self.move(self.x(), bottom - height_px + 1)


class JobStrip(QWidget):
    """The job that runs, how many wait, and the memory."""

    def __init__(self, session: Session, overlay_parent: QWidget) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(STRIP_PX)
        self._queue = session.jobs
        self._list = JobsList(session.jobs, overlay_parent)
        self._shown_id = 0
        self._open = button("Jobs", "quiet", "chevron-up", "Show all jobs")
        self._open.clicked.connect(self.toggle_list)
        self._icon = QLabel()
        self._words = ElidedLabel("", "muted")
        self._bar: Progress | None = None
        self._cancel = tool("x", "Cancel this job", small=True)
        self._cancel.clicked.connect(lambda: self._queue.cancel(self._shown_id))
        self._room = QHBoxLayout()
        self._room.setSpacing(8)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 16, 0)
        layout.setSpacing(12)
        layout.addWidget(self._open)
        layout.addWidget(self._icon)
        layout.addWidget(self._words, 3)
        layout.addLayout(self._room, 2)
        layout.addWidget(self._cancel)
        layout.addStretch(1)
        self.memory = MemoryMeter(session)
        layout.addWidget(self.memory)
        session.jobs.added.connect(self._on_change)
        session.jobs.changed.connect(self._on_change)
        session.jobs.forgotten.connect(lambda _: self._refresh())
        overlay_parent.installEventFilter(self)
        self._overlay_parent = overlay_parent
        self._refresh()

    def toggle_list(self) -> None:
        self._list.setVisible(self._list.isHidden())
        self._place_list()

    def show_list(self, shown: bool) -> None:
        self._list.setVisible(shown)
        self._place_list()

    def _place_list(self) -> None:
        bottom = self._overlay_parent.height() - 8
        self._list.move(QPoint(12, bottom - self._list.height()))
        self._list.raise_()
        self._open.setToolTip("Hide all jobs" if self._list.isVisible() else "Show all jobs")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place_list()
        return False

    def _on_change(self, job: Job) -> None:
        self._refresh()

    def _refresh(self) -> None:
        jobs = [job for job in self._queue.jobs if not job.quiet]
        running = [job for job in jobs if job.state is JobState.RUNNING]
        waiting = sum(job.state is JobState.QUEUED for job in jobs)
        shown = running[0] if running else (jobs[-1] if jobs else None)
        self._open.setText(f"Jobs ({len(running) + waiting})" if running else "Jobs")
        self._cancel.setVisible(bool(running))
        self._cancel.setEnabled(bool(running) and not running[0].cancelling)
        if shown is None:
            self._words.setText("Ready. Everything runs on this machine.")
            self._icon.hide()
            return
        if shown.id != self._shown_id:
            self._show(shown)
        more = f"   +{waiting} waiting" if waiting else ""
        self._words.setText(f"{shown.title}  ·  {state_words(shown)}{more}")
        if self._bar is not None:
            self._bar.show_job(shown)
            self._bar.setVisible(shown.state is JobState.RUNNING)

    def _show(self, job: Job) -> None:
        """Turn the strip to another job."""
        self._shown_id = job.id
        self._icon.setPixmap(
            pixmap(
                ICONS.get(job.kind, "cpu"),
                MEDIA.get(job.kind, COLORS.accent),
                16,
                self.devicePixelRatioF(),
            )
        )
        self._icon.show()
        if self._bar is not None:
            self._room.removeWidget(self._bar)
            self._bar.deleteLater()
        self._bar = Progress(job)
        self._room.addWidget(self._bar)
