"""Measurements of the window and pictures of it, from the command line: `main.py bench NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run one measurement by its name; returns the exit code."""
    name = argv[0] if argv else ""
    if name == "window":
        from desktop.bench import window

        return window.main(argv[1:])
    if name == "score":
        from desktop.bench import score

        return score.main(argv[1:])
    if name == "screenshots":
        from desktop.bench import screenshots

        return screenshots.main(argv[1:])
    if name == "examples":
        from desktop.bench import examples

        return examples.main(argv[1:])
    sys.stderr.write(
        "Say what to measure: bench [image | memory | music | window | score] [--json]"
        " | bench screenshots --out DIR"
        " | bench examples --out DIR\n"
    )
    return 2
