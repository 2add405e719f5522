"""A copy of unsaved work, written every minute, offered after a bad end.

The copies lie in the application's data folder, one file for each running
window, each replaced whole. A window that ends well takes its copy away.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from desktop.document.model import Document
from desktop.jobs import Lane
from desktop.session import Session
from engines.api import Run

INTERVAL_MS = 60_000

_NAME = re.compile(r"unsaved-(\d{1,9})\.triptych")


class Recovery(QObject):
    """Writes this window's copy, and finds those of windows that are no more."""

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(session)
        self._session = session
        self._folder = folder
        self._mine = folder / f"unsaved-{os.getpid()}.triptych"
        self._copied: Document | None = None
        self._found: Path | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.copy)

    @property
    def found(self) -> Path | None:
        """The newest copy that a window left behind."""
        return self._found

    def begin(self) -> None:
        """Look for what was left behind, and start copying."""
        self._found = _newest_left(self._folder)
        self._timer.start()

    def copy(self) -> None:
        """Write a copy if there is anything that is not saved or copied yet."""
        session = self._session
        document, assets, goal = session.document, session.assets, self._mine
        if not session.dirty or document is self._copied:
            return

        def work(run: Run) -> None:
            from desktop.document.storage import save

            goal.parent.mkdir(parents=True, exist_ok=True)
            save(goal, document, assets, b"")

        def then(result: None) -> None:
            self._copied = document

        session.jobs.submit(
            "Keeping a copy of unsaved work", work, then, Lane.FILE, kind="save", quiet=True
        )

    def restore(self) -> None:
        """Open the copy that was found, as work that is not saved yet."""
        found = self._found
        if found is not None:
            self._found = None
            self._session.open_copy(found)

    def end(self) -> None:
        """Take the window's own copy away: it ended well."""
        self._timer.stop()
        for path in (self._mine, *_backups(self._mine)):
            with contextlib.suppress(OSError):
                path.unlink()


def _newest_left(folder: Path) -> Path | None:
    """Return the newest copy whose window does not run any more."""
    import psutil

    left = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match is not None and not psutil.pid_exists(int(match[1])):
                left.append((path.stat().st_mtime, path))
    return max(left)[1] if left else None


def _backups(path: Path) -> list[Path]:
    """Return the backups that saving made beside a copy."""
    with contextlib.suppress(OSError):
        return [x for x in path.parent.iterdir() if path.stem in x.name and x != path]
    return []
