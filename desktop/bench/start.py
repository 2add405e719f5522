"""Start the window in this fresh process and print when it was visible; see `window`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

STARTED = "TRIPTYCH_BENCH_STARTED_S"
"""The environment variable with the moment the process was asked for, `time.time`."""


def main() -> int:
    """Print {"visible_s", "torch_in_window"} and leave."""
    started_s = float(os.environ[STARTED])
    from installers import stamp

    stamp.is_current(Path(__file__).resolve().parents[2], ("base",))
    from PySide6.QtCore import QEvent, QObject, QTimer

    from desktop.app import build
    from engines.host import ChildHost

    host = ChildHost()
    studio = build(host, keep=False)
    application = studio.application

    class FirstPaint(QObject):
        """Notes the end of the first painting."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                studio.window.removeEventFilter(self)
                QTimer.singleShot(0, application, application.quit)
            return False

    watcher = FirstPaint()
    studio.window.installEventFilter(watcher)
    studio.window.show()
    application.exec()
    visible_s = time.time() - started_s
    report = {"visible_s": round(visible_s, 3), "torch_in_window": "torch" in sys.modules}
    sys.stdout.write(json.dumps(report) + "\n")
    studio.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
