"""The project with its engines: what they are told besides requests.

Wishes about the memory, which jobs will come, and in which order those that
wait are taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from desktop.filing import Filing
from desktop.jobs import Job, Lane
from desktop.queue_order import Waiting, next_job, ready_labels
from engines.api import Kind, MemoryOptions, MemoryStatus, Request, Run, SoundRequest


class Host(Protocol):
    """What runs the engines; see `engines.host`."""

    def run(self, request: Request, run: Run) -> Any: ...

    def memory(self) -> MemoryStatus: ...

    def free_memory(self) -> None: ...

    def configure_memory(self, options: MemoryOptions) -> None: ...

    def expect(self, labels: Sequence[str]) -> None: ...

    def end_engines(self) -> None: ...


class Hosted(Filing):
    """Files and jobs, with a host that runs the engines."""

    memory_configured = Signal()
    _asked = Signal(object, str)  # the token and label of what a production asks now

    def __init__(self, host: Host, parent: QObject | None = None) -> None:
        super().__init__(self.ask, parent)
        self._soundfont = ""
        self._host = host
        self._defaults: dict[str, str] = {}
        self._may_change = False
        self.jobs.order_by(self._choose_next)
        self.jobs.expected_changed.connect(host.expect)
        self._asked.connect(self.jobs.note_asked, Qt.ConnectionType.QueuedConnection)

    @property
    def host(self) -> Host:
        return self._host

    @property
    def soundfont(self) -> str:
        """The user's own soundfont, empty for ours."""
        return self._soundfont

    def use_soundfont(self, path: str) -> None:
        """Let all music sound through this soundfont from now on; empty for ours."""
        self._soundfont = path

    def ask(self, request: Request, run: Run) -> Any:
        """Ask the engines, from any thread; music sounds through the user's soundfont."""
        if isinstance(request, SoundRequest) and not request.soundfont:
            request = replace(request, soundfont=self._soundfont)
        return self._host.run(request, run)

    def know_defaults(self, defaults: Mapping[Kind, str]) -> None:
        """Take note of which model the library chooses where none is named."""
        self._defaults = {str(kind): model for kind, model in defaults.items()}

    def default_model(self, kind: Kind) -> str:
        """Return the library's own choice for a kind; empty while it is not known."""
        return self._defaults.get(str(kind), "")

    def let_jobs_change_places(self, may: bool) -> None:
        """Whether waiting jobs of different works may change places to save loading."""
        self._may_change = may

    def free_memory(self) -> None:
        """Let the engines give back what lies idle."""
        host = self._host

        def work(run: Run) -> None:
            host.free_memory()

        self.jobs.submit("Freeing memory", work, _nothing, Lane.ORDER, kind="memory")

    def end_engines(self) -> Job:
        """End the engines' process, which surely gives all its memory back; jobs there are lost."""
        host = self._host

        def work(run: Run) -> None:
            host.end_engines()

        return self.jobs.submit("Ending the engines", work, _nothing, Lane.ORDER, kind="memory")

    def configure_memory(self, options: MemoryOptions) -> None:
        """Let the engines follow the user's wishes from now on."""
        self._host.configure_memory(options)
        self.memory_configured.emit()

    def _choose_next(self, waiting: Sequence[Waiting]) -> Waiting:
        keys = [resident.key for resident in self._host.memory().residents]
        ready = ready_labels((job.label for job in waiting), keys)
        return next_job(waiting, ready, may_change=self._may_change)

    def _named(self, label: str) -> str:
        """Write the library's own choice into a label that leaves the model open."""
        kind, _, model = label.partition(":")
        return f"{kind}:{model or self._defaults.get(kind, '')}"


def _nothing(result: None) -> None:
    """Take no notice of the result."""
