"""Real engines in the window share a budget that is smaller than both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from pytestqt.qtbot import QtBot

from desktop.app import Studio, build
from desktop.jobs import JobState
from engines.api import (
    Change,
    FitRequest,
    ImageRequest,
    Kind,
    MemoryOptions,
    MemoryStatus,
    ModelMissing,
    Request,
    TextRequest,
)
from engines.catalog import Catalog
from engines.host import ChildHost, HostOptions
from engines.hosting.store import Store

LIMIT_MS = 200_000


@pytest.fixture
def told() -> list[MemoryStatus]:
    return []


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path, told: list[MemoryStatus]) -> Iterator[Studio]:
    options = HostOptions(device="cpu", store=str(tmp_path / "memory"))
    with ChildHost(options=options, on_memory=told.append) as host:
        studio = build(host, keep=False)
        studio.window.show()
        yield studio
        assert studio.close()
        studio.window.close()
        studio.window.deleteLater()
        studio.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def ask(studio: Studio, *requests: Request) -> list[Any]:
    """Queue jobs in the window and return their results once all have ended."""
    results: list[Any] = []
    queue = studio.session.jobs
    jobs = [studio.session.generate(request, results.append) for request in requests]
    assert queue.wait_idle(LIMIT_MS)
    for job in jobs:
        assert queue.job(job.id).state is JobState.DONE, queue.job(job.id).error
    return results


def starter(kind: Kind) -> str:
    try:
        return Catalog().get("", kind).id
    except ModelMissing:
        pytest.skip(f"needs the starter model for {kind}")


@pytest.mark.timeout(500)
def test_words_and_a_picture_share_a_budget_smaller_than_both(
    studio: Studio, told: list[MemoryStatus], tmp_path: Path
) -> None:
    writer, painter = starter(Kind.TEXT), starter(Kind.IMAGE)
    fits = ask(studio, FitRequest(model=writer), FitRequest(model=painter))
    needs = [fit.needed_bytes for fit in fits]
    limit_bytes = round(1.1 * max(needs))
    assert limit_bytes < sum(needs)
    studio.session.configure_memory(MemoryOptions(limit_bytes=limit_bytes))

    tagline = TextRequest(prompt="A tagline.", seed=1, model=writer, max_tokens=12)
    boat = ImageRequest(prompt="a boat", seed=1, model=painter, steps=3)
    words, picture, again = ask(studio, tagline, boat, tagline)
    assert words.text == again.text
    assert len(picture.pictures) == 1

    limited = [status for status in told if status.budget_bytes == limit_bytes]
    assert limited
    assert all(status.used_bytes <= status.budget_bytes for status in limited)
    events = limited[-1].events
    evicted = [e for e in events if e.change is Change.EVICT and e.key.startswith(f"text:{writer}")]
    assert evicted
    assert evicted[0].reason

    meter = studio.window.strip.memory
    meter.look()
    meter.show_card(True)
    shown = [entry for entry in meter.card._log.shown if entry.title.startswith("Put out")]
    assert any(evicted[0].reason in entry.detail for entry in shown)
    studio.close()
    assert [e.key for e in Store(str(tmp_path / "memory")).events() if e.change is Change.EVICT]
