"""The memory meter, its card, the settings, and what is said of models before they are loaded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop.jobs import JobState
from desktop.messages import explain, fit_text
from desktop.panels.memory import MemoryMeter
from desktop.panels.memory_bar import bar_spans, device_parts, held_parts
from desktop.panels.memory_card import KEPT_EVENTS
from desktop.panels.models import Fits, ModelChoice
from desktop.session import Session
from desktop.settings import Settings, load_settings, save_settings, settings_path
from desktop.window import Window
from engines.api import (
    Change,
    Fit,
    FitRequest,
    Kind,
    MemoryEvent,
    MemoryOptions,
    MemoryStatus,
    ModelSpec,
    OutOfMemory,
    Resident,
    TextRequest,
    Tier,
    Verdict,
    Work,
)
from tests.fakes import FakeHost

MB = 1_000_000
WORDS = "text:smol:model:bfloat16"
UNET = "image:sd15-28234bd1:unet:float16"


def event(
    number: int, change: Change, key: str, reason: str = "", at_s: float = 0.0
) -> MemoryEvent:
    return MemoryEvent(
        number=number, at_s=at_s or float(number), change=change, key=key, size_bytes=MB,
        reason=reason,
    )  # fmt: skip


STATUS = MemoryStatus(
    device="cuda",
    budget_bytes=500 * MB,
    used_bytes=400 * MB,
    working_bytes=100 * MB,
    total_bytes=1000 * MB,
    foreign_bytes=200 * MB,
    headroom_bytes=50 * MB,
    residents=(
        Resident(key=UNET, size_bytes=300 * MB, leased=True, fitting="offload"),
        Resident(key=WORDS, size_bytes=270 * MB, leased=False, tier=Tier.RAM),
    ),
    works=(Work(operation="image.denoise", predicted_bytes=100 * MB, measured_bytes=90 * MB),),
    events=(event(1, Change.LOAD, UNET), event(2, Change.PARK, WORDS, "makes room for sd15")),
)


@pytest.fixture
def meter(session: Session, host: FakeHost, qtbot: QtBot) -> Iterator[MemoryMeter]:
    host.status = STATUS
    window = QMainWindow()
    qtbot.addWidget(window)
    meter = MemoryMeter(session)
    window.setCentralWidget(meter)
    window.resize(900, 900)
    window.show()
    yield meter


def test_working_memory_is_counted_once(meter: MemoryMeter) -> None:
    assert meter._words.text() == "GPU  400 MB of 500 MB"
    assert sum(part.size_bytes for part in held_parts(STATUS)) == STATUS.used_bytes


def test_the_bar_shows_each_holder_of_the_device() -> None:
    sizes = {part.name: part.size_bytes // MB for part in device_parts(STATUS)}
    assert sizes == {"Pictures": 300, "At work": 100, "Other programs": 200, "Kept free": 50}


def test_the_bars_parts_never_leave_the_bar() -> None:
    parts = device_parts(STATUS)
    assert sum(bar_spans(parts, 1000 * MB, 200.0)) == pytest.approx(130.0)
    assert sum(bar_spans(parts, 300 * MB, 200.0)) == pytest.approx(200.0)
    assert min(bar_spans(parts, 10**15, 200.0)) == 2.0
    assert bar_spans(parts, 0, 200.0) == []


def test_a_device_that_was_not_asked_is_at_rest(meter: MemoryMeter, host: FakeHost) -> None:
    host.status = MemoryStatus(device="cpu", budget_bytes=0, used_bytes=0, working_bytes=0)
    meter.show_card(True)
    meter.look()
    assert meter._words.text() == "Memory  at rest"
    assert not meter.card._end.isEnabled()


def test_a_device_that_others_hold_whole_is_not_at_rest(meter: MemoryMeter, host: FakeHost) -> None:
    """The last resort must be there just then."""
    host.status = replace(STATUS, budget_bytes=0, foreign_bytes=600 * MB)
    meter.show_card(True)
    meter.look()
    assert meter._words.text() == "GPU  400 MB of 0 kB"
    assert meter.card._end.isEnabled()


def test_the_card_lists_work_and_components_with_their_place(meter: MemoryMeter) -> None:
    meter.show_card(True)
    held = [(entry.title, entry.figure, entry.detail) for entry in meter.card._held.shown]
    assert held == [
        ("Working memory for painting", "100 MB", "100 MB expected, 90 MB the last time"),
        ("sd15, unet, float16", "300 MB", "on the card, partly in main memory, at work"),
        ("smol, model, bfloat16", "270 MB", "parked in main memory"),
    ]


def test_the_log_has_the_newest_first_with_its_reason(meter: MemoryMeter, host: FakeHost) -> None:
    meter.show_card(True)
    first, second = meter.card._log.shown
    assert first.title == "Parked: smol, model, bfloat16"
    assert first.detail.endswith("makes room for sd15")
    assert second.title == "Loaded: sd15, unet, float16"
    # The next status has forgotten the first event, and a new process counts from 1 again.
    newer = (STATUS.events[1], event(1, Change.EVICT, UNET, "idle for 600 s", at_s=9.0))
    host.status = replace(STATUS, events=newer)
    meter.look()
    titles = [entry.title.partition(":")[0] for entry in meter.card._log.shown]
    assert titles == ["Put out", "Parked", "Loaded"]


def test_events_that_no_status_carries_any_more_stay_in_the_log(
    meter: MemoryMeter, host: FakeHost
) -> None:
    assert meter.card.isHidden()
    for number in range(3, 500):
        host.status = replace(STATUS, events=(event(number, Change.LOAD, UNET),))
        meter.look()
    meter.show_card(True)
    assert len(meter.card._log.shown) == meter.card._log.count() == KEPT_EVENTS
    host.status = replace(STATUS, events=(event(500, Change.EVICT, UNET),))
    meter.look()
    assert len(meter.card._log.shown) == meter.card._log.count() == KEPT_EVENTS
    assert meter.card._log.shown[0].title.startswith("Put out")


def test_the_card_opens_by_the_keyboard_and_escape_puts_it_away(
    meter: MemoryMeter, qtbot: QtBot
) -> None:
    qtbot.keyClick(meter, Qt.Key.Key_Space)
    assert meter.card.isVisible()
    assert meter.window().rect().contains(meter.card.geometry())
    qtbot.keyClick(meter.card, Qt.Key.Key_Escape)
    assert not meter.card.isVisible()
    assert not meter.isChecked()


def test_free_gives_back_what_is_idle(meter: MemoryMeter, host: FakeHost) -> None:
    meter.show_card(True)
    assert meter.card._free.text().strip() == "Free the card now"
    meter.card._free.click()
    assert meter._session.jobs.wait_idle()
    assert host.freed == 1


def test_a_changed_setting_holds_at_once_and_is_kept(meter: MemoryMeter, host: FakeHost) -> None:
    fields = meter._settings
    fields._limit.setValue(2.5)
    fields._idle.setValue(0)
    fields._prefetch.setChecked(False)
    assert host.wishes[-1] == MemoryOptions(limit_bytes=2_500_000_000, idle_s=0.0, prefetch=False)
    fields._change.setChecked(True)
    assert meter._session._may_change
    settings = replace(Settings(), **meter.choices)
    save_settings(settings_path(), settings)
    assert load_settings(settings_path()).memory_options == host.wishes[-1]


def test_kept_settings_are_shown_without_telling_the_engines(
    meter: MemoryMeter, host: FakeHost
) -> None:
    kept = Settings(memory_headroom_gb=1.5, jobs_change_places=True)
    meter.show_settings(kept)
    assert meter._settings._headroom.value() == 1.5
    assert meter._session._may_change
    assert host.wishes == []
    assert meter.choices["memory_headroom_gb"] == 1.5


def test_a_job_at_work_is_asked_about_before_the_engines_end(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    window = Window(session)
    qtbot.addWidget(window)
    window.show()
    host.gate.clear()
    job = session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    qtbot.waitUntil(host.started.is_set)
    window.ask_end_engines()
    box = window.findChild(QMessageBox)
    assert "harbour" in box.text()
    assert host.ended == 0
    answers = {x.text(): x for x in box.buttons() if isinstance(x, QPushButton)}
    answers["End the engines"].click()
    qtbot.waitUntil(lambda: host.ended == 1)
    host.gate.set()
    assert session.jobs.wait_idle()
    assert session.jobs.job(job.id).state is JobState.FAILED
    window.ask_end_engines()  # nothing runs: nothing to ask
    assert session.jobs.wait_idle()
    assert host.ended == 2


def test_ending_the_engines_waits_for_no_question(session: Session, host: FakeHost) -> None:
    host.gate.clear()  # an engine that answers nothing any more
    session.know_defaults({Kind.TEXT: "smol"})
    fits = Fits(session, session)
    fits.ask(["smol"])
    session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    order = session.end_engines()
    deadline_s = time.monotonic() + 5
    while not host.ended:
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
    assert order.kind == "memory"
    host.gate.set()
    assert session.jobs.wait_idle()


def test_a_shortage_offers_to_show_the_memory(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    window = Window(session)
    qtbot.addWidget(window)
    window.show()
    host.fail_with = OutOfMemory(9 * 10**9, 2 * 10**9)
    session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    assert session.jobs.wait_idle()
    assert "a shorter answer" in window.stage.message.words
    assert window.stage.message._do.text() == "Show the memory"
    window.stage.message._do.click()
    assert window.strip.memory.card.isVisible()


def test_a_model_says_whether_it_fits_once_it_is_seen(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    choice = ModelChoice(session, Kind.IMAGE)
    qtbot.addWidget(choice)
    session.know_defaults({Kind.IMAGE: "starter"})
    spec = ModelSpec(
        id="sdxl", kind=Kind.IMAGE, name="SDXL", path="", format="", architecture="", size_bytes=1
    )
    choice.show_models((spec,))
    assert host.asked == []  # nobody looks yet
    choice.show()
    assert session.jobs.wait_idle()
    assert host.asked == [FitRequest(model="starter"), FitRequest(model="sdxl")]
    choice.set("sdxl")
    assert choice.note == "Fits with unet by offload, slower, ready in about 12 s"
    session.configure_memory(MemoryOptions(limit_bytes=1))  # what was known holds no longer
    assert session.jobs.wait_idle()
    assert len(host.asked) == 4


def test_the_answer_may_come_after_its_dialog_is_closed(session: Session, host: FakeHost) -> None:
    host.gate.clear()
    choice = ModelChoice(session, Kind.TEXT)
    session.know_defaults({Kind.TEXT: "smol"})
    choice.show()
    assert not session.jobs.idle
    delete(choice)
    host.gate.set()
    assert session.jobs.wait_idle()
    assert [job.state for job in session.jobs.jobs] == [JobState.DONE]


def test_a_model_that_cannot_be_weighed_says_nothing(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    host.lose_engine()
    session.know_defaults({Kind.TEXT: "smol"})
    choice = ModelChoice(session, Kind.TEXT)
    qtbot.addWidget(choice)
    choice.show()
    assert session.jobs.wait_idle()
    assert choice.note == ""
    assert [job.state for job in session.jobs.jobs] == [JobState.DONE]


def test_what_is_said_of_a_fit() -> None:
    fit = Fit(
        model="m", verdict=Verdict.NO, needed_bytes=9 * 10**9, budget_bytes=2 * 10**9, load_s=1.0
    )
    assert fit_text(fit) == "does not fit: needs 9.0 GB, 2.0 GB can be had"
    assert fit_text(replace(fit, verdict=Verdict.FITS)) == "fits, ready in about 1 s"
    quick = replace(fit, verdict=Verdict.FITS, load_s=0.2)
    assert fit_text(quick) == "fits, ready in under 1 s"


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("image", "smaller picture"), ("music", "fewer candidates"), ("", "smaller size")],
)
def test_a_shortage_says_needed_free_and_what_helps(kind: str, advice: str) -> None:
    words = str(explain(OutOfMemory(9 * 10**9, 2 * 10**9), kind))
    assert "9.0 GB" in words
    assert "2.0 GB" in words
    for help_ in (advice, "close other programs", "free memory", "keep less of it free"):
        assert help_ in words
