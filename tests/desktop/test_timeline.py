"""The timeline under a real pointer: what ends up in the document, and undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.canvas import timing
from desktop.canvas.shot_menu import build_shot_menu
from desktop.canvas.timeline import TimelineView
from desktop.canvas.timescale import CAPTIONS_PX, SHOTS_PX, Hit, Part, TimeScale, clock_text
from desktop.document.model import (
    Box,
    Camera,
    Caption,
    Document,
    Fill,
    MusicTrack,
    ShapeLayer,
    Shot,
)
from desktop.player import Player
from tests.fakes import tiny_midi

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.session import Session

LEFT = Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def shot(name: str, duration_s: float, color: str = "#ff0000") -> Shot:
    box = Box(x_mm=0, y_mm=0, width_mm=320, height_mm=180)
    layer = ShapeLayer(name="Ground", box=box, fill=Fill.solid(color))
    return Shot(id=name, name=name, duration_s=duration_s, layers=(layer,))


def scene() -> Document:
    shots = (shot("one", 2.0), shot("two", 3.0, "#00ff00"), shot("three", 1.0, "#0000ff"))
    captions = (
        Caption(id="early", text="Early", start_s=0.5, end_s=1.5),
        Caption(id="late", text="Late", start_s=3.0, end_s=4.5),
    )
    return replace(Document.scene(), shots=shots, captions=captions)


def spans(document: Document) -> dict[str, tuple[float, float]]:
    return {x.id: (round(x.start_s, 3), round(x.end_s, 3)) for x in document.captions}


def durations(document: Document) -> list[tuple[str, float]]:
    return [(x.id, round(x.duration_s, 3)) for x in document.shots]


def test_trimming_a_shot_carries_later_captions_along() -> None:
    after = timing.with_duration(scene(), 0, 3.0)
    assert after.duration_s == 7.0
    assert spans(after) == {"early": (0.5, 1.5), "late": (4.0, 5.5)}


def test_a_shot_never_vanishes_by_trimming_and_its_dissolve_fits() -> None:
    document = replace(scene(), shots=(replace(shot("one", 2.0), dissolve_s=1.0),))
    after = timing.with_duration(document, 0, -4.0)
    assert after.shots[0].duration_s == timing.LEAST_SHOT_S == after.shots[0].dissolve_s


def test_moving_a_cut_keeps_the_length() -> None:
    after = timing.with_cut(scene(), 0, 2.75)
    assert durations(after) == [("one", 2.75), ("two", 2.25), ("three", 1.0)]
    assert spans(after) == spans(scene())


def test_a_moved_shot_takes_its_captions_with_it() -> None:
    after = timing.with_shot_at(scene(), 1, 0)
    assert [x.id for x in after.shots] == ["two", "one", "three"]
    assert spans(after) == {"late": (1.0, 2.5), "early": (3.5, 4.5)}


def test_a_split_keeps_length_and_camera_and_makes_new_names() -> None:
    camera = Camera(start=(0, 0, 1), end=(0.2, 0.1, 0.5))
    document = replace(
        scene(), shots=(replace(shot("one", 2.0), camera=camera), *scene().shots[1:])
    )
    after = timing.split(document, 0.5)
    assert after.duration_s == document.duration_s
    first, second = after.shots[:2]
    assert first.camera.end == second.camera.start == pytest.approx((0.05, 0.025, 0.875))
    assert second.camera.end == camera.end
    ids = [layer.id for layer in after.all_layers()]
    assert len(ids) == len(set(ids))
    assert timing.split(document, 0.1) is document


def test_a_deleted_shot_takes_its_captions() -> None:
    after = timing.without_shot(scene(), 0)
    assert spans(after) == {"late": (1.0, 2.5)}


def test_captions_stay_inside_the_scene() -> None:
    document = scene()
    caption = timing.moved_caption(document, document.captions[0], 99.0)
    assert (caption.start_s, caption.end_s) == (5.0, 6.0)
    caption = timing.trimmed_caption(document, document.captions[0], end_s=0.0)
    assert caption.end_s == pytest.approx(0.5 + timing.LEAST_CAPTION_S)


def test_hits_are_where_things_are() -> None:
    document, scale = scene(), TimeScale(100.0)
    shots, captions = scale.shots_top + SHOTS_PX / 2, scale.captions_top + CAPTIONS_PX / 2
    assert scale.hit(document, QPointF(scale.x(1.0), shots)) == Hit(Part.SHOT, 0)
    assert scale.hit(document, QPointF(scale.x(5.02), shots)) == Hit(Part.SHOT_END, 1)
    assert scale.hit(document, QPointF(scale.x(3.02), captions)) == Hit(Part.CAPTION_START, 1)
    assert scale.hit(document, QPointF(scale.x(4.0), captions)) == Hit(Part.CAPTION, 1)
    assert scale.hit(document, QPointF(scale.x(4.0), 3)) == Hit(Part.RULER)


def test_the_clock_reads_minutes() -> None:
    assert clock_text(62.04) == "1:02.0"
    assert clock_text(59.96) == "1:00.0"
    assert clock_text(5.0, fine=False) == "0:05"


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[TimelineView]:
    session._replace_project(scene(), session.assets, None)
    player = Player(find_output=lambda: None)
    window = QWidget()
    view = TimelineView(session, window, player=player)
    qtbot.addWidget(window)
    window.resize(900, 280)
    view.resize(900, 280)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: not view.worker.busy, timeout=5000)
    yield view
    assert view.worker.close(), "the thread of the thumbnails did not end"
    assert player.close()


def on_shots(view: TimelineView, time_s: float) -> QPoint:
    scale = view.lanes.scale
    return QPointF(scale.x(time_s), scale.shots_top + 20).toPoint()


def on_captions(view: TimelineView, time_s: float) -> QPoint:
    scale = view.lanes.scale
    return QPointF(scale.x(time_s), scale.captions_top + CAPTIONS_PX / 2).toPoint()


def move(view: TimelineView, to: QPoint, keys: Qt.KeyboardModifier = PLAIN) -> None:
    where = QPointF(view.lanes.mapToGlobal(to))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(to), where, LEFT, LEFT, keys)
    QApplication.sendEvent(view.lanes, event)


def drag(view: TimelineView, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.mousePress(view.lanes, LEFT, keys, start)
    for step in range(1, 6):
        move(view, QPointF(start + (end - start) * step / 5).toPoint(), keys)
    QTest.mouseRelease(view.lanes, LEFT, keys, end)


def test_dragging_a_shots_end_trims_it_once(view: TimelineView, session: Session) -> None:
    before = session.document
    drag(view, on_shots(view, 2.0), on_shots(view, 2.6), CTRL)
    assert session.document.shots[0].duration_s == pytest.approx(2.6, abs=0.05)
    assert session.document.shots[1].duration_s == 3.0
    assert session.undo_text == "Trim shot"
    session.undo()
    assert session.document == before
    assert not session.can_undo


def test_a_trim_lies_on_a_frame(view: TimelineView, session: Session) -> None:
    drag(view, on_shots(view, 2.0), on_shots(view, 2.61), CTRL)
    frames = session.document.shots[0].duration_s * 24
    assert frames == pytest.approx(round(frames))


def test_shift_moves_the_cut_only(view: TimelineView, session: Session) -> None:
    drag(view, on_shots(view, 2.0), on_shots(view, 1.4), SHIFT | CTRL)
    assert session.document.duration_s == pytest.approx(6.0)
    assert session.document.shots[0].duration_s == pytest.approx(1.4, abs=0.05)


def test_a_trim_clicks_to_the_playhead(view: TimelineView, session: Session) -> None:
    session.seek(2.5)
    near = on_shots(view, 2.5) + QPoint(4, 0)
    drag(view, on_shots(view, 2.0), near)
    assert session.document.shots[0].duration_s == pytest.approx(2.5)


def test_dragging_a_shot_over_others_reorders(view: TimelineView, session: Session) -> None:
    drag(view, on_shots(view, 0.5), on_shots(view, 4.0))
    assert [x.id for x in session.document.shots] == ["two", "one", "three"]
    session.undo()
    assert [x.id for x in session.document.shots] == ["one", "two", "three"]


def test_a_drag_shows_what_it_would_make_and_escape_leaves_it(
    view: TimelineView, session: Session
) -> None:
    before = session.document
    QTest.mousePress(view.lanes, LEFT, PLAIN, on_shots(view, 2.0))
    move(view, on_shots(view, 3.0))
    assert view.lanes.shown.shots[0].duration_s > 2.5
    assert session.document is before
    QTest.keyClick(view.lanes, Qt.Key.Key_Escape)
    QTest.mouseRelease(view.lanes, LEFT, PLAIN, on_shots(view, 3.0))
    assert session.document is before
    assert view.lanes.shown is before


def test_captions_are_moved_and_trimmed(view: TimelineView, session: Session) -> None:
    drag(view, on_captions(view, 1.0), on_captions(view, 1.8), CTRL)
    assert spans(session.document)["early"] == pytest.approx((1.3, 2.3), abs=0.05)
    drag(view, on_captions(view, 4.5), on_captions(view, 5.5), CTRL)
    assert spans(session.document)["late"] == pytest.approx((3.0, 5.5), abs=0.05)
    assert session.history.steps == 2


def test_a_click_seeks_and_picks(view: TimelineView, session: Session) -> None:
    QTest.mouseClick(view.lanes, LEFT, PLAIN, on_shots(view, 3.5))
    assert session.time_s == pytest.approx(3.5, abs=0.02)
    assert view.player.time_s == session.time_s
    assert view.lanes.picked == Hit(Part.SHOT, 1)
    QTest.keyClick(view.lanes, Qt.Key.Key_Delete)
    assert durations(session.document) == [("one", 2.0), ("three", 1.0)]
    session.undo()
    assert len(session.document.shots) == 3


def test_the_ruler_scrubs(view: TimelineView, session: Session) -> None:
    times: list[float] = []
    session.time_changed.connect(times.append)
    start = QPointF(view.lanes.scale.x(1.0), 8).toPoint()
    drag(view, start, start + QPoint(200, 0))
    assert len(times) >= 5
    assert times == sorted(times)
    assert not session.can_undo


def test_keys_split_loop_and_step(view: TimelineView, session: Session) -> None:
    session.seek(1.0)
    QTest.keyClick(view.lanes, Qt.Key.Key_S)
    assert [round(x.duration_s, 3) for x in session.document.shots] == [1.0, 1.0, 3.0, 1.0]
    QTest.keyClick(view.lanes, Qt.Key.Key_Right)
    assert session.time_s == pytest.approx(1.0 + 1 / 24)
    QTest.keyClick(view.lanes, Qt.Key.Key_End)
    assert session.time_s == pytest.approx(6.0)
    QTest.keyClick(view.lanes, Qt.Key.Key_L)
    assert view.player.loop


def test_playing_moves_the_sessions_time(
    qtbot: QtBot, view: TimelineView, session: Session
) -> None:
    QTest.keyClick(view.lanes, Qt.Key.Key_Space)
    assert view.player.playing
    qtbot.waitUntil(lambda: session.time_s > 0.1, timeout=5000)
    QTest.keyClick(view.lanes, Qt.Key.Key_Space)
    assert not view.player.playing
    assert session.time_s == view.player.time_s


def test_every_shot_gets_pictures_of_itself(view: TimelineView, session: Session) -> None:
    image = view.lanes.grab().toImage()
    ratio = view.lanes.devicePixelRatioF()
    found = [image.pixelColor(on_shots(view, time_s) * ratio).name() for time_s in (1.0, 3.0, 5.5)]
    assert found == ["#ff0000", "#00ff00", "#0000ff"]


def test_only_a_changed_shot_is_drawn_again(
    qtbot: QtBot, view: TimelineView, session: Session
) -> None:
    thumbnails = view.lanes._thumbnails
    before = [thumbnails.get(x) for x in session.document.shots]
    changed = replace(shot("two", 3.0, "#ffff00"))
    shots = (session.document.shots[0], changed, session.document.shots[2])
    session.edit("Paint", replace(session.document, shots=shots))
    qtbot.waitUntil(lambda: not view.worker.busy, timeout=5000)
    after = [thumbnails.get(x) for x in session.document.shots]
    assert after[0] is before[0]
    assert after[1] is not before[1]
    assert after[2] is before[2]


def test_music_shows_its_notes(qtbot: QtBot, view: TimelineView, session: Session) -> None:
    music = MusicTrack(midi_asset=session.assets.add(tiny_midi(), "mid"))
    session.edit("Score", replace(session.document, music=music))
    qtbot.waitUntil(lambda: len(view.lanes._score.notes) == 2, timeout=5000)
    session.undo()
    assert view.lanes._score.notes == ()


def test_the_menu_adds_and_deletes(view: TimelineView, session: Session) -> None:
    menu = build_shot_menu(view, session, Hit(Part.SHOT, 0))
    actions = {action.text(): action for action in menu.actions() if action.text()}
    actions["Add shot"].trigger()
    assert len(session.document.shots) == 4
    assert session.document.shots[1].layers == ()
    assert session.time_s == pytest.approx(2.0)
    actions["Duplicate shot"].trigger()
    assert session.document.shots[1].name == "one"
    menu.deleteLater()


def test_zoom_keeps_the_time_under_the_pointer(view: TimelineView) -> None:
    x = view.lanes.scale.x(3.0)
    view.lanes.zoom(4.0, x)
    assert view.lanes.scale.time(x) == pytest.approx(3.0, abs=0.02)
    view.lanes.fit()
    assert view.lanes.scale.offset_s == 0.0
