"""Tell the user what the set-up does: lines on standard error, redrawn on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

QUIET_S = 20.0
"""Without a terminal, a status is written at most this often."""


class Teller:
    """Writes stages and lines that stay, and a status that is overwritten."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._status_width = 0
        self._told_at = time.monotonic()

    def line(self, text: str) -> None:
        """Write a line that stays."""
        self._wipe()
        self._stream.write(text + "\n")
        self._stream.flush()
        self._told_at = time.monotonic()

    def stage(self, number: int, total: int, text: str) -> None:
        self.line(f"[{number}/{total}] {text}")

    def status(self, text: str) -> None:
        """Show what is going on right now."""
        if not self._is_terminal:
            if time.monotonic() - self._told_at >= QUIET_S:
                self.line(f"      {text}")
            return
        shown = f"      {text}"[:78]
        self._stream.write("\r" + shown.ljust(self._status_width))
        self._stream.flush()
        self._status_width = len(shown)

    def _wipe(self) -> None:
        if self._status_width:
            self._stream.write("\r" + " " * self._status_width + "\r")
            self._status_width = 0
