"""Layers, inspector, jobs, memory, controls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.document.model import (
    Align,
    GroupLayer,
    MusicTrack,
    PictureLayer,
    Shot,
    TextLayer,
)
from desktop.panels.colors import ColorField, from_qt, to_qt
from desktop.panels.controls import Amount, Chips, Choice, SeedField, Segments
from desktop.panels.inspector import Inspector
from desktop.panels.jobs import JobStrip, state_words
from desktop.panels.layers import LayersList
from desktop.panels.previews import pixmap_of
from desktop.panels.sections import PlaceSection, TextSection
from desktop.recipes import recipe_of
from desktop.seeds import SEEDS
from desktop.session import Session
from engines.api import EngineLost, ImageRequest, Pixels, TextRequest
from tests.fakes import FakeHost, tiny_midi, tiny_png


def test_the_highest_layer_is_listed_first(session: Session, qtbot: QtBot) -> None:
    layers = LayersList(session)
    qtbot.addWidget(layers)
    session.place_text("below")
    top = session.place_text("above")
    assert [layer.name for layer in layers.shown()] == ["above", "below"]
    assert [item.row() for item in layers.selectedIndexes()] == [0]
    layers.item(1).setSelected(True)
    assert len(session.selection) == 2
    session.select([top])
    assert not layers.item(1).isSelected()


def test_a_scene_lists_the_layers_of_the_shot_in_view(session: Session, qtbot: QtBot) -> None:
    layers = LayersList(session)
    qtbot.addWidget(layers)
    session.new_scene()
    shots = (Shot(name="1", duration_s=2.0), Shot(name="2", duration_s=2.0))
    session.edit("Shots", replace(session.document, shots=shots))
    session.place_text("first")
    session.seek(3.0)
    assert layers.shown() == ()
    session.place_text("second")
    assert [x.name for x in layers.shown()] == ["second"]
    session.seek(0.0)
    assert [x.name for x in layers.shown()] == ["first"]


def test_hiding_and_locking_are_edits(session: Session, qtbot: QtBot) -> None:
    layers = LayersList(session)
    qtbot.addWidget(layers)
    layer = session.place_text("words")
    layers._row.pressed.emit(layer, "eye")
    assert not session.document.layer(layer).visible
    layers._row.pressed.emit(layer, "lock")
    assert session.document.layer(layer).locked
    session.undo()
    session.undo()
    assert session.document.layer(layer).visible


def test_moving_rows_reorders_the_document(session: Session, qtbot: QtBot) -> None:
    layers = LayersList(session)
    qtbot.addWidget(layers)
    one, two = session.place_text("one"), session.place_text("two")
    layers.insertItem(1, layers.takeItem(0))
    layers._on_reordered()
    assert [x.id for x in session.document.layers] == [two, one]


def test_the_inspector_shows_and_changes_a_text(session: Session, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    layer = session.place_text("Words")
    section = inspector._sections[TextSection]
    assert isinstance(section, TextSection)
    section._text.setPlainText("Other words")
    section._align.choose("center")
    section._size.setValue(33.0)
    changed = session.document.layer(layer)
    assert isinstance(changed, TextLayer)
    assert (changed.text, changed.align, changed.size_mm) == ("Other words", Align.CENTER, 33.0)
    session.undo()
    assert section._size.value() == pytest.approx(20.8, abs=0.1)


def test_typing_in_the_inspector_is_one_step(session: Session, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    session.place_text("A")
    section = inspector._sections[TextSection]
    assert isinstance(section, TextSection)
    steps = session.history.steps
    for text in ("Ab", "Abc", "Abcd"):
        section._text.setPlainText(text)
    assert session.history.steps == steps + 1


def test_moving_a_group_moves_what_is_in_it(session: Session, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    member_id = session.place_text("in the group")
    member = session.document.layer(member_id)
    group = GroupLayer(name="Group", box=member.box, layers=(member,))
    session.edit("Group", replace(session.document, layers=(group,)))
    session.select([group.id])
    section = inspector._sections[PlaceSection]
    assert isinstance(section, PlaceSection)
    section._numbers["x_mm"].setValue(member.box.x_mm + 10)
    moved = session.document.layer(member.id)
    assert moved.box.x_mm == pytest.approx(member.box.x_mm + 10, abs=0.1)


def test_the_page_is_shown_when_nothing_is_selected(session: Session, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector._page._ground.changed.emit("#102030")
    assert session.document.background == "#102030"
    inspector._page._title.textEdited.emit("Night market")
    assert session.document.title == "Night market"


def test_the_inspector_rerolls(session: Session, host: FakeHost, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    recipe = recipe_of(ImageRequest(prompt="boats", seed=3), "m")
    layer = session.place_picture(tiny_png(2, 2), recipe=recipe)
    inspector._on_reroll(layer)
    assert session.jobs.wait_idle()
    changed = session.document.layer(layer)
    assert isinstance(changed, PictureLayer)
    assert session.assets.read(changed.asset) == tiny_png()


def test_the_strip_tells_what_runs_and_how_many_wait(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    strip = JobStrip(session, over)
    qtbot.addWidget(strip)
    host.gate.clear()
    first = session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    session.generate(TextRequest(prompt="storm", seed=1), lambda r: None)
    assert "Writing: harbour" in strip._words.text()
    assert "+1 waiting" in strip._words.text()
    assert strip._open.text().strip() == "Jobs (2)"
    session.jobs.cancel(first.id)
    host.gate.set()
    assert session.jobs.wait_idle()
    rows = strip._list._rows
    assert rows[first.id]._state.text() == "cancelled"
    session.jobs.forget_ended()
    assert rows == {}


def test_a_failed_job_says_why_in_the_list(session: Session, host: FakeHost) -> None:
    host.fail_with = EngineLost()
    job = session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    assert session.jobs.wait_idle()
    assert "engine stopped" in state_words(session.jobs.job(job.id))


def test_a_seed_is_new_each_time_unless_kept(qtbot: QtBot) -> None:
    seed = SeedField()
    qtbot.addWidget(seed)
    assert seed.take() != seed.take()
    seed.keep(7)
    assert (seed.take(), seed.take()) == (7, 7)
    seed.keep(9_999_999_999)
    assert seed.take() == SEEDS - 1


def test_controls_give_back_what_is_set(qtbot: QtBot) -> None:
    amount = Amount(0, 2, 0.8, step=0.05)
    segments = Segments((("a", "A", ""), ("b", "B", "")))
    chips = Chips(("piano", "cello"))
    choice = Choice((("", "Any"), ("x", "X")))
    for widget in (amount, segments, chips, choice):
        qtbot.addWidget(widget)
    assert amount.value == 0.8
    segments.choose("b")
    assert segments.value == "b"
    segments.offer("b", False)
    assert segments.value == "a"
    chips.set(["cello"])
    assert chips.values == ("cello",)
    choice.set("x")
    choice.refill((("", "Any"), ("x", "X"), ("y", "Y")))
    assert choice.value == "x"
    choice.refill((("", "Any"),))
    assert choice.value == ""


def test_colours_keep_their_transparency(qtbot: QtBot) -> None:
    assert from_qt(to_qt("#11223344")) == "#11223344"
    assert from_qt(to_qt("#112233")) == "#112233"
    field = ColorField()
    qtbot.addWidget(field)
    field.show_color("#000000")
    seen: list[str] = []
    field.changed.connect(seen.append)
    field._line.setText("not a colour")
    field._line.editingFinished.emit()
    assert (seen, field.color) == ([], "#000000")
    field._line.setText("AABBCC")
    field._line.editingFinished.emit()
    assert seen == ["#aabbcc"]


def test_a_preview_is_a_picture_of_its_pixels(qapp: object) -> None:
    pixels = Pixels(width_px=2, height_px=1, rgb=b"\xff\x00\x00\x00\xff\x00")
    image = pixmap_of(pixels).toImage()
    assert image.pixelColor(0, 0).name() == "#ff0000"
    assert image.pixelColor(1, 0).name() == "#00ff00"


def test_the_music_can_make_room_for_captions(session: Session, qtbot: QtBot) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    page = inspector._page
    midi = session.assets.add(tiny_midi(), ".mid")
    session.new_scene()
    session.edit("Music", replace(session.document, music=MusicTrack(midi_asset=midi)))
    assert not page._duck_field.isHidden()
    page._duck.setValue(-9)
    page._duck.setValue(-10)
    assert session.document.music is not None and session.document.music.duck_db == -10
    session.undo()
    assert session.document.music is not None and session.document.music.duck_db == 0
    session.new_poster()
    session.edit("Music", replace(session.document, music=MusicTrack(midi_asset=midi)))
    assert page._duck_field.isHidden(), "a poster has no captions"
