"""The window: menus, panels and messages around a session with a fake engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from desktop.app import Studio, build
from desktop.document.model import DocumentKind, PictureLayer, Shot, TextLayer
from desktop.panels.image import ImagePanel
from desktop.panels.music import MusicPanel
from desktop.panels.music_controls import MOODS
from desktop.panels.text import TextPanel
from desktop.stage import LEAST_PX
from desktop.window import Window
from engines.api import (
    BackgroundRequest,
    EngineLost,
    ImageRequest,
    MusicRequest,
    SoundRequest,
    TextRequest,
)
from tests.fakes import FakeHost, tiny_midi, tiny_png


@pytest.fixture
def studio(qtbot: QtBot, host: FakeHost) -> Iterator[Studio]:
    """Give a shown window; all its threads have ended after the test."""
    studio = build(host, keep=False)
    studio.window.show()
    yield studio
    host.gate.set()
    assert studio.close()
    # What is not saved must not stop the test from closing the window.
    studio.session._mark_clean(studio.session.document)
    studio.window.close()
    studio.window.deleteLater()
    studio.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(studio: Studio) -> Window:
    return studio.window


def _idle(window: Window) -> None:
    assert window.session.jobs.wait_idle()


def test_an_empty_window_invites(window: Window) -> None:
    assert window.stage.invitation.isVisible()
    window.session.place_text("Words")
    assert not window.stage.invitation.isVisible()


def test_an_example_is_written_into_the_brief(window: Window) -> None:
    window.stage.invitation.wanted.emit("A storm", "scene")
    assert (window.brief.brief, window.brief.use) == ("A storm", "scene")
    assert window.brief.options()["seconds"] == 12


def test_an_empty_brief_is_told_in_one_sentence(window: Window, host: FakeHost) -> None:
    window.make()
    assert window.stage.message.isVisible()
    assert window.stage.message.words == "Cannot do that: the brief is empty."
    assert host.asked == []


def test_the_timeline_is_shown_for_scenes_only(window: Window) -> None:
    assert not window.timeline.isVisible()
    window.session.new_scene()
    assert window.timeline.isVisible()
    window.session.new_poster()
    assert not window.timeline.isVisible()


def test_undo_says_what_it_undoes(window: Window) -> None:
    undo = window._actions["undo"]
    assert not undo.isEnabled()
    window.session.place_text("Words")
    assert undo.isEnabled()
    assert undo.text() == "Undo Add text"
    undo.trigger()
    assert window.session.document.layers == ()


def test_the_title_tells_of_unsaved_changes(window: Window, tmp_path: Path) -> None:
    assert not window.isWindowModified()
    window.session.place_text("Words")
    assert window.isWindowModified()
    window.session.save(tmp_path / "harbour.triptych")
    _idle(window)
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("harbour.triptych")


def test_words_stream_into_the_draft_and_go_on_the_canvas(window: Window, host: FakeHost) -> None:
    panel = window.left.panel("text")
    assert isinstance(panel, TextPanel)
    panel._prompt.setPlainText("a tagline")
    panel._go.click()
    _idle(window)
    assert isinstance(host.asked[0], TextRequest)
    assert panel._draft.toPlainText() == "The harbour hums at night."
    panel._place.click()
    [layer] = window.session.document.layers
    assert isinstance(layer, TextLayer)
    assert layer.text == "The harbour hums at night."
    assert layer.recipe is not None
    assert layer.recipe.kind == "text"


def test_a_form_without_a_prompt_starts_nothing(window: Window, host: FakeHost) -> None:
    panel = window.left.panel("text")
    assert isinstance(panel, TextPanel)
    panel._go.click()
    assert host.asked == []
    assert "prompt is empty" in window.stage.message.words


def test_a_second_press_stops_the_job(window: Window, host: FakeHost, qtbot: QtBot) -> None:
    host.gate.clear()
    panel = window.left.panel("text")
    assert isinstance(panel, TextPanel)
    panel._prompt.setPlainText("a tagline")
    panel._go.click()
    qtbot.waitUntil(host.started.is_set)
    assert "Stop" in panel._go.text()
    panel._go.click()
    _idle(window)
    assert not panel.running
    assert panel._go.text().strip() == "Write"


def test_pictures_come_into_the_strip_and_onto_the_page(window: Window, host: FakeHost) -> None:
    panel = window.left.panel("image")
    assert isinstance(panel, ImagePanel)
    panel._prompt.setPlainText("boats")
    panel.painting.count.setValue(3)
    panel.seed.keep(41)
    panel._go.click()
    _idle(window)
    asked = host.asked[0]
    assert isinstance(asked, ImageRequest)
    assert (asked.seed, asked.count) == (41, 3)
    assert panel._results.count() == 3
    panel.deeds.place.click()
    [layer] = window.session.document.layers
    assert isinstance(layer, PictureLayer)
    assert layer.recipe is not None


def test_a_dragged_result_knows_how_it_was_made(window: Window) -> None:
    panel = window.left.panel("image")
    assert isinstance(panel, ImagePanel)
    panel._prompt.setPlainText("boats")
    panel._go.click()
    _idle(window)
    results = panel._results
    data = results.model.mimeData([results.model.index(0)])
    asset = bytes(data.data("application/x-triptych-asset").data()).decode()
    session = window.session
    session.place_picture(session.assets.read(asset), at_mm=(50.0, 50.0))
    assert session.document.layers[0].recipe is not None


def test_a_background_is_drawn_at_the_pages_size_and_replaces_the_old_one(
    window: Window, host: FakeHost
) -> None:
    panel = window.left.panel("image")
    assert isinstance(panel, ImagePanel)
    panel._way.choose("background")
    panel._prompt.setPlainText("mountains")
    for _ in range(2):
        panel._go.click()
        _idle(window)
        panel.deeds.place.click()
    asked = host.asked[0]
    assert isinstance(asked, BackgroundRequest)
    assert (asked.width_px, asked.height_px) == window.session.document.size_px
    [layer] = window.session.document.layers
    assert layer.box.width_mm == window.session.document.width_mm


def test_music_is_composed_and_made_to_sound_in_one_undo_step(
    window: Window, host: FakeHost
) -> None:
    panel = window.left.panel("music")
    assert isinstance(panel, MusicPanel)
    panel.controls.mood.set("calm")
    panel.controls.instruments.set(("piano", "cello"))
    panel._go.click()
    _idle(window)
    asked = host.asked[0]
    assert isinstance(asked, MusicRequest)
    assert (asked.mood, asked.instruments) == ("calm", ("piano", "cello"))
    assert isinstance(host.asked[1], SoundRequest)
    music = window.session.document.music
    assert music is not None
    assert music.sound_asset in window.session.assets
    window.session.undo()
    assert window.session.document.music is None


def test_the_panel_offers_the_moods_that_the_engine_knows() -> None:
    from engines.music.moods import MOODS as KNOWN

    assert set(MOODS) == set(KNOWN)


def test_a_scenes_music_is_as_long_as_the_scene(window: Window, host: FakeHost) -> None:
    window.session.new_scene()
    document = replace(window.session.document, shots=(Shot(name="1", duration_s=7.5),))
    window.session.edit("Shot", document)
    panel = window.left.panel("music")
    assert isinstance(panel, MusicPanel)
    panel._go.click()
    _idle(window)
    assert isinstance(host.asked[0], MusicRequest)
    assert host.asked[0].seconds == 7.5


def test_a_lost_engine_is_told_plainly(window: Window, host: FakeHost) -> None:
    host.lose_engine()
    window.session.generate(TextRequest(prompt="x", seed=1), lambda result: None)
    _idle(window)
    assert "your work is not" in window.stage.message.words
    host.fail_with = None
    texts: list[str] = []
    window.session.generate(TextRequest(prompt="x", seed=1), lambda r: texts.append(r.text))
    _idle(window)
    assert texts


def test_details_of_an_error_are_hidden_until_asked(window: Window) -> None:
    message = window.stage.message
    message.tell("It failed.", tone="bad", error=EngineLost())
    assert not message._details.isVisible()
    message._more.click()
    assert message._details.isVisible()
    assert "EngineLost" in message._details.toPlainText()


def test_files_dropped_on_the_window_are_used(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "boat.png").write_bytes(tiny_png())
    (tmp_path / "tune.mid").write_bytes(tiny_midi())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("boat.png", "tune.mid")])
    drop = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(drop)
    qtbot.waitUntil(lambda: window.session.document.music is not None)
    qtbot.waitUntil(lambda: bool(window.session.document.layers))
    [layer] = window.session.document.layers
    assert layer.name == "boat"


@pytest.mark.parametrize("name", ["broken.png", "broken.mid", "notes.txt"])
def test_a_file_that_cannot_be_used_is_told(window: Window, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind")
    window.arrivals.take_files((path,))
    _idle(window)
    assert name in window.stage.message.words
    assert window.session.document.layers == ()
    assert window.session.document.music is None


def test_a_project_is_opened_and_told_if_broken(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "broken.triptych"
    path.write_bytes(b"no zip")
    window.open_file(path)
    _idle(window)
    assert "broken.triptych" in window.stage.message.words


def test_closing_asks_when_work_is_not_saved(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Discard]
    monkeypatch.setattr(QMessageBox, "exec", lambda box: answers.pop(0))
    window.session.place_text("Words")
    assert not window.close()
    assert window.isVisible()
    assert window.close()


def test_new_work_waits_for_the_old_to_be_safe(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "exec", lambda box: QMessageBox.StandardButton.Cancel)
    window.session.place_text("Words")
    window.ask_new("scene")
    assert window.session.document.kind is DocumentKind.POSTER


def test_settings_are_kept_at_the_end(qtbot: QtBot, host: FakeHost) -> None:
    from desktop.session import Session
    from desktop.settings import Settings

    kept: list[Settings] = []
    session = Session(host)
    window = Window(session, Settings(scene_seconds=20.0), keep_settings=kept.append)
    qtbot.addWidget(window)
    window.brief.write("", "scene")
    assert window.close()
    window.close_views()
    assert session.close()
    assert kept[0].use == "scene"
    assert kept[0].scene_seconds == 20.0
    assert kept[0].geometry


def test_space_plays_only_where_nothing_else_wants_it(window: Window, qtbot: QtBot) -> None:
    plays: list[int] = []
    window.playback.toggle = lambda: plays.append(1)  # type: ignore[method-assign]
    window.session.set_music(tiny_midi())
    window.brief.focus()
    qtbot.keyClick(window.brief._line, Qt.Key.Key_Space)
    assert plays == []
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert plays == [1]


def test_the_page_keeps_its_share_when_the_score_opens(window: Window) -> None:
    window.resize(1440, 900)
    window.session.new_scene()
    window.session.set_music(tiny_midi())
    QApplication.processEvents()
    window.toggle_score()
    QApplication.processEvents()
    page_px, timeline_px, score_px = window.middle.sizes()
    total_px = page_px + timeline_px + score_px
    assert page_px > 0.35 * total_px and score_px > 0.3 * total_px
    assert timeline_px >= window.timeline.minimumHeight()
    window.middle.moveSplitter(0, 1)
    assert window.stage.height() >= LEAST_PX, "no drag makes it vanish"
    window.toggle_score()
    QApplication.processEvents()
    assert window.timeline.height() == window.middle.timeline_px > timeline_px


def test_the_heights_of_timeline_and_score_are_remembered(qtbot: QtBot, host: FakeHost) -> None:
    from desktop.session import Session
    from desktop.settings import Settings

    kept: list[Settings] = []
    session = Session(host)
    window = Window(session, keep_settings=kept.append)
    window.show()
    session.new_scene()
    session.set_music(tiny_midi())
    window.toggle_score()
    QApplication.processEvents()
    window.middle.moveSplitter(window.middle.height() - 240, 2)
    heights = window.middle.sizes()[1:]
    window.toggle_score()
    QApplication.processEvents()
    session._mark_clean(session.document)
    window.close()
    window.close_views()
    [settings] = kept
    assert settings.score_height_px == heights[1] == window.middle.score_px
    again = Window(session, settings, keep_settings=kept.append)
    again.show()
    QApplication.processEvents()
    again.toggle_score()
    QApplication.processEvents()
    assert abs(again.middle.sizes()[2] - heights[1]) <= 2
    session._mark_clean(session.document)
    again.close()
    again.close_views()
    session.close()
