"""What the three panels share: a form that starts a job, follows it and shows its preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.jobs import Job, JobState
from desktop.panels.controls import caption
from desktop.panels.models import ModelChoice
from desktop.session import Session
from engines.api import EngineError, Kind, ModelSpec, Preview, Request


class Form(QScrollArea):
    """A column of fields that scrolls, and the jobs it asked for, which it follows in turn."""

    KIND = Kind.TEXT
    VERB = "Make"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._job_ids: list[int] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("page")
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(16, 16, 16, 16)
        self.column.setSpacing(12)
        self.setWidget(page)
        self.model = ModelChoice(session, self.KIND)
        session.jobs.changed.connect(self._on_job)

    def show_models(self, specs: tuple[ModelSpec, ...]) -> None:
        """Offer the library's models of this panel's kind."""
        self.model.show_models(specs)

    @property
    def running(self) -> bool:
        return bool(self._job_ids)

    def start(self, make: Callable[[], Request], then: Callable[[Request, Any], None]) -> None:
        """Ask for what the form says, or stop what runs.

        `make` builds the request; what is wrong with it is told and nothing starts.
        """
        if self.running:
            self.session.jobs.cancel(self._shown_id())
        else:
            self.add(make, then)

    def add(self, make: Callable[[], Request], then: Callable[[Request, Any], None]) -> None:
        """Ask for what the form says, behind what was asked before."""
        try:
            request = make()
        except EngineError as error:
            self.session.tell(error)
            return
        if not self.running:
            self.on_started()
        job = self.ask(request, lambda result: then(request, result))
        self._job_ids.append(job.id)
        self.show_running(self.session.jobs.job(self._shown_id()))

    def ask(self, request: Request, then: Callable[[Any], None]) -> Job:
        """Hand a request to the engines."""
        return self.session.generate(request, then)

    def go_on(self, request: Request) -> None:
        """Ask for what was asked in another run of the program."""
        self.add(lambda: request, self.on_result)

    def on_result(self, request: Request, result: Any) -> None:
        """Show what a request of this panel gave."""

    def on_started(self) -> None:
        """Make room for what will come."""

    def on_preview(self, preview: Preview) -> None:
        """Show what there is so far."""

    def on_ended(self, job: Job) -> None:
        """Put away what was only shown while it ran."""

    def show_running(self, job: Job | None) -> None:
        """Show on the form whether a job runs."""

    def _on_job(self, job: Job) -> None:
        if job.id not in self._job_ids:
            return
        if job.ended:
            self._job_ids.remove(job.id)
            self.on_ended(job)
            self.show_running(self.session.jobs.job(self._shown_id()) if self.running else None)
        elif job.id == self._shown_id():
            if job.preview is not None:
                self.on_preview(job.preview)
            self.show_running(job)

    def _shown_id(self) -> int:
        """Return which job the form shows and stops: the one that runs, else the first."""
        jobs = (self.session.jobs.job(job_id) for job_id in self._job_ids)
        running = (job.id for job in jobs if job.state is JobState.RUNNING)
        return next(running, self._job_ids[0])


def stop_or(button: QPushButton, text: str, job: Job | None) -> None:
    """Let a form's button say what a press does now: make, or stop."""
    if job is None:
        caption(button, text)
        button.setEnabled(True)
    elif job.cancelling:
        caption(button, "Stopping…")
        button.setEnabled(False)
    else:
        percent = f"  {job.fraction:.0%}" if job.fraction > 0 else ""
        caption(button, f"Stop{percent}")
