"""Tell how a training run goes: one JSON line for each report."""

from __future__ import annotations

import json
from pathlib import Path


def report(path: Path, **values: object) -> None:
    """Add one line to the log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(values) + "\n")
