"""The library as the window knows it: looked through on another thread, told when it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.jobs import Job, Lane
from desktop.messages import explain
from desktop.panels.model_words import counted
from desktop.session import Session
from engines.api import EngineError, Kind, ModelRefused, ModelSpec, Run

if TYPE_CHECKING:
    from engines.catalog import Added, Catalog

Look = tuple[tuple[ModelSpec, ...], tuple[ModelRefused, ...], tuple[str, ...], dict[Kind, str]]


class ModelLibrary(QObject):
    """Models, what was refused, and the folders; all work is done on the questions' thread."""

    changed = Signal()
    progressed = Signal(int, int)  # files looked at, files in all; 0, 0 when it is done
    told = Signal(str, str)  # a sentence and its tone

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._catalog: Catalog | None = None
        self._looks: set[int] = set()
        self.models: tuple[ModelSpec, ...] = ()
        self.refused: tuple[ModelRefused, ...] = ()
        self.folders: tuple[str, ...] = ()
        session.jobs.changed.connect(self._on_job)

    @property
    def looking(self) -> bool:
        """Whether the library is being looked through."""
        return bool(self._looks)

    def refresh(self) -> None:
        """Look through the library."""
        self._submit("Looking through the models", self._look, self._show)

    def take(self, paths: Sequence[Path]) -> None:
        """Add files and folders where they lie."""
        wanted = tuple(paths)

        def work(run: Run) -> tuple[str, str, Look]:
            said, tone = [], "good"
            for path in wanted:
                try:
                    said.append(_added_words(path, self._open().take(path, _stepper(run))))
                except (EngineError, OSError) as error:
                    run.token.check()
                    said.append(str(explain(error, "models")))
                    tone = "bad"
            return " ".join(said), tone, self._look(run)

        def then(answer: tuple[str, str, Look]) -> None:
            sentence, tone, look = answer
            self._show(look)
            self.told.emit(sentence, tone)

        names = wanted[0].name if len(wanted) == 1 else f"{len(wanted)} files"
        self._submit(f"Adding {names} to the library", work, then)

    def remove(self, what: str) -> None:
        """Forget a model, by its id, or a folder, by its path; the files stay."""

        def work(run: Run) -> Look | str:
            try:
                self._open().remove(what)
            except EngineError as error:
                return str(explain(error, "models"))
            return self._look(run)

        def then(answer: Look | str) -> None:
            if isinstance(answer, str):
                self.told.emit(answer, "bad")
            else:
                self._show(answer)

        self._submit("Taking it out of the library", work, then)

    def stop(self) -> None:
        """Stop looking; what was found so far is remembered for the next time."""
        for job_id in tuple(self._looks):
            self._session.jobs.cancel(job_id)

    def hash_of(self, spec: ModelSpec, then: Callable[[str], None]) -> None:
        """Work out the sha256 of a model's weights on the exports' thread: it takes its time."""
        self._session.jobs.submit(
            f"Working out the sha256 of {spec.name}",
            lambda run: self._open().sha256(spec, run.token.check),
            then,
            Lane.EXPORT,
            kind="models",
        )

    def _open(self) -> Catalog:
        if self._catalog is None:
            from engines.catalog import Catalog

            self._catalog = Catalog()
        return self._catalog

    def _look(self, run: Run) -> Look:
        catalog = self._open()
        found = catalog.scan(_stepper(run))
        return found.models, found.refused, catalog.folders(), catalog.defaults()

    def _show(self, look: Look) -> None:
        self.models, self.refused, self.folders, defaults = look
        self._session.know_defaults(defaults)
        self.changed.emit()

    def _submit(self, title: str, work: Callable[[Run], object], then: Callable[..., None]) -> None:
        job = self._session.jobs.submit(title, work, then, Lane.QUESTION, kind="models", quiet=True)
        if not job.ended:
            self._looks.add(job.id)
        self.progressed.emit(0, 0)

    def _on_job(self, job: Job) -> None:
        if job.id not in self._looks:
            return
        if job.ended:
            self._looks.discard(job.id)
            self.progressed.emit(0, 0)
            if job.error is not None:
                self.told.emit(str(explain(job.error, "models")), "bad")
        elif job.progress is not None:
            self.progressed.emit(job.progress.done, job.progress.total)


def _stepper(run: Run) -> Callable[[int, int], None]:
    return lambda done, total: run.step(done, total, stage="looking at models")


def _added_words(path: Path, added: Added) -> str:
    """Say what came of adding a path."""
    if not added.folder:
        return f"{added.models[0].name} is in the library."
    name = path.name or str(path)
    of = "" if added.program in ("", name) else f", a folder of {added.program}"
    refused = f" {len(added.refused)} cannot be used, see why under Refused." * bool(added.refused)
    if not added.models:
        return f"No usable models lie in {name}{of}.{refused}"
    return f"{name}{of and of + ','} holds {counted(added.models)}.{refused}"
