"""A pointer and a page for the tests of the canvas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.canvas.overlay import KNOB_PX
from desktop.canvas.view import CanvasView
from desktop.document.model import (
    Box,
    Document,
    Fill,
    ShapeLayer,
    TextLayer,
)

if TYPE_CHECKING:
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


def words_and_squares() -> Document:
    """Return a poster of two squares, "a" and "b", and a text, "words"."""
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
    return replace(Document.poster(width_mm=200, height_mm=300), layers=layers)


def shown_view(qtbot: QtBot, session: Session) -> CanvasView:
    """Return a canvas with that poster, drawn and with the focus."""
    show(session, words_and_squares())
    view = CanvasView(session)
    qtbot.addWidget(view)
    view.resize(620, 800)
    view.show()
    qtbot.waitExposed(view)
    view.setFocus()
    settle(qtbot, view)
    return view


def settle(qtbot: QtBot, view: CanvasView) -> None:
    view.page.draw()
    qtbot.waitUntil(lambda: not view.worker.busy, timeout=5000)


def at(view: CanvasView, x_mm: float, y_mm: float) -> QPoint:
    camera = view.page.camera
    return view.viewportTransform().map(camera.map(QPointF(x_mm, y_mm))).toPoint()


def drag(
    view: CanvasView, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = PLAIN, steps: int = 6
) -> None:
    """Drag on the canvas."""
    stroke(view.viewport(), start, end, keys, steps)


def stroke(
    target: QWidget, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = PLAIN, steps: int = 6
) -> None:
    """Press, move and release with real events; the moves carry the keys too."""
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
