"""Pictures of the real window with the real engines, for the README.

A poster and a scene are made of briefs; the window is painted while the
first job runs and after each. The picture at 200% comes from a second
process, since the scale of a screen cannot change within one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from desktop.app import Studio, build, settle
from desktop.document.model import DocumentKind, TextLayer
from desktop.jobs import Job, JobState
from desktop.messages import explain
from engines.api import (
    Fit,
    FitRequest,
    ImageRequest,
    Kind,
    MemoryOptions,
    Pixels,
    TextRequest,
    TextResult,
)
from engines.catalog import Catalog
from engines.host import ChildHost

ROOT = Path(__file__).resolve().parents[2]
SIZE_PX = (1600, 1000)
LIMIT_S = 420.0
SHARED = 1.1
"""Of the larger of two models' needs: too little for both."""
POSTER_BRIEF = "Night market jazz festival, Friday 9 pm, harbour square"
SCENE_BRIEF = "A lighthouse keeper waits out a storm"


def main(argv: Sequence[str]) -> int:
    """Write job.png, poster.png, scene.png, poster-200.png and memory.png into `--out`."""
    parser = argparse.ArgumentParser(prog="main.py bench screenshots")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "screenshots")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--project", type=Path, help="only a picture of this project, as it is")
    parser.add_argument("--name", default="project")
    parser.add_argument("--only", choices=("memory",), help="only the picture of the memory")
    arguments = parser.parse_args(argv)
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with ChildHost() as host:
        studio = build(host, keep=False)
        studio.window.resize(*SIZE_PX)
        studio.window.show()
        settle(studio)
        try:
            if arguments.project is not None:
                _picture_of(studio, arguments.project, arguments.out / f"{arguments.name}.png")
                return 0
            if arguments.only is not None:
                return _memory(studio, arguments.out)
            return _all(studio, arguments.out, arguments.seed)
        finally:
            studio.close()


def _all(studio: Studio, out: Path, seed: int) -> int:
    """Make both works and take every picture; the exit code."""
    window, session = studio.window, studio.session
    window.brief.write(POSTER_BRIEF, "poster")
    window.show_panel("image")
    job = session.produce(POSTER_BRIEF, "poster", seed=seed)
    _run_until(lambda: _is_painting(session.jobs.job(job.id)), LIMIT_S)
    window.strip.show_list(True)
    _let_pass(400)
    _save(studio, out / "job.png")
    window.strip.show_list(False)
    if not _finished(studio, job):
        return 1
    _select_title(studio)
    _let_pass(1500)
    _save(studio, out / "poster.png")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "poster.triptych"
        if not _finished(studio, session.save(project)):
            return 1
        _picture_at_200(project, out)
    window.brief.write(SCENE_BRIEF, "scene")
    window.show_panel("music")
    if not _finished(studio, session.produce(SCENE_BRIEF, "scene", seed=seed, seconds=12.0)):
        return 1
    session.seek(2.0)
    _let_pass(2500)
    _save(studio, out / "scene.png")
    return _memory(studio, out)


def _memory(studio: Studio, out: Path) -> int:
    """Picture the memory's card while a picture is painted where words were written before.

    Both share a budget that is smaller than what they need together.
    """
    session, meter = studio.session, studio.window.strip.memory
    fits: list[Fit] = []
    catalog = Catalog()
    for kind in (Kind.TEXT, Kind.IMAGE):
        request = FitRequest(model=catalog.get("", kind).id)
        if not _finished(studio, session.generate(request, fits.append)):
            return 1
    limit_bytes = round(SHARED * max(fit.needed_bytes for fit in fits))
    session.configure_memory(MemoryOptions(limit_bytes=limit_bytes))
    session.new_poster()
    words = TextRequest(prompt="Write a tagline for a lighthouse.", seed=1, max_tokens=32)
    written: list[TextResult] = []
    if not _finished(studio, session.generate(words, written.append)):
        return 1
    session.place_text(written[0].text.strip())
    studio.window.show_panel("image")
    picture = ImageRequest(prompt="a lighthouse in a storm", seed=1)
    studio.window.left.panel("image").start(lambda: picture, lambda asked, made: None)
    job = session.jobs.jobs[-1]
    _run_until(lambda: _is_painting(session.jobs.job(job.id)), LIMIT_S)
    meter.show_card(True)
    _let_pass(700)
    _save(studio, out / "memory.png")
    meter.show_card(False)
    session.configure_memory(MemoryOptions())
    return 0 if _finished(studio, job) else 1


def _picture_at_200(project: Path, out: Path) -> None:
    environment = dict(os.environ, QT_SCALE_FACTOR="2")
    command = [
        sys.executable,
        "-c",
        "import sys; from desktop.bench import main; sys.exit(main(sys.argv[1:]))",
        "screenshots",
    ]
    options = ["--project", str(project), "--out", str(out), "--name", "poster-200"]
    subprocess.run([*command, *options], cwd=ROOT, env=environment, check=True, timeout=120)


def _picture_of(studio: Studio, project: Path, goal: Path) -> None:
    """Open a project and take its picture."""
    _finished(studio, studio.session.open(project))
    if studio.session.document.kind is DocumentKind.SCENE:
        studio.window.show_panel("music")
        studio.session.seek(2.0)
    else:
        _select_title(studio)
    _let_pass(2500)
    _save(studio, goal)


def _is_painting(job: Job) -> bool:
    return job.ended or isinstance(job.preview, Pixels)


def _finished(studio: Studio, job: Job) -> bool:
    """Wait for a job; tell and return False if it did not succeed."""
    queue = studio.session.jobs
    _run_until(lambda: queue.job(job.id).ended, LIMIT_S)
    ended = queue.job(job.id)
    if ended.state is not JobState.DONE:
        reason = str(explain(ended.error)) if ended.error else str(ended.state)
        sys.stderr.write(f"{ended.title}: {reason}\n")
    return ended.state is JobState.DONE


def _select_title(studio: Studio) -> None:
    """Select the poster's title, so that handles and inspector are seen at work."""
    session = studio.session
    for layer in session.document.all_layers():
        if isinstance(layer, TextLayer) and layer.role == "title":
            session.select((layer.id,))
            return


def _save(studio: Studio, goal: Path) -> None:
    if not studio.window.grab().save(str(goal)):
        raise OSError(f"{goal} could not be written")
    sys.stdout.write(f"{goal}\n")


def _run_until(condition: Callable[[], bool], limit_s: float) -> None:
    """Let the event loop run until a condition holds or the time is over."""
    deadline_s = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline_s:
        _let_pass(50)


def _let_pass(time_ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(time_ms, loop.quit)
    loop.exec()
