"""Waiting jobs outlive the program: written as they change, gone on with, never in the way."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.kept_queue import KeptQueue, read_requests, write_requests
from desktop.panels.waiting import WaitingBar
from desktop.session import Session
from engines.api import (
    Axis,
    BackgroundRequest,
    ControlUse,
    GridRequest,
    ImageRequest,
    LoraUse,
    MusicRequest,
    RegionPrompt,
    Request,
    TextRequest,
)
from tests.fakes import FakeHost, tiny_midi, tiny_png

REQUESTS: tuple[Request, ...] = (
    ImageRequest(
        prompt="boats",
        seed=11,
        init=tiny_png(),
        mask=tiny_png(8, 6, "#ffffff"),
        loras=(LoraUse(path="/x/ink.safetensors", weight=0.4),),
        guidance=6.5,
    ),
    TextRequest(prompt="a tagline", seed=12, stop=("\n", "雨")),
    MusicRequest(seed=13, verb="vary", score=tiny_midi(), hits=()),
    BackgroundRequest(prompt="sea", seed=14, width_px=64, height_px=32, palette=("#000000",) * 2),
    GridRequest(
        base=ImageRequest(
            prompt="boats",
            seed=15,
            controls=(ControlUse(path="/x/canny.safetensors", picture=tiny_png(4, 4)),),
            regions=(RegionPrompt(prompt="a fox", mask=tiny_png(5, 5)),),
        ),
        axes=(Axis(name="steps", values=("4", "8")),),
    ),
)


def dead_pid() -> int:
    """Return the number of a process that ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def left_behind(folder: Path, *requests: Request) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"waiting-{dead_pid()}.json"
    write_requests(path, requests)
    return path


def nothing(result: object) -> None:
    pass


def test_requests_come_back_as_they_were(session: Session, tmp_path: Path) -> None:
    left_behind(tmp_path, *REQUESTS)
    queue = KeptQueue(session.jobs, tmp_path)
    queue.begin()
    assert queue.found == REQUESTS


def test_what_waits_is_written_as_it_changes(
    session: Session, host: FakeHost, tmp_path: Path, qtbot: QtBot
) -> None:
    queue = KeptQueue(session.jobs, tmp_path)
    queue.begin()
    mine = tmp_path / f"waiting-{os.getpid()}.json"
    host.gate.clear()
    jobs = [session.generate(request, nothing) for request in REQUESTS[:2]]
    qtbot.waitUntil(mine.exists)
    qtbot.waitUntil(lambda: len(json.loads(mine.read_text("utf-8"))["jobs"]) == 2)
    session.jobs.cancel(jobs[1].id)
    qtbot.waitUntil(lambda: len(json.loads(mine.read_text("utf-8"))["jobs"]) == 1)
    host.gate.set()
    assert session.jobs.wait_idle()
    qtbot.waitUntil(lambda: not mine.exists())


def test_jobs_of_a_closed_window_go_on_with_the_same_seeds(
    qapp: object, host: FakeHost, tmp_path: Path
) -> None:
    host.gate.clear()
    first = Session(host)
    queue = KeptQueue(first.jobs, tmp_path)
    queue.begin()
    for request in REQUESTS:
        first.generate(request, nothing)
    queue.end()
    assert first.close()  # cancels all: they are written nevertheless
    mine = tmp_path / f"waiting-{os.getpid()}.json"
    mine.rename(tmp_path / f"waiting-{dead_pid()}.json")
    host.gate.set()
    host.asked.clear()
    second = Session(host)
    again = KeptQueue(second.jobs, tmp_path)
    again.begin()
    again.go_on(lambda request: second.generate(request, nothing))
    assert again.found == ()
    assert second.jobs.wait_idle()
    assert tuple(host.asked) == REQUESTS
    again.write_now()
    assert list(tmp_path.glob("waiting-*")) == []
    assert second.close()


def test_dropping_leaves_nothing(session: Session, tmp_path: Path) -> None:
    left_behind(tmp_path, *REQUESTS)
    queue = KeptQueue(session.jobs, tmp_path)
    queue.begin()
    queue.drop()
    assert queue.found == ()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert session.jobs.jobs == ()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"version": 2, "jobs": []}', b'{"version": 1, "jobs": 7}',
     b'{"version": 1, "jobs": [1, {}, {"kind": "image"}]}', b'{"a":' * 5000, b"\xff\xfe\x00"],
)  # fmt: skip
def test_a_damaged_file_is_ignored_with_a_line_in_the_log(
    session: Session, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    left_behind(tmp_path).write_bytes(damage)
    queue = KeptQueue(session.jobs, tmp_path)
    with caplog.at_level(logging.WARNING):
        queue.begin()
    assert queue.found == ()
    assert "waiting job" in caplog.text
    assert list(tmp_path.glob("waiting-*")) == []


def test_a_job_whose_picture_is_damaged_is_left_out_alone(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left_behind(tmp_path, *REQUESTS)
    picture = REQUESTS[0]
    assert isinstance(picture, ImageRequest)
    name = hashlib.sha256(picture.init).hexdigest()
    (tmp_path / "parts" / name).write_bytes(b"cut")
    queue = KeptQueue(session.jobs, tmp_path)
    queue.begin()
    assert queue.found == REQUESTS[1:]
    assert "left out" in caplog.text


def test_a_part_that_names_another_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = left_behind(tmp_path / "queue", REQUESTS[0])
    said = json.loads(path.read_text("utf-8"))
    fields = json.loads(said["jobs"][0]["request"])
    fields["init"] = "sha256:../../secret"
    said["jobs"][0]["request"] = json.dumps(fields)
    path.write_text(json.dumps(said), encoding="utf-8")
    asked: list[str] = []

    def read(sha256: str) -> bytes:
        asked.append(sha256)
        raise KeyError(sha256)

    assert read_requests(path, read) == ()
    queue = KeptQueue.__new__(KeptQueue)
    queue._folder = tmp_path / "queue"
    with pytest.raises(KeyError):
        queue._part(asked[0])


def test_a_window_that_runs_keeps_its_jobs_to_itself(session: Session, tmp_path: Path) -> None:
    write_requests(tmp_path / f"waiting-{os.getpid()}.json", REQUESTS)
    queue = KeptQueue(session.jobs, tmp_path)
    queue.begin()
    assert queue.found == ()


def test_the_bar_says_how_many_and_goes_with_the_choice(qtbot: QtBot) -> None:
    bar = WaitingBar()
    qtbot.addWidget(bar)
    chosen: list[str] = []
    bar.offer(3, lambda: chosen.append("on"), lambda: chosen.append("drop"))
    assert bar.words == "3 jobs were waiting when Triptych ended."
    bar._go_on.click()
    assert (chosen, bar.isHidden()) == (["on"], True)
    bar.offer(1, lambda: chosen.append("on"), lambda: chosen.append("drop"))
    assert bar.words.startswith("1 job was")
    bar._drop.click()
    assert chosen == ["on", "drop"]


def test_finish_this_one_drop_the_rest(session: Session, host: FakeHost, tmp_path: Path) -> None:
    host.gate.clear()
    done: list[int] = []
    asked = ImageRequest(prompt="x", seed=0)
    for seed in range(4):
        request = replace(asked, seed=seed)
        session.generate(request, lambda result, seed=seed: done.append(seed))
    assert host.started.wait(5)
    save = session.save(tmp_path / "kept.triptych")
    session.jobs.cancel_all_queued()
    host.gate.set()
    assert session.jobs.wait_idle()
    assert done == [0]
    assert session.jobs.job(save.id).error is None
    assert (tmp_path / "kept.triptych").exists()
