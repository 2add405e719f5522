"""What the command line shows: a progress bar on a terminal, one JSON object for scripts."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from engines.api import Progress

BAR_WIDTH = 28
REDRAW_S = 0.1


@dataclass(slots=True)
class Bar:
    """A progress bar on `stream`; silent where that is no terminal."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _drawn_s: float = 0.0
    _shown: bool = False

    def report(self, progress: Progress) -> None:
        if not self.stream.isatty():
            return
        now_s = time.monotonic()
        if now_s - self._drawn_s < REDRAW_S and progress.done < progress.total:
            return
        self._drawn_s = now_s
        share = min(1.0, progress.done / progress.total) if progress.total else 0.0
        full = round(BAR_WIDTH * share)
        bar = "━" * full + "╌" * (BAR_WIDTH - full)
        self.stream.write(f"\r\x1b[2K{bar} {share:4.0%}  {progress.stage}")
        self.stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the bar away, so that the next line starts clean."""
        if self._shown:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
            self._shown = False


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows with their columns aligned."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
