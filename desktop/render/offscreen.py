"""Qt for drawing alone: no screen, no window, the same pixels."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QGuiApplication

from desktop.render.fonts import load_fonts


@contextmanager
def offscreen() -> Iterator[None]:
    """Make sure that fonts and pictures can be drawn; keeps an application that is there."""
    application = QGuiApplication.instance()
    if application is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        application = QGuiApplication(["triptych"])
    load_fonts()
    yield
