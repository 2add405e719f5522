"""Writing, new layers, drops, scenes and the view's own movements, by real events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtTest import QTest

from desktop.canvas.drops import ASSET_MIME
from desktop.canvas.menu import build_menu
from desktop.canvas.view import CanvasView
from desktop.document.assets import AssetStore
from desktop.document.model import (
    Camera,
    Caption,
    Document,
    Fill,
    PictureLayer,
    ShapeLayer,
    Shot,
    TextLayer,
)
from tests.desktop.pointer import (
    CTRL,
    LEFT,
    PLAIN,
    at,
    box,
    color_at,
    drag,
    drop,
    settle,
    shape_box,
    show,
    shown_view,
)
from tests.fakes import tiny_png

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from desktop.session import Session


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[CanvasView]:
    view = shown_view(qtbot, session)
    yield view
    assert view.worker.close(), "the drawing thread did not end"
    assert not view.worker.alive


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


@pytest.fixture
def clipboard() -> Iterator[QClipboard]:
    """Give the clipboard, emptied afterwards.

    What Python put there would else be destroyed after Python itself, which
    ends the process with a segmentation fault.
    """
    clipboard = QGuiApplication.clipboard()
    yield clipboard
    clipboard.clear()


def test_pasted_markup_becomes_plain_words(
    view: CanvasView, session: Session, clipboard: QClipboard
) -> None:
    data = QMimeData()
    data.setHtml('<b>Bold</b><img src="file:///etc/hostname">')
    data.setText("Bold")
    clipboard.setMimeData(data)
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
