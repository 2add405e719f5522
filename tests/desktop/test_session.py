"""The session: undo, selection, files, engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.document.model import Document, DocumentKind, PictureLayer, Shot, TextLayer
from desktop.history import STEP_LIMIT
from desktop.jobs import JobState
from desktop.recipes import recipe_of
from desktop.recovery import Recovery
from desktop.session import Session
from engines.api import (
    BackgroundRequest,
    BadRequest,
    CannotWrite,
    EngineLost,
    ImageRequest,
    Kind,
    MusicRequest,
    TextRequest,
)
from tests.fakes import FakeHost, tiny_midi, tiny_png


def _retitled(session: Session, title: str, merge: str = "") -> None:
    session.edit("Rename", replace(session.document, title=title), merge)


def test_an_edit_is_one_step_back_and_forth(session: Session) -> None:
    first = session.document
    seen: list[tuple[Document, Document]] = []
    session.document_changed.connect(lambda a, b: seen.append((a, b)))
    _retitled(session, "Harbour")
    assert session.undo_text == "Rename"
    session.undo()
    assert session.document is first
    session.redo()
    assert session.document.title == "Harbour"
    assert [(a.title, b.title) for a, b in seen] == [
        ("Untitled", "Harbour"),
        ("Harbour", "Untitled"),
        ("Untitled", "Harbour"),
    ]


def test_edits_with_the_same_key_are_one_step(session: Session) -> None:
    for title in ("H", "Ha", "Har"):
        _retitled(session, title, merge="title")
    session.undo()
    assert session.document.title == "Untitled"
    assert not session.can_undo


def test_a_change_of_selection_ends_a_merge(session: Session) -> None:
    layer = session.place_text("Words")
    session.select(())
    _retitled(session, "A", merge="title")
    session.select((layer,))
    _retitled(session, "B", merge="title")
    session.undo()
    assert session.document.title == "A"


def test_an_edit_that_changes_nothing_is_no_step(session: Session) -> None:
    session.edit("Nothing", replace(session.document))
    assert not session.can_undo


def test_the_engines_are_told_what_will_come(session: Session, host: FakeHost) -> None:
    session.know_defaults({Kind.TEXT: "smol", Kind.PLAN: "smol", Kind.IMAGE: "starter"})
    host.gate.clear()
    session.generate(TextRequest(prompt="now", seed=1), lambda r: None)
    session.produce("A harbour", "poster", seed=1)
    session.generate(ImageRequest(prompt="later", seed=1, model="sd15"), lambda r: None)
    assert host.expected[-1] == ("plan:smol", "image:starter", "image:sd15")
    host.gate.set()
    assert session.jobs.wait_idle()
    assert host.expected[-1] == ()


def test_a_production_tells_what_it_still_will_ask(session: Session, host: FakeHost) -> None:
    session.know_defaults({Kind.PLAN: "smol", Kind.IMAGE: "starter", Kind.MUSIC: "tunes"})
    session.produce("A harbour", "scene", seed=1)
    assert session.jobs.wait_idle()
    assert host.expected == [("image:starter", "music:tunes"), ("music:tunes",), ()]


@pytest.mark.parametrize(("may", "order"), [(False, "abc"), (True, "bac")])
def test_waiting_jobs_change_places_only_with_leave(
    session: Session, host: FakeHost, may: bool, order: str
) -> None:
    session.let_jobs_change_places(may)
    host.gate.clear()
    done: list[str] = []
    session.generate(TextRequest(prompt="first", seed=1, model="fake"), lambda r: None)
    for name, model in (("a", "other"), ("b", "fake"), ("c", "other")):
        request = TextRequest(prompt=name, seed=1, model=model)
        session.generate(request, lambda r, name=name: done.append(name))  # type: ignore[misc]
    host.gate.set()
    assert session.jobs.wait_idle()
    assert "".join(done) == order


def test_several_pictures_are_rerolled_as_one_batch(session: Session, host: FakeHost) -> None:
    recipe = recipe_of(ImageRequest(prompt="boats", seed=3), "m")
    layers = [session.place_picture(tiny_png(2, 2), recipe=recipe) for _ in range(3)]
    session.select(layers)
    session.reroll_selected()
    [batch] = {job.batch for job in session.jobs.jobs}
    assert batch
    assert session.jobs.wait_idle()
    assert len(host.asked) == 3
    assert len({request.seed for request in host.asked if isinstance(request, ImageRequest)}) == 3


def test_undo_is_limited_by_count(session: Session) -> None:
    for i in range(STEP_LIMIT + 10):
        _retitled(session, str(i))
    assert session.history.steps == STEP_LIMIT


def test_undo_to_the_saved_state_is_clean(session: Session, tmp_path: Path) -> None:
    _retitled(session, "Saved")
    session.save(tmp_path / "a.triptych")
    assert session.jobs.wait_idle()
    assert not session.dirty
    _retitled(session, "More")
    assert session.dirty
    session.undo()
    assert not session.dirty


def test_selection_follows_what_exists(session: Session) -> None:
    layer = session.place_text("Words")
    assert session.selection == {layer}
    session.undo()
    assert session.selection == frozenset()
    session.select(["nothing"])
    assert session.selection == frozenset()


def test_time_is_clamped_to_the_scene(session: Session) -> None:
    session.new_scene()
    session.seek(5.0)
    assert session.time_s == 0.0
    session.edit("Add shot", replace(session.document, shots=(Shot(name="1", duration_s=3.0),)))
    session.seek(9.0)
    assert session.time_s == 3.0


def test_a_project_comes_back_as_it_was_saved(session: Session, tmp_path: Path) -> None:
    layer = session.place_picture(tiny_png(), name="Harbour")
    document, path = session.document, tmp_path / "p.triptych"
    session.save(path)
    assert session.jobs.wait_idle()
    session.new_scene()
    assert session.document.kind is DocumentKind.SCENE
    session.open(path)
    assert session.jobs.wait_idle()
    assert session.document == document
    assert session.path == path
    opened = session.document.layer(layer)
    assert isinstance(opened, PictureLayer)
    assert session.assets.read(opened.asset) == tiny_png()
    assert not session.can_undo


def test_a_broken_project_leaves_the_open_one_alone(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "broken.triptych"
    path.write_bytes(b"not a project")
    _retitled(session, "Mine")
    job = session.open(path)
    assert session.jobs.wait_idle()
    assert isinstance(session.jobs.job(job.id).error, BadRequest)
    assert session.document.title == "Mine"


def test_saving_where_one_may_not_is_told(session: Session, tmp_path: Path) -> None:
    job = session.save(tmp_path / "no such folder" / "p.triptych")
    assert session.jobs.wait_idle()
    error = session.jobs.job(job.id).error
    assert isinstance(error, CannotWrite | OSError)
    assert session.path is None


def test_saving_needs_a_path(session: Session) -> None:
    with pytest.raises(ValueError, match="path"):
        session.save()


def test_a_result_comes_back_from_another_thread(session: Session, host: FakeHost) -> None:
    import threading

    texts: list[str] = []
    session.generate(TextRequest(prompt="harbour", seed=1), lambda r: texts.append(r.text))
    assert session.jobs.wait_idle()
    assert texts == ["The harbour hums at night."]
    assert threading.get_ident() not in host.threads


def test_cancel_changes_nothing(session: Session, host: FakeHost, qtbot: QtBot) -> None:
    host.gate.clear()
    before = session.document
    layer = session.place_picture(
        tiny_png(), recipe=recipe_of(ImageRequest(prompt="boats", seed=3), "m")
    )
    placed = session.document
    job = session.reroll(layer)
    qtbot.waitUntil(host.started.is_set)
    session.jobs.cancel(job.id)
    assert session.jobs.wait_idle()
    assert session.jobs.job(job.id).state is JobState.CANCELLED
    assert session.document is placed
    session.undo()
    assert session.document is before


def test_a_lost_engine_leaves_the_document(session: Session, host: FakeHost) -> None:
    host.lose_engine()
    before = session.document
    job = session.generate(TextRequest(prompt="harbour", seed=1), lambda r: None)
    assert session.jobs.wait_idle()
    assert isinstance(session.jobs.job(job.id).error, EngineLost)
    assert session.document is before


def test_reroll_paints_the_same_words_with_another_seed(session: Session, host: FakeHost) -> None:
    request = ImageRequest(prompt="boats", seed=3, steps=7)
    layer = session.place_picture(tiny_png(2, 2), recipe=recipe_of(request, "m"))
    session.reroll(layer)
    assert session.jobs.wait_idle()
    asked = host.asked[-1]
    assert isinstance(asked, ImageRequest)
    assert (asked.prompt, asked.steps) == ("boats", 7)
    assert asked.seed != 3
    changed = session.document.layer(layer)
    assert isinstance(changed, PictureLayer)
    assert session.assets.read(changed.asset) == tiny_png()
    assert changed.recipe is not None
    assert changed.recipe.seed == asked.seed
    session.undo()
    before = session.document.layer(layer)
    assert isinstance(before, PictureLayer)
    assert session.assets.read(before.asset) == tiny_png(2, 2)


def test_vary_starts_from_the_pixels(session: Session, host: FakeHost) -> None:
    request = ImageRequest(prompt="boats", seed=3)
    layer = session.place_picture(tiny_png(4, 4), recipe=recipe_of(request, "m"))
    session.vary(layer)
    assert session.jobs.wait_idle()
    asked = host.asked[-1]
    assert isinstance(asked, ImageRequest)
    assert asked.init == tiny_png(4, 4)


def test_a_background_can_be_rerolled(session: Session, host: FakeHost) -> None:
    request = BackgroundRequest(prompt="sea", seed=3, width_px=64, height_px=64)
    layer = session.place_picture(tiny_png(), recipe=recipe_of(request, "b"), fill_page=True)
    session.reroll(layer)
    assert session.jobs.wait_idle()
    assert isinstance(host.asked[-1], BackgroundRequest)


def test_what_was_not_made_here_cannot_be_rerolled(session: Session) -> None:
    layer = session.place_picture(tiny_png())
    with pytest.raises(BadRequest, match="not made here"):
        session.reroll(layer)


def test_music_is_set_and_written_again(session: Session, host: FakeHost) -> None:
    request = MusicRequest(seed=2, mood="calm")
    session.set_music(tiny_midi(), recipe=recipe_of(request, "m"))
    session.reroll_music()
    assert session.jobs.wait_idle()
    music = session.document.music
    assert music is not None
    assert music.recipe is not None
    assert music.recipe.seed != 2
    assert session.assets.read(music.midi_asset) == tiny_midi()


def test_words_and_pictures_are_placed_inside_the_page(session: Session) -> None:
    for layer_id in (session.place_text("A title"), session.place_picture(tiny_png(30, 10))):
        box = session.document.layer(layer_id).box
        assert box.x_mm >= 0
        assert box.y_mm >= 0
        assert box.x_mm + box.width_mm <= session.document.width_mm
        assert box.y_mm + box.height_mm <= session.document.height_mm


def test_a_background_goes_below_all(session: Session) -> None:
    text = session.place_text("Title")
    ground = session.place_picture(tiny_png(), fill_page=True)
    assert [layer.id for layer in session.document.layers] == [ground, text]


def test_bytes_that_are_no_picture_are_refused(session: Session) -> None:
    with pytest.raises(BadRequest, match="not a picture"):
        session.place_picture(b"GIF89a no")
    assert not session.can_undo


def test_delete_spares_locked_layers(session: Session) -> None:
    one, two = session.place_text("One"), session.place_text("Two")
    session.toggle_locked(one)
    session.select([one, two])
    session.delete_selected()
    assert [layer.id for layer in session.document.layers] == [one]


def test_layers_are_duplicated_raised_and_ordered(session: Session) -> None:
    one = session.place_text("One")
    two = session.place_text("Two")
    session.select([one])
    session.duplicate_selected()
    three = session.document.layers[-1].id
    assert session.selection == {three}
    session.lower_selected()
    assert [x.id for x in session.document.layers] == [one, three, two]
    session.order_layers((two, one, three))
    assert [x.id for x in session.document.layers] == [two, one, three]


def test_a_scene_without_shots_gets_one_for_the_first_layer(session: Session) -> None:
    session.new_scene()
    layer = session.place_text("Words")
    [shot] = session.document.shots
    assert [x.id for x in shot.layers] == [layer]
    assert isinstance(shot.layers[0], TextLayer)


def test_captions_stand_in_order_of_time(session: Session) -> None:
    session.new_scene()
    session.edit("Shot", replace(session.document, shots=(Shot(name="1", duration_s=9.0),)))
    session.seek(5.0)
    session.add_caption("later")
    session.seek(1.0)
    session.add_caption("sooner")
    assert [x.text for x in session.document.captions] == ["sooner", "later"]
    assert all(x.start_s < x.end_s <= 9.0 for x in session.document.captions)


def test_an_empty_brief_is_refused(session: Session) -> None:
    with pytest.raises(BadRequest, match="brief is empty"):
        session.produce("  ", "poster")


@pytest.mark.parametrize("use", ["poster", "scene"])
def test_a_production_is_one_step_and_has_no_old_file(
    session: Session, tmp_path: Path, use: str
) -> None:
    session.place_text("Old work")
    session.save(tmp_path / "old.triptych")
    assert session.jobs.wait_idle()
    old = session.document
    options = {"width_mm": 105.0, "height_mm": 148.0} if use == "poster" else {"seconds": 6.0}
    job = session.produce("Night market jazz, Friday 9 pm", use, seed=4, **options)
    assert session.jobs.wait_idle(60_000)
    assert session.jobs.job(job.id).state is JobState.DONE, session.jobs.job(job.id).error
    assert session.document.kind == use
    assert session.document.title == "Night Market Jazz"
    assert session.document.assets() <= set(session.assets)
    assert session.path is None
    session.undo()
    assert session.document is old


def test_a_production_that_ends_in_another_project_brings_its_pictures(
    session: Session, host: FakeHost, qtbot: QtBot
) -> None:
    host.gate.clear()
    session.produce("Night market jazz", "poster", seed=4, width_mm=105.0, height_mm=148.0)
    qtbot.waitUntil(host.started.is_set)
    session.new_poster()
    host.gate.set()
    assert session.jobs.wait_idle(60_000)
    assert session.document.title == "Night Market Jazz"
    assert session.document.assets() <= set(session.assets)


def test_unsaved_work_is_copied_and_brought_back(session: Session, tmp_path: Path) -> None:
    recovery = Recovery(session, tmp_path / "recovery")
    recovery.begin()
    assert recovery.found is None
    recovery.copy()
    assert session.jobs.wait_idle()
    assert not (tmp_path / "recovery").exists()
    session.place_picture(tiny_png(), name="Unsaved")
    recovery.copy()
    assert session.jobs.wait_idle()
    [copy] = (tmp_path / "recovery").iterdir()
    # What a window leaves behind that was killed: a copy under a number that no process has.
    copy.rename(copy.with_name("unsaved-999999999.triptych"))
    document = session.document
    session.new_poster()
    after = Recovery(session, tmp_path / "recovery")
    after.begin()
    assert after.found is not None
    after.restore()
    assert session.jobs.wait_idle()
    assert session.document == document
    assert session.path is None
    assert session.dirty


def test_a_window_that_ends_well_leaves_no_copy(session: Session, tmp_path: Path) -> None:
    recovery = Recovery(session, tmp_path)
    recovery.begin()
    for words in ("One", "Two"):
        session.place_text(words)
        recovery.copy()
        assert session.jobs.wait_idle()
    recovery.end()
    assert list(tmp_path.glob("*unsaved*")) == []
