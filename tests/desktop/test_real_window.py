"""The window on a real X server, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.bench.start import STARTED
from installers import system_libraries

ROOT = Path(__file__).resolve().parents[2]

needs_x = pytest.mark.skipif(
    shutil.which("xvfb-run") is None or bool(system_libraries.missing(system_libraries.WINDOW)),
    reason="needs Xvfb and the libraries of an X window",
)


@needs_x
def test_the_window_opens_on_an_x_server_without_torch() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", STARTED: str(time.time())}
    screen = ("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24")
    done = subprocess.run(
        [*screen, sys.executable, "-m", "desktop.bench.start"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["visible_s"] > 0
    assert report["torch_in_window"] is False
    assert "qt." not in done.stderr, done.stderr
