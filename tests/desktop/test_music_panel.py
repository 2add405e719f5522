"""The music panel, the marks and menus of the score editor, and the commands of music."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from desktop.canvas.bar_menu import build_bar_menu
from desktop.canvas.score_grid import RULER_PX
from desktop.document.midi_file import read_notes
from desktop.document.model import CutFit, PartState, Shot
from desktop.document.passages import Passage
from desktop.document.takes import take_in_use
from desktop.files import CUE_MIME, TAKE_MIME, Dropped, sort_dropped
from desktop.jobs import Lane
from desktop.panels.music import MusicPanel
from desktop.panels.music_controls import SOURCES
from desktop.score_room import ScoreRoom
from engines.api import MusicRequest, Run
from engines.music.model.tokens import SOURCES as KNOWN_SOURCES
from tests import fakes
from tests.desktop import test_music_takes, test_window
from tests.desktop.pointer import stroke
from tests.desktop.test_music_takes import music_requests, with_lengths
from tests.desktop.test_pianoroll import waltz

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.window import Window
    from tests.fakes import FakeHost

studio, window = test_window.studio, test_window.window
writing = test_music_takes.writing

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(window: Window) -> MusicPanel:
    window.resize(1500, 950)
    made = window.left.panel("music")
    window.left.show_panel("music")
    assert isinstance(made, MusicPanel)
    return made


def idle(window: Window) -> None:
    assert window.session.jobs.wait_idle()


def scene(window: Window) -> None:
    session = window.session
    session.new_scene()
    shots = (Shot(id="a", name="A", duration_s=3.0), Shot(id="b", name="B", duration_s=5.0))
    session.edit("Shots", replace(session.document, shots=shots))


def opened(window: Window, qtbot: QtBot) -> ScoreRoom:
    """Open the score to work on it."""
    window.toggle_score()
    room = window.score
    assert room is not None
    qtbot.waitUntil(lambda: room.editor.score is not None)
    return room


def ruler_at(room: ScoreRoom, bar: int, share: float = 0.6) -> QPoint:
    score = room.editor.score
    assert score is not None
    left, right = (score.seconds(score.bar_ticks[i]) for i in (bar, bar + 1))
    return QPointF(room.editor.grid.x(left + (right - left) * share), RULER_PX / 2).toPoint()


def test_the_panel_offers_the_styles_that_the_engine_knows() -> None:
    assert {name for name, _ in SOURCES} == set(KNOWN_SOURCES)


def test_a_new_piece_is_asked_for_with_all_that_is_said(
    window: Window, panel: MusicPanel, host: FakeHost
) -> None:
    scene(window)
    controls = panel.controls
    assert panel._verb_field.isHidden(), "without a score there is only one thing to do"
    controls.mood.set("tense")
    controls.energy.set("5")
    controls.instruments.set(("violin", "drums"))
    controls._densities["drums"].set("1")
    controls.form.setText("AABA")
    controls.source.set("film")
    controls.polyphony.setValue(2)
    controls.key_lock.setChecked(False)
    controls.loop.setChecked(True)
    panel.length.unit.choose("scene")
    panel.length.cuts.hits.click()
    panel._go.click()
    idle(window)
    [asked] = music_requests(host)
    assert (asked.verb, asked.mood, asked.energy, asked.form) == ("compose", "tense", 5, "AABA")
    assert (asked.instruments, asked.densities) == (("violin", "drums"), (-1, 1))
    assert (asked.source, asked.polyphony, asked.key_lock) == ("film", 2, False)
    assert (asked.loop, asked.seconds, asked.hits) == (True, 8.0, (3.0,))
    music = window.session.document.music
    assert music is not None and music.follows is not None
    assert (music.follows.hits_s, music.follows.automatic) == ((3.0,), True)
    assert panel.notices.isVisible() and panel.notices.texts == ("the tempo is 3% faster",)


@pytest.mark.parametrize(
    ("verb", "says"),
    [("continue", "bars"), ("fill", "region"), ("accompany", "instruments"), ("vary", "amount")],
)
def test_each_verb_works_on_the_score_and_leaves_what_is_locked(
    window: Window, panel: MusicPanel, host: FakeHost, verb: str, says: str
) -> None:
    session = window.session
    session.set_music(waltz())
    session.set_part("Lock part", 1, PartState(locked=True))
    session.mark_passage(Passage(first=1, last=2, parts=(0,)))
    panel.choose_verb(verb)
    panel._amount.set(30)
    panel.length.unit.choose("bars")
    panel.controls.instruments.set(("flute",))
    panel._go.click()
    idle(window)
    [asked] = music_requests(host)
    assert (asked.verb, asked.score, asked.lock) == (verb, waltz(), ":2")
    said = {"bars": 16, "region": "2-3:1", "instruments": ("flute",), "amount": 0.3}
    assert getattr(asked, says) == said[says]
    assert take_in_use(session.document) is session.document.takes[-1]


def test_what_is_said_of_the_score_is_of_the_one_that_is_shown(
    window: Window, panel: MusicPanel
) -> None:
    session = window.session
    panel._go.click()
    idle(window)
    first = panel._about.text()
    assert first == "Calm in C major, 80 bpm, 3 bars, 20.0 s."
    session.set_music(waltz(), name="Own")
    assert panel._about.isHidden(), "nobody said anything of a file from outside"
    session.use_take(session.document.takes[0].id)
    assert panel._about.text() == first and panel._about.isVisible()
    session.undo()
    assert panel._about.text() == ""


def test_a_fit_keeps_the_mood_and_key_that_were_asked_for(
    window: Window, panel: MusicPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel._go.click()
    idle(window)
    write = fakes._ANSWERS[MusicRequest]

    def guess(request: MusicRequest, run: Run) -> object:
        return replace(write(request, run), mood="dark", key="F# minor", tempo_bpm=84.0)

    monkeypatch.setitem(fakes._ANSWERS, MusicRequest, guess)
    panel.choose_verb("fit")
    panel.length.seconds.setValue(9.0)
    panel._go.click()
    idle(window)
    assert panel._about.text() == "Calm in C major, 84 bpm, 3 bars, 9.0 s."
    panel.choose_verb("vary")
    panel._go.click()
    idle(window)
    assert panel._about.text().startswith("Dark in F# minor, 84 bpm")


def test_what_was_written_comes_into_view(window: Window, panel: MusicPanel, qtbot: QtBot) -> None:
    scene(window)
    panel._go.click()
    idle(window)

    def seen() -> bool:
        top = panel._score.mapTo(panel.viewport(), QPoint(0, 0)).y()
        return top >= 0 and top + panel._score.height() <= panel.viewport().height()

    qtbot.waitUntil(seen)
    panel.verticalScrollBar().setValue(0)
    assert not seen(), "else there was nothing to prove"


def test_only_what_counts_for_a_verb_is_shown(window: Window, panel: MusicPanel) -> None:
    window.session.set_music(waltz())
    panel.choose_verb("fit")
    assert not panel.controls.isVisible() and not panel._prompt.isVisible()
    assert panel.length.isVisible() and not panel.length.bars.isVisible()
    panel.choose_verb("vary")
    assert panel._amount.isVisible() and not panel.length.isVisible()
    assert not panel.controls.instruments.isVisible()
    panel.choose_verb("fill")
    assert "Mark bars in the score" in panel._where.text()
    panel._go.click()
    assert "no bars are marked" in window.stage.message.words


def test_cuts_can_be_left_out_one_by_one(window: Window, panel: MusicPanel) -> None:
    scene(window)
    panel.length.unit.choose("scene")
    cuts = panel.length.cuts
    cuts.hits.click()
    [chip] = cuts._chips.buttons
    assert chip.text() == "3.0 s" and chip.isChecked()
    chip.click()
    assert panel.request().hits == ()
    assert cuts.wish.skipped == ("b",)
    chip.click()
    assert panel.request().hits == (3.0,)
    document = window.session.document
    window.session.edit("Trim", with_lengths(document, 7.9, 0.1))
    assert "too near" in cuts._about.text()


def test_cuts_that_move_are_told_and_followed_at_a_press(
    qtbot: QtBot, window: Window, panel: MusicPanel, host: FakeHost
) -> None:
    scene(window)
    session = window.session
    session.set_music(waltz())
    session.fit_music(CutFit(seconds=0, hits_cuts=True, automatic=False))
    idle(window)
    session.edit("Trim", with_lengths(session.document, 3.5, 5.0))
    message = window.stage.message
    qtbot.waitUntil(lambda: "cuts moved" in message.words and message.isVisible())
    message._do.click()
    idle(window)
    assert music_requests(host)[-1].hits == (3.5,)
    panel.length.cuts.follows.click()
    assert session.document.music is not None and session.document.music.follows is not None
    assert session.document.music.follows.automatic


def test_chosen_notes_and_dragged_bars_mark_a_passage(
    qtbot: QtBot, window: Window, panel: MusicPanel
) -> None:
    window.session.set_music(waltz())
    room = opened(window, qtbot)
    score = room.editor.score
    assert score is not None
    room.editor.choose(frozenset({(0, score.parts[0].notes[4]), (0, score.parts[0].notes[7])}))
    assert window.session.passage == Passage(first=1, last=2, parts=(0,))
    stroke(room.editor, ruler_at(room, 0), ruler_at(room, 1), SHIFT)
    assert window.session.passage == Passage(first=0, last=1)
    assert room.editor.choice == frozenset()
    panel.choose_verb("fill")
    assert panel._where.text().startswith("Bars 1\N{EN DASH}2 in all parts.")
    window.session.set_part("Lock part", 1, PartState(locked=True))
    assert "locked stays" in panel._where.text()


def test_a_bars_number_offers_to_write_it_again(
    qtbot: QtBot, window: Window, host: FakeHost
) -> None:
    session = window.session
    session.set_music(waltz())
    room = opened(window, qtbot)
    asked: list[int] = []
    room.editor.bar_menu_wanted.connect(lambda bar, at: asked.append(bar))
    QTest.mouseClick(room.editor, Qt.MouseButton.LeftButton, pos=ruler_at(room, 1, 0.02))
    assert asked == [1]
    menus = room.findChildren(QMenu)
    assert menus and menus[-1].isVisible()
    menus[-1].close()
    QTest.mouseClick(room.editor, Qt.MouseButton.LeftButton, pos=ruler_at(room, 1, 0.7))
    assert asked == [1], "beside the number a click only goes there"
    menu = build_bar_menu(room, session, 1, part=0, part_name="Violin")
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == [
        "Write this bar again", "Write this bar again, only Violin", "Lock the bar",
        "Mark this bar",
    ]  # fmt: skip
    actions["Write this bar again, only Violin"].trigger()
    idle(window)
    assert music_requests(host)[-1].region == "2:1"
    actions["Lock the bar"].trigger()
    assert session.document.music is not None and session.document.music.locked_bars == (1,)
    session.mark_passage(Passage(first=0, last=1))
    about_all = build_bar_menu(room, session, 1, part=0, part_name="")
    assert about_all.actions()[0].text() == "Write bars 1\N{EN DASH}2 again"
    about_all.actions()[0].trigger()
    idle(window)
    assert (music_requests(host)[-1].region, music_requests(host)[-1].lock) == ("1-2", "2")


def test_the_music_goes_on_to_the_scenes_end(window: Window, host: FakeHost, qtbot: QtBot) -> None:
    session = window.session
    session.new_scene()
    session.edit("Shots", replace(session.document, shots=(Shot(name="One", duration_s=30.0),)))
    session.set_music(waltz())
    length_s = read_notes(waltz()).length_s
    assert 1.0 < length_s < 29.0
    session.attempt(session.continue_to_end)
    idle(window)
    [request] = [x for x in music_requests(host) if x.verb == "continue"]
    assert request.seconds == pytest.approx(30.0 - length_s)
    told: list[str] = []
    session.noticed.connect(told.append)
    session.edit("Shots", replace(session.document, shots=(Shot(name="One", duration_s=1.0),)))
    session.attempt(session.continue_to_end)
    assert told == ["Cannot do that: the music reaches the end of the scene already."]


def test_takes_are_listed_used_and_dragged_onto_the_scene(
    window: Window, panel: MusicPanel
) -> None:
    session = window.session
    session.set_music(waltz(), name="Own")
    session.vary_music()
    idle(window)
    rows = panel.takes.rows
    assert [row.take.name for row in rows] == ["Varied by 50%", "Own"]
    assert [row.property("current") for row in rows] == [True, False]
    QTest.mouseClick(rows[1], Qt.MouseButton.LeftButton)
    assert session.document.music is not None and session.document.music.name == "Own"
    carried = rows[0].mime()
    assert carried.hasFormat(TAKE_MIME)
    window.dropEvent(_dropped(carried))
    now = take_in_use(session.document)
    assert now is not None and now.name == "Varied by 50%"
    rows[1].keep.click()
    assert [take.kept for take in session.document.takes] == [True, False]
    QTest.keyClick(panel.takes.rows[0], Qt.Key.Key_Delete)
    assert [row.take.name for row in panel.takes.rows] == ["Own"]
    assert session.document.music is not None, "the music stays"


def test_the_music_is_dragged_onto_the_scene_by_its_handle(
    window: Window, panel: MusicPanel, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.set_music(waltz())
    cue = panel.cue()  # an event does not own what it carries
    window.dropEvent(_dropped(cue))
    assert "there is no scene with shots" in window.stage.message.words
    scene(window)
    session.set_music(waltz())
    carried: list[QMimeData] = []
    monkeypatch.setattr(panel.carried, "carry", lambda: carried.append(panel.cue()))
    stroke(panel._grip, QPoint(4, 4), QPoint(8, 60))
    [data] = carried
    assert not panel._grip.isDown()
    assert data.hasFormat(CUE_MIME) and music_requests(host) == [], "a drag is no press"
    window.dropEvent(_dropped(data))
    idle(window)
    [asked] = music_requests(host)
    assert (asked.verb, asked.seconds, asked.hits) == ("fit", 8.0, (3.0,))
    session.undo()
    assert session.document.music is not None and session.document.music.follows is None


def test_a_take_that_is_dragged_is_not_used_before_it_is_dropped(
    window: Window, panel: MusicPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    session.set_music(waltz(), name="Own")
    session.vary_music()
    idle(window)
    row = panel.takes.rows[1]
    carried: list[str] = []
    monkeypatch.setattr(row.carried, "carry", lambda: carried.append(row.take.name))
    stroke(row, QPoint(12, 8), QPoint(60, 12))
    assert carried == ["Own"]
    now = take_in_use(session.document)
    assert now is not None and now.name == "Varied by 50%"


def _dropped(data: QMimeData) -> QDropEvent:
    return QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip


def test_commands_of_music_are_there_when_they_make_sense(window: Window) -> None:
    actions = window._actions
    music = ("score", "vary_music", "save_score", "export_stems", "continue_music")
    assert not any(actions[name].isEnabled() for name in (*music, "write_again", "fit_music"))
    window.session.set_music(waltz())
    assert all(actions[name].isEnabled() for name in music)
    assert not actions["fit_music"].isEnabled() and not actions["flip_take"].isEnabled()
    window.session.mark_passage(Passage(first=0, last=1))
    assert actions["write_again"].isEnabled()
    assert actions["write_again"].text() == "Write bars 1\N{EN DASH}2 again"
    actions["lock_bars"].trigger()
    assert actions["lock_bars"].text() == "Unlock bars 1\N{EN DASH}2"
    actions["accompany_music"].trigger()
    panel = window.left.panel("music")
    assert isinstance(panel, MusicPanel) and panel.verb.value == "accompany"
    scene(window)
    window.session.set_music(waltz())
    assert actions["fit_music"].isEnabled()


def test_notation_is_read_by_the_engine(window: Window, host: FakeHost, tmp_path: Path) -> None:
    path = tmp_path / "song.musicxml"
    path.write_bytes(waltz())  # the fake engine reads what is given
    assert sort_dropped((path,)).of(Dropped.SCORE) == (path,)
    window.arrivals.take_files((path,))
    [job] = [job for job in window.session.jobs.jobs if job.title == "Reading song"]
    assert job.lane is Lane.QUESTION
    idle(window)
    asked = host.asked[0]
    assert isinstance(asked, MusicRequest) and asked.verb == "fit"
    assert window.session.document.music is not None
    assert window.session.document.music.name == "song"


def test_a_broken_midi_file_is_told_and_replaces_nothing(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    session = window.session
    session.set_music(waltz(), name="Own")
    before = session.document
    broken, good = tmp_path / "broken.mid", tmp_path / "good.mid"
    broken.write_bytes(b"MThd\0\0")
    good.write_bytes(waltz())
    window.arrivals.take_files((broken,))
    idle(window)
    qtbot.waitUntil(lambda: "broken cannot be shown" in window.stage.message.words)
    assert window.stage.message.words.endswith("it is damaged.")
    assert session.document is before
    window.arrivals.take_files((good,))
    idle(window)
    assert session.document.music is not None and session.document.music.name == "good"
    assert session.score is not None, "it was read once, beside the window"


def test_nothing_of_the_form_is_cut_off_where_the_panel_is_narrowest(
    window: Window, panel: MusicPanel, qtbot: QtBot
) -> None:
    window.session.set_music(waltz())
    panel.controls._more.open()
    panel.controls.instruments.set(("violin", "drums"))
    window._split.setSizes([0, 2000, 300])
    page = panel.widget()
    assert page is not None
    qtbot.waitUntil(lambda: window.left.width() < 300)
    assert page.minimumSizeHint().width() <= panel.viewport().width()


def test_the_densities_are_reached_by_keyboard_where_they_stand(
    window: Window, panel: MusicPanel
) -> None:
    controls = panel.controls
    controls._more.open()
    controls.instruments.set(("violin", "drums"))
    chain = [controls.density]
    while len(chain) < 40:
        chain.append(chain[-1].nextInFocusChain())  # type: ignore[arg-type]
    fields = [controls.density, *controls._densities.values(), controls.key_lock]
    places = [chain.index(field) for field in fields]  # type: ignore[arg-type]
    assert places == sorted(places)


def test_a_score_that_is_written_can_be_stopped(
    qtbot: QtBot, window: Window, panel: MusicPanel, host: FakeHost
) -> None:
    window.session.set_music(waltz())
    before = window.session.document
    host.gate.clear()
    panel.choose_verb("vary")
    panel._go.click()
    qtbot.waitUntil(lambda: panel._go.text().strip().startswith("Stop"))
    panel._go.click()
    host.gate.set()
    idle(window)
    assert window.session.document == before
    assert panel._go.text().strip() == "Vary"
