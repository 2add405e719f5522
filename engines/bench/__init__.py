"""Measurements of the engines, from the command line: `main.py bench NAME`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

NAMES = ("image", "memory", "music")


def main(argv: Sequence[str]) -> int:
    """Run one measurement: `memory [--json] [--seeds N]`; returns the exit code."""
    name = argv[0] if argv else ""
    if name == "memory":
        from engines.bench import memory

        return memory.main(argv[1:])
    if name == "image":
        from engines.bench import pictures

        return pictures.main(argv[1:])
    if name == "music":
        from engines.bench import music

        return music.main(argv[1:])
    sys.stderr.write("Say what to measure: bench memory [--json] [--seeds N]\n")
    return 2
