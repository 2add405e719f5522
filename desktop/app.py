"""The window's only wiring: settings, engine host, session, window."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.hosted import Host
from desktop.icons import icon
from desktop.kept_queue import KeptQueue
from desktop.recovery import Recovery
from desktop.session import Session
from desktop.settings import (
    GB,
    history_folder,
    load_settings,
    memory_store,
    queue_folder,
    recovery_folder,
    save_settings,
    settings_path,
)
from desktop.window import Window
from engines.host import ChildHost, HostOptions

SETTLE_MS = 300
"""The window is painted before anything else may use the processor."""


SWITCH_INTERVAL_S = 0.001
"""How soon a busy job's thread lets the window's thread go on; Python's own value is 5 ms."""


@dataclass(slots=True)
class Studio:
    """All the parts of one running window."""

    application: QApplication
    host: Host
    session: Session
    window: Window

    def close(self) -> bool:
        """End everything in order; True if no thread is left."""
        ended = self.session.close()
        ended = self.window.playback.close() and ended
        self.window.close_views()
        if isinstance(self.host, ChildHost):
            self.host.close()
        return ended


def build(host: Host, *, keep: bool = True) -> Studio:
    """Make the application's parts and show nothing yet; `keep` reads and writes the settings."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["triptych"])
    application.setApplicationName("Triptych")
    application.setDesktopFileName("triptych")
    theme.apply(application)
    application.setWindowIcon(icon("triptych", theme.COLORS.accent))
    session = Session(host)
    path = settings_path()
    window = Window(
        session,
        load_settings(path) if keep else None,
        keep_settings=(lambda settings: save_settings(path, settings)) if keep else _forget,
    )
    return Studio(application, host, session, window)


def run_window(path: Path | None) -> int:
    """Show the window, with a project if one is named, until it is closed."""
    settings = load_settings(settings_path())
    options = HostOptions(memory=settings.memory_options, store=str(memory_store()))
    host = ChildHost(options=options)
    studio = build(host)
    studio.session.keep_pictures_in(
        history_folder(), most_bytes=round(max(1.0, settings.history_gb) * GB)
    )
    recovery = Recovery(studio.session, recovery_folder())
    queue = KeptQueue(studio.session.jobs, queue_folder())
    studio.window.show()

    def go_on() -> None:
        settle(studio)
        recovery.begin()
        queue.begin()
        studio.window.arrivals.offer_waiting(queue)
        if recovery.found is not None and path is None:
            studio.window.stage.message.offer(
                "Triptych ended before this work was saved. A copy of it is here.",
                "Bring it back",
                recovery.restore,
            )
        if path is not None:
            studio.session.open(path)

    QTimer.singleShot(SETTLE_MS, go_on)
    code = studio.application.exec()
    queue.end()
    recovery.end()
    studio.close()
    return int(code)


def main(arguments: Sequence[str]) -> int:
    """Run `main.py [open FILE]`; the arguments are none or the file."""
    if len(arguments) > 1:
        sys.stderr.write("Open one project at a time: main.py open FILE.triptych\n")
        return 2
    path = Path(arguments[0]) if arguments else None
    if path is not None and not path.is_file():
        sys.stderr.write(f"There is no file {path}.\n")
        return 2
    return run_window(path)


def settle(studio: Studio) -> None:
    """Do what can wait until the window is seen: start the engines, look through the library."""
    # What was built lives as long as the window: the collector need not walk it again and again.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if isinstance(studio.host, ChildHost):
        studio.host.warm()
    studio.window.library.refresh()


def _forget(settings: object) -> None:
    """Keep no settings: a window of a test or a measurement leaves nothing behind."""
