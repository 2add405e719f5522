"""The canvas under a real pointer: what ends up in the document, and undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.canvas.drops import ASSET_MIME
from desktop.canvas.menu import build_menu
from desktop.canvas.overlay import KNOB_PX
from desktop.canvas.view import CanvasView
from desktop.document.assets import AssetStore
from desktop.document.model import (
    Box,
    Camera,
    Caption,
    Document,
    Fill,
    GroupLayer,
    PictureLayer,
    ShapeLayer,
    Shot,
    TextLayer,
)
from tests.fakes import tiny_png

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from desktop.session import Session

LEFT = Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def box(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Box:
    return Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height, rotation_deg=turn)


def square(name: str, x: float, y: float, color: str = "#ff0000") -> ShapeLayer:
    return ShapeLayer(id=name, name=name, box=box(x, y, 40, 40), fill=Fill.solid(color))


def show(session: Session, document: Document) -> None:
    session._replace_project(document, session.assets, None)


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[CanvasView]:
    text = TextLayer(
        id="words",
        name="Words",
        box=box(20, 220, 160, 40),
        text="Hello",
        family="Inter",
        size_mm=20,
        color="#000000",
    )
    layers = (square("a", 20, 20), square("b", 120, 60, "#00ff00"), text)
    show(session, replace(Document.poster(width_mm=200, height_mm=300), layers=layers))
    view = CanvasView(session)
    qtbot.addWidget(view)
    view.resize(620, 800)
    view.show()
    qtbot.waitExposed(view)
    view.setFocus()
    settle(qtbot, view)
    yield view
    assert view.worker.close(), "the drawing thread did not end"
    assert not view.worker.alive


def settle(qtbot: QtBot, view: CanvasView) -> None:
    view.page.draw()
    qtbot.waitUntil(lambda: not view.worker.busy, timeout=5000)


def at(view: CanvasView, x_mm: float, y_mm: float) -> QPoint:
    camera = view.page.camera
    return view.viewportTransform().map(camera.map(QPointF(x_mm, y_mm))).toPoint()


def drag(
    view: CanvasView, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = PLAIN, steps: int = 6
) -> None:
    """Press, move and release with real events; the moves carry the keys too."""
    target = view.viewport()
    QTest.mousePress(target, LEFT, keys, start)
    for step in range(1, steps + 1):
        point = QPointF(start + (end - start) * step / steps)
        where = QPointF(target.mapToGlobal(point.toPoint()))
        move = QMouseEvent(QEvent.Type.MouseMove, point, where, LEFT, LEFT, keys)
        QApplication.sendEvent(target, move)
    QTest.mouseRelease(target, LEFT, keys, end)


def knob(view: CanvasView) -> QPoint:
    """Return where the knob for turning is, which only pixels can tell: above the frame."""
    frame = view.marks.frame
    assert frame is not None
    top = at(view, frame.x_mm + frame.width_mm / 2, frame.y_mm)
    return top - QPoint(0, round(KNOB_PX))


def shape_box(session: Session, name: str) -> Box:
    return session.document.layer(name).box


def color_at(view: CanvasView, x_mm: float, y_mm: float) -> str:
    image = view.viewport().grab().toImage()
    point = at(view, x_mm, y_mm) * view.devicePixelRatioF()
    return image.pixelColor(point).name()


def test_the_page_shows_its_layers_in_their_places(view: CanvasView) -> None:
    assert color_at(view, 30, 30) == "#ff0000"
    assert color_at(view, 150, 80) == "#00ff00"
    assert color_at(view, 100, 180) == "#ffffff"


def test_a_click_selects_and_a_click_beside_deselects(view: CanvasView, session: Session) -> None:
    QTest.mouseClick(view.viewport(), LEFT, PLAIN, at(view, 40, 40))
    assert session.selection == {"a"}
    QTest.mouseClick(view.viewport(), LEFT, SHIFT, at(view, 140, 80))
    assert session.selection == {"a", "b"}
    QTest.mouseClick(view.viewport(), LEFT, PLAIN, at(view, 100, 180))
    assert session.selection == frozenset()
    assert not session.can_undo


def test_a_drag_moves_once_and_undo_takes_it_back(view: CanvasView, session: Session) -> None:
    before = session.document
    drag(view, at(view, 40, 40), at(view, 70, 120), CTRL)
    moved = shape_box(session, "a")
    assert (moved.x_mm, moved.y_mm) == pytest.approx((50, 100), abs=0.6)
    assert session.undo_text == "Move layer"
    session.undo()
    assert session.document == before
    assert not session.can_undo


def test_a_drag_near_the_middle_clicks_to_it(view: CanvasView, session: Session) -> None:
    drag(view, at(view, 40, 40), at(view, 101, 150.8))
    assert shape_box(session, "a").x_mm == pytest.approx(80)
    assert shape_box(session, "a").y_mm == pytest.approx(130)


def test_guides_show_while_dragging_only(view: CanvasView) -> None:
    target = view.viewport()
    QTest.mousePress(target, LEFT, PLAIN, at(view, 40, 40))
    QTest.mouseMove(target, at(view, 70, 100))
    QTest.mouseMove(target, at(view, 100, 151))
    assert {guide.at_mm for guide in view.marks.guides} >= {100.0, 150.0}
    assert view.marks.badge == "80.0, 130.0 mm"
    QTest.mouseRelease(target, LEFT, PLAIN, at(view, 100, 151))
    assert view.marks.guides == ()
    assert view.marks.badge == ""


def test_escape_leaves_a_drag_without_a_trace(view: CanvasView, session: Session) -> None:
    before = session.document
    target = view.viewport()
    QTest.mousePress(target, LEFT, PLAIN, at(view, 40, 40))
    QTest.mouseMove(target, at(view, 90, 90))
    assert view.page.items["a"].shown is not before.layers[0]
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(target, LEFT, PLAIN, at(view, 90, 90))
    assert session.document is before
    assert view.page.items["a"].shown is before.layers[0]


def test_the_document_does_not_change_before_the_release(
    view: CanvasView, session: Session
) -> None:
    before = session.document
    target = view.viewport()
    QTest.mousePress(target, LEFT, PLAIN, at(view, 40, 40))
    for step in range(20):
        QTest.mouseMove(target, at(view, 42 + step, 42 + step))
    assert session.document is before
    QTest.mouseRelease(target, LEFT, PLAIN, at(view, 62, 62))
    assert session.history.steps == 1


def test_only_the_layer_that_changed_is_drawn_again(
    qtbot: QtBot, view: CanvasView, session: Session
) -> None:
    drawn = {name: item.drawn for name, item in view.page.items.items()}
    drag(view, at(view, 40, 40), at(view, 70, 120), CTRL)
    qtbot.waitUntil(lambda: not view.worker.busy, timeout=5000)
    assert view.page.items["a"].drawn is not drawn["a"]
    assert view.page.items["b"].drawn is drawn["b"]
    assert view.page.items["words"].drawn is drawn["words"]


def test_alt_drags_a_copy(view: CanvasView, session: Session) -> None:
    drag(view, at(view, 40, 40), at(view, 90, 180), ALT | CTRL)
    assert len(session.document.layers) == 4
    assert shape_box(session, "a") == box(20, 20, 40, 40)
    (copy,) = session.selected_layers()
    assert copy.id != "a"
    assert copy.box.x_mm == pytest.approx(70, abs=0.6)
    session.undo()
    assert len(session.document.layers) == 3


def test_a_rubber_band_selects_what_it_touches(view: CanvasView, session: Session) -> None:
    drag(view, at(view, 5, 5), at(view, 130, 110))
    assert session.selection == {"a", "b"}
    assert view.marks.band is None


def test_a_band_can_be_drawn_over_a_picture_that_covers_the_page(
    view: CanvasView, session: Session
) -> None:
    ground = ShapeLayer(
        id="ground", name="Ground", box=box(0, 0, 200, 300), fill=Fill.solid("#222222")
    )
    show(session, replace(session.document, layers=(ground, *session.document.layers)))
    drag(view, at(view, 5, 5), at(view, 130, 110))
    assert session.selection == {"a", "b"}
    QTest.mouseClick(view.viewport(), LEFT, PLAIN, at(view, 100, 180))
    assert session.selection == {"ground"}


def test_a_corner_resizes_and_shift_keeps_a_shape_square(
    view: CanvasView, session: Session
) -> None:
    session.select(("a",))
    drag(view, at(view, 60, 60), at(view, 80, 70), CTRL)
    size = shape_box(session, "a")
    assert (size.width_mm, size.height_mm) == pytest.approx((60, 50), abs=0.8)
    session.undo()
    drag(view, at(view, 60, 60), at(view, 80, 80), CTRL | SHIFT)
    size = shape_box(session, "a")
    assert size.width_mm == pytest.approx(size.height_mm)
    assert session.undo_text == "Resize"


def test_a_texts_corner_makes_its_letters_grow_and_its_side_does_not(
    view: CanvasView, session: Session
) -> None:
    session.select(("words",))
    drag(view, at(view, 180, 260), at(view, 100, 240), CTRL)
    text = session.document.layer("words")
    assert isinstance(text, TextLayer)
    assert text.size_mm == pytest.approx(20 * text.box.height_mm / 40)
    assert text.size_mm == pytest.approx(10, abs=0.4)
    session.undo()
    drag(view, at(view, 180, 240), at(view, 120, 240), CTRL)
    text = session.document.layer("words")
    assert isinstance(text, TextLayer)
    assert text.size_mm == 20
    assert text.box.width_mm == pytest.approx(100, abs=0.8)


def test_the_knob_turns_and_shift_turns_in_steps(view: CanvasView, session: Session) -> None:
    session.select(("b",))
    top = knob(view)
    drag(view, top, at(view, 190, 81), SHIFT)
    assert shape_box(session, "b").rotation_deg == pytest.approx(90)
    assert session.undo_text == "Turn"


def test_two_layers_move_together(view: CanvasView, session: Session) -> None:
    session.select(("a", "b"))
    drag(view, at(view, 40, 40), at(view, 40, 90), CTRL)
    assert shape_box(session, "a").y_mm == pytest.approx(70, abs=0.6)
    assert shape_box(session, "b").y_mm == pytest.approx(110, abs=0.6)
    assert session.history.steps == 1


def test_a_group_carries_its_members_and_their_letters(view: CanvasView, session: Session) -> None:
    words = session.document.layers[2]
    group = GroupLayer(id="group", name="Group", box=words.box, layers=(words,))
    show(session, replace(session.document, layers=(group,)))
    session.select(("group",))
    drag(view, at(view, 180, 260), at(view, 100, 240), CTRL)
    inner = session.document.layer("words")
    assert isinstance(inner, TextLayer)
    assert inner.box.width_mm == pytest.approx(80, abs=1.5)
    assert inner.size_mm == pytest.approx(10, abs=0.4)


def test_locked_layers_stay(view: CanvasView, session: Session) -> None:
    session.toggle_locked("a")
    drag(view, at(view, 40, 40), at(view, 70, 120))
    assert shape_box(session, "a") == box(20, 20, 40, 40)
    assert "a" not in session.selection


def test_arrow_keys_nudge_as_one_step(view: CanvasView, session: Session) -> None:
    session.select(("a",))
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert shape_box(session, "a") == box(22, 30, 40, 40)
    session.undo()
    assert shape_box(session, "a") == box(20, 20, 40, 40)


def test_keys_delete_duplicate_and_order(view: CanvasView, session: Session) -> None:
    session.select(("a",))
    QTest.keyClick(view, Qt.Key.Key_BracketRight, CTRL | SHIFT)
    assert session.document.layers[-1].id == "a"
    QTest.keyClick(view, Qt.Key.Key_BracketLeft, CTRL)
    assert [x.id for x in session.document.layers] == ["b", "a", "words"]
    QTest.keyClick(view, Qt.Key.Key_D, CTRL)
    assert len(session.document.layers) == 4
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert len(session.document.layers) == 3
    QTest.keyClick(view, Qt.Key.Key_A, CTRL)
    assert session.selection == {"a", "b", "words"}


def test_a_double_click_edits_words_in_place(view: CanvasView, session: Session) -> None:
    QTest.mouseDClick(view.viewport(), LEFT, PLAIN, at(view, 40, 230))
    assert view.writing.editor is not None
    assert not view.page.items["words"].isVisible()
    corner = view.writing.editor.mapToScene(QPointF(0, 0))
    assert (corner.x(), corner.y()) == pytest.approx((20, 220))
    QTest.keyClicks(view, "Good night")
    QTest.keyClick(view, Qt.Key.Key_Escape)
    text = session.document.layer("words")
    assert isinstance(text, TextLayer)
    assert text.text == "Good night"
    assert view.writing.editor is None
    assert view.page.items["words"].isVisible()
    assert session.undo_text == "Edit text"


def test_a_turned_text_is_edited_turned(view: CanvasView, session: Session) -> None:
    words = session.document.layers[2]
    session.update_layer("Turn", replace(words, box=box(20, 100, 100, 40, 90.0)))
    view.write("words")
    assert view.writing.editor is not None
    corner = view.writing.editor.mapToScene(QPointF(0, 0))
    assert (corner.x(), corner.y()) == pytest.approx((90, 70))


def test_pasted_markup_becomes_plain_words(view: CanvasView, session: Session) -> None:
    data = QMimeData()
    data.setHtml('<b>Bold</b><img src="file:///etc/hostname">')
    data.setText("Bold")
    QGuiApplication.clipboard().setMimeData(data)
    view.write("words")
    QTest.keyClick(view, Qt.Key.Key_V, CTRL)
    QTest.mouseClick(view.viewport(), LEFT, PLAIN, at(view, 100, 180))
    text = session.document.layer("words")
    assert isinstance(text, TextLayer)
    assert text.text == "Bold"


def test_a_text_left_empty_goes(view: CanvasView, session: Session) -> None:
    view.write("words")
    QTest.keyClick(view, Qt.Key.Key_Delete)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert {x.id for x in session.document.layers} == {"a", "b"}


def test_the_shape_tool_draws_a_box_and_puts_itself_away(
    view: CanvasView, session: Session
) -> None:
    QTest.keyClick(view, Qt.Key.Key_R)
    assert view.tool == "rectangle"
    drag(view, at(view, 20, 120), at(view, 70, 160))
    (shape,) = session.selected_layers()
    assert isinstance(shape, ShapeLayer)
    assert (shape.box.width_mm, shape.box.height_mm) == pytest.approx((50, 40), abs=0.8)
    assert view.tool == "select"


def test_the_text_tool_begins_writing(view: CanvasView, session: Session) -> None:
    view.set_tool("text")
    drag(view, at(view, 20, 120), at(view, 150, 150))
    assert view.writing.editor is not None
    QTest.keyClicks(view, "Tonight")
    view.writing.finish()
    (layer,) = session.selected_layers()
    assert isinstance(layer, TextLayer)
    assert layer.text == "Tonight"
    assert layer.box.width_mm == pytest.approx(130, abs=1)


def drop(view: CanvasView, data: QMimeData, place: QPoint) -> bool:
    """Bring data in and let it fall; True if it may fall here."""
    actions, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, actions, data, LEFT, keys)
    QApplication.sendEvent(view.viewport(), enter)
    if enter.isAccepted():
        assert view.marks.drop
        event = QDropEvent(QPointF(place), actions, data, LEFT, keys)
        QApplication.sendEvent(view.viewport(), event)
        assert not view.marks.drop
    return enter.isAccepted()


def test_a_result_dropped_from_a_panel_lands_under_the_pointer(
    view: CanvasView, session: Session
) -> None:
    data = QMimeData()
    data.setData(ASSET_MIME, session.assets.add(tiny_png(), "png").encode())
    assert drop(view, data, at(view, 100, 150))
    layer = session.document.layers[-1]
    assert isinstance(layer, PictureLayer)
    assert layer.box.x_mm + layer.box.width_mm / 2 == pytest.approx(100, abs=0.6)


def test_a_picture_file_is_taken_and_another_is_told_off(
    view: CanvasView, session: Session, tmp_path: Path
) -> None:
    good, bad = tmp_path / "sun.png", tmp_path / "bad.png"
    good.write_bytes(tiny_png())
    bad.write_bytes(b"not a picture")
    told: list[str] = []
    session.noticed.connect(told.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(good)), QUrl.fromLocalFile(str(bad))])
    assert drop(view, data, at(view, 100, 150))
    assert session.document.layers[-1].name == "sun"
    assert len(session.document.layers) == 4
    assert len(told) == 1 and "bad.png" in told[0]


def test_what_is_no_picture_is_not_accepted(view: CanvasView, session: Session) -> None:
    data = QMimeData()
    data.setText("hello")
    data.setUrls([QUrl("https://example.org/x.png")])
    before = session.document
    assert not drop(view, data, at(view, 100, 150))
    assert session.document is before


def test_zoom_keeps_the_point_under_the_pointer(view: CanvasView) -> None:
    point = at(view, 150, 80)
    before = view.navigator.zoom
    view.navigator.zoom_to(before * 3, QPointF(point))
    assert view.navigator.zoom == pytest.approx(before * 3)
    assert (at(view, 150, 80) - point).manhattanLength() <= 2
    assert not view.navigator.fitted
    QTest.keyClick(view, Qt.Key.Key_0, CTRL)
    assert view.navigator.fitted
    assert view.navigator.zoom == pytest.approx(before)


def test_after_a_zoom_layers_are_drawn_at_the_new_scale(qtbot: QtBot, view: CanvasView) -> None:
    view.zoom_to(view.navigator.zoom * 2)
    wanted = view.navigator.scale * view.devicePixelRatioF()
    drawn = view.page.items["a"].drawn
    assert drawn is not None and drawn.scale != wanted
    qtbot.waitUntil(lambda: _scale(view, "a") == wanted, timeout=5000)


def _scale(view: CanvasView, name: str) -> float:
    drawn = view.page.items[name].drawn
    return drawn.scale if drawn is not None else 0.0


def test_space_and_drag_moves_the_view_and_no_layer(view: CanvasView, session: Session) -> None:
    view.zoom_to(view.navigator.zoom * 3)
    before = at(view, 0, 0)
    start = view.viewport().rect().center()
    taps: list[bool] = []
    view.space_tapped.connect(lambda: taps.append(True))
    QTest.keyPress(view, Qt.Key.Key_Space)
    drag(view, start, start + QPoint(30, -20))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert not taps
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert taps == [True]
    assert at(view, 0, 0) - before == QPoint(30, -20)
    assert not session.can_undo


def scene() -> Document:
    half = Camera(start=(0.25, 0.25, 0.5), end=(0.25, 0.25, 0.5))
    red = ShapeLayer(id="red", name="Red", box=box(100, 60, 60, 40), fill=Fill.solid("#ff0000"))
    blue = ShapeLayer(id="blue", name="Blue", box=box(0, 0, 320, 180), fill=Fill.solid("#0000ff"))
    shots = (
        Shot(id="one", name="One", duration_s=2.0, layers=(red,), camera=half),
        Shot(id="two", name="Two", duration_s=2.0, layers=(blue,)),
    )
    captions = (Caption(text="A caption", start_s=0.5, end_s=1.5),)
    return replace(Document.scene(), shots=shots, captions=captions)


def test_a_scene_shows_the_frame_of_its_time(
    qtbot: QtBot, view: CanvasView, session: Session
) -> None:
    show(session, scene())
    settle(qtbot, view)
    assert color_at(view, 130, 80) == "#ff0000"
    assert set(view.page.items) == {"red"}
    session.seek(3.0)
    settle(qtbot, view)
    assert color_at(view, 130, 80) == "#0000ff"
    assert set(view.page.items) == {"blue"}


def test_a_drag_in_a_scene_goes_through_its_camera(
    qtbot: QtBot, view: CanvasView, session: Session
) -> None:
    show(session, scene())
    settle(qtbot, view)
    drag(view, at(view, 130, 80), at(view, 140, 95), CTRL)
    moved = shape_box(session, "red")
    assert (moved.x_mm, moved.y_mm) == pytest.approx((110, 75), abs=0.6)
    settle(qtbot, view)
    assert color_at(view, 112, 112) == "#ff0000"


def test_another_project_leaves_nothing_of_the_last(
    qtbot: QtBot, view: CanvasView, session: Session
) -> None:
    session._replace_project(Document.poster(width_mm=100, height_mm=100), AssetStore(), None)
    settle(qtbot, view)
    assert not view.page.items
    assert view.page_rect().width() == 100
    assert color_at(view, 50, 50) == "#ffffff"


def test_the_menu_offers_what_can_be_done(view: CanvasView, session: Session) -> None:
    session.select(("words",))
    menu = build_menu(view, session, view.verbs, view.write)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert {"Edit text", "Duplicate", "Delete", "Lock", "Bring to front"} <= set(actions)
    assert "Reroll" not in actions
    actions["Send to back"].trigger()
    assert session.document.layers[0].id == "words"
    menu.deleteLater()
