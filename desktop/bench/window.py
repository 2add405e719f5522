"""Measure the window: start to visible, and the longest gap while each engine really works."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, QTimer

from desktop.app import Studio, build, settle
from desktop.bench.gaps import GapMeter
from desktop.bench.start import STARTED
from desktop.jobs import Job, JobState
from desktop.messages import explain
from engines.api import ImageRequest, MusicRequest, PlanRequest, Request, TextRequest
from engines.host import ChildHost

ROOT = Path(__file__).resolve().parents[2]

STARTS = 4
"""The first fills the disk caches and is not counted."""

JOB_LIMIT_S = 240.0
VISIBLE_GOAL_S = 1.5
GAP_GOAL_MS = 50.0

PANELS = ("text", "image", "music")
"""These jobs run in their panels, which show what comes."""

BRIEF = "Night market jazz festival, Friday 9 pm, harbour square"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One engine's job: its longest gap, the window's own longest work, and how it ended."""

    gap_ms: float
    own_ms: float
    over: int
    seconds: float
    outcome: str


def main(argv: Sequence[str]) -> int:
    """Print the table, or with `--json` one object; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="main.py bench window")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="", help="engines to measure, parted by commas")
    arguments = parser.parse_args(argv)
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    starts = [_start_once() for _ in range(STARTS)][1:]
    wanted = [name for name in arguments.only.split(",") if name]
    gaps, torch_here = _measure_gaps(wanted)
    report = {
        "visible_s": round(statistics.median(start["visible_s"] for start in starts), 3),
        "longest_gap_ms": {name: round(x.gap_ms, 1) for name, x in gaps.items()},
        "longest_own_work_ms": {name: round(x.own_ms, 1) for name, x in gaps.items()},
        "gaps_over_50_ms": {name: x.over for name, x in gaps.items()},
        "outcomes": {name: x.outcome for name, x in gaps.items()},
        "seconds": {name: round(x.seconds, 1) for name, x in gaps.items()},
        "torch_in_window": torch_here or any(start["torch_in_window"] for start in starts),
    }
    if arguments.json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        _print_table(report)
    return 0 if _meets_goals(report) else 1


def _meets_goals(report: dict[str, Any]) -> bool:
    return (
        report["visible_s"] < VISIBLE_GOAL_S
        and all(gap <= GAP_GOAL_MS for gap in report["longest_gap_ms"].values())
        and all(outcome == "done" for outcome in report["outcomes"].values())
        and not report["torch_in_window"]
    )


def _print_table(report: dict[str, Any]) -> None:
    lines = [
        f"start to visible      {report['visible_s']:>8.2f} s   (goal {VISIBLE_GOAL_S} s)",
        f"torch in the window   {'yes' if report['torch_in_window'] else 'no':>8}",
    ]
    for name, gap_ms in report["longest_gap_ms"].items():
        outcome, seconds = report["outcomes"][name], report["seconds"][name]
        lines.append(
            f"longest gap, {name:<8} {gap_ms:>8.1f} ms  (goal {GAP_GOAL_MS:.0f} ms; its own work "
            f"{report['longest_own_work_ms'][name]:.1f} ms; {outcome} {seconds:.1f} s)"
        )
    sys.stdout.write("\n".join(lines) + "\n")


def _start_once() -> dict[str, Any]:
    """Start the window in a fresh process; returns what it printed."""
    environment = dict(os.environ)
    environment[STARTED] = repr(time.time())
    done = subprocess.run(
        [sys.executable, "-m", "desktop.bench.start"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _measure_gaps(wanted: Sequence[str]) -> tuple[dict[str, Measured], bool]:
    """Let each engine work in the child while the shown window's loop is watched."""
    with ChildHost() as host:
        studio = build(host, keep=False)
        studio.window.resize(1600, 1000)
        studio.window.show()
        settle(studio)
        requests: dict[str, Request | None] = {
            "text": TextRequest(prompt="Write a tagline for a night market.", seed=1),
            "image": ImageRequest(prompt="a lighthouse in a storm", seed=1, upscale=4),
            "music": MusicRequest(seed=1, mood="calm", seconds=12),
            "plan": PlanRequest(brief=BRIEF, seed=1),
            "poster": None,
        }
        measured = {}
        for name, request in requests.items():
            if not wanted or name in wanted:
                measured[name] = _measure(studio, name, request)
        torch_here = "torch" in sys.modules
        studio.close()
        studio.window.deleteLater()
        studio.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return measured, torch_here


def _measure(studio: Studio, name: str, request: Request | None) -> Measured:
    """Run one job with its panel in view; a job that ends badly is told in the outcome."""
    session, window = studio.session, studio.window
    if name in PANELS:
        window.show_panel(name)
    _let_pass(300)
    meter = GapMeter()
    meter.start()
    started_s = time.monotonic()
    if request is None:
        session.produce(BRIEF, "poster", seed=1)
    elif name in PANELS:
        window.left.panel(name).start(lambda: request, lambda asked, result: None)
    else:
        session.generate(request, lambda result: None)
    job = session.jobs.jobs[-1]
    ended = _wait(studio, job)
    _let_pass(200)
    meter.stop()
    if ended.state is JobState.DONE:
        outcome = "done"
    else:
        outcome = explain(ended.error).sentence if ended.error else str(ended.state)
    return Measured(
        gap_ms=meter.longest_ms,
        own_ms=meter.own_ms,
        over=meter.over_limit,
        seconds=time.monotonic() - started_s,
        outcome=outcome,
    )


def _wait(studio: Studio, job: Job) -> Job:
    """Let the event loop run until a job has ended."""
    queue = studio.session.jobs
    loop = QEventLoop()
    deadline = QTimer()
    deadline.setSingleShot(True)
    deadline.timeout.connect(lambda: queue.cancel(job.id))
    deadline.start(round(JOB_LIMIT_S * 1000))
    queue.ended.connect(lambda ended: loop.quit() if ended.id == job.id else None)
    if not queue.job(job.id).ended:
        loop.exec()
    return queue.job(job.id)


def _let_pass(time_ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(time_ms, loop.quit)
    loop.exec()
