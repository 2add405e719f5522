"""What the three panels share: a form that starts a job, follows it and shows its preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.jobs import Job
from desktop.panels.controls import caption
from desktop.panels.models import ModelChoice
from desktop.session import Session
from engines.api import EngineError, Kind, ModelSpec, Preview, Request


class Form(QScrollArea):
    """A column of fields that scrolls, and one job at a time."""

    KIND = Kind.TEXT
    VERB = "Make"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._job_id = 0
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
        return self._job_id != 0

    def start(self, make: Callable[[], Request], then: Callable[[Request, Any], None]) -> None:
        """Ask for what the form says, or stop what runs.

        `make` builds the request; what is wrong with it is told and nothing starts.
        """
        if self.running:
            self.session.jobs.cancel(self._job_id)
            return
        try:
            request = make()
        except EngineError as error:
            self.session.tell(error)
            return
        job = self.session.generate(request, lambda result: then(request, result))
        self._job_id = job.id
        self.on_started()
        self.show_running(self.session.jobs.job(job.id))

    def on_started(self) -> None:
        """Make room for what will come."""

    def on_preview(self, preview: Preview) -> None:
        """Show what there is so far."""

    def on_ended(self, job: Job) -> None:
        """Put away what was only shown while it ran."""

    def show_running(self, job: Job | None) -> None:
        """Show on the form whether a job runs."""

    def _on_job(self, job: Job) -> None:
        if job.id != self._job_id:
            return
        if job.ended:
            self._job_id = 0
            self.on_ended(job)
            self.show_running(None)
            return
        if job.preview is not None:
            self.on_preview(job.preview)
        self.show_running(job)


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
