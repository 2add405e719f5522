"""Layers under a real pointer: what ends up in the document, and undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.canvas.view import CanvasView
from desktop.document.model import (
    Fill,
    GroupLayer,
    ShapeLayer,
    TextLayer,
)
from tests.desktop.pointer import (
    ALT,
    CTRL,
    LEFT,
    PLAIN,
    SHIFT,
    at,
    box,
    color_at,
    drag,
    knob,
    shape_box,
    show,
    shown_view,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.session import Session


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[CanvasView]:
    view = shown_view(qtbot, session)
    yield view
    assert view.worker.close(), "the drawing thread did not end"
    assert not view.worker.alive


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
