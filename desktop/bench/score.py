"""Measure the score editor: a four-minute orchestral file is opened and scrolled from end to end.

The frame figures are the window's own work for each frame in processor time,
so that they hold on a busy machine: 16.7 ms is 60 frames a second.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.bench.gaps import GapMeter
from desktop.score_room import ScoreRoom
from desktop.session import Session
from engines.host import LocalHost

PARTS = 17
BARS = 120
BPM = 120
FRAMES = 600
FRAME_GOAL_MS = 1000 / 60
OPEN_GOAL_MS = 50.0


def main(argv: Sequence[str]) -> int:
    """Print the figures, or with `--json` one object; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="main.py bench score")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.apply(application)
    report = _measure(application, orchestral_midi())
    if arguments.json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        for name, value in report.items():
            sys.stdout.write(f"{name:<22} {value:>10}\n")
    good = report["frame_ms_p95"] <= FRAME_GOAL_MS and report["open_own_ms"] <= OPEN_GOAL_MS
    return 0 if good else 1


def orchestral_midi() -> bytes:
    """Return four minutes for seventeen parts, about twenty thousand notes."""
    import mido

    chance = random.Random(1)
    file = mido.MidiFile(ticks_per_beat=480)
    for part in range(PARTS):
        track = mido.MidiTrack()
        channel = part % 15 + (part % 15 >= 9)
        track.append(mido.MetaMessage("track_name", name=f"Part {part + 1}"))
        track.append(mido.Message("program_change", channel=channel, program=40 + part))
        for _ in range(BARS * 10):
            pitch = 36 + 3 * part + chance.choice((0, 2, 3, 5, 7, 8, 10, 12))
            ticks = chance.choice((120, 240, 240, 192))
            velocity = chance.randrange(40, 120)
            track.append(mido.Message("note_on", channel=channel, note=pitch, velocity=velocity))
            track.append(mido.Message("note_off", channel=channel, note=pitch, time=ticks))
        file.tracks.append(track)
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def _measure(application: QApplication, midi: bytes) -> dict[str, float]:
    with LocalHost(device="cpu") as host:
        session = Session(host)
        session.set_music(midi)
        room = ScoreRoom(session)
        room.resize(1600, 560)
        room.show()
        meter = GapMeter()
        meter.start()
        begun_s = time.perf_counter()
        while room.editor.score is None:
            application.processEvents()
        application.processEvents()
        open_s = time.perf_counter() - begun_s
        meter.stop()
        frames = _scroll(application, room)
        room.worker.close()
        session.close()
        score = room.editor.score
        room.deleteLater()
    ordered = sorted(frames)
    return {
        "notes": sum(len(part.notes) for part in score.parts),
        "length_s": round(score.seconds(score.end_tick), 1),
        "open_s": round(open_s, 2),
        "open_own_ms": round(meter.own_ms, 1),
        "frame_ms_median": round(statistics.median(ordered), 2),
        "frame_ms_p95": round(ordered[int(len(ordered) * 0.95)], 2),
        "frame_ms_longest": round(ordered[-1], 2),
    }


def _scroll(application: QApplication, room: ScoreRoom) -> list[float]:
    """Scroll from the beginning to the end; returns the processor's ms of each frame."""
    editor = room.editor
    frames = []
    for number in range(FRAMES):
        begun_s = time.thread_time()
        editor.show_place(left_s=editor.length_s * number / FRAMES)
        application.processEvents()
        frames.append((time.thread_time() - begun_s) * 1000)
    return frames
