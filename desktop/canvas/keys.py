"""What the keys mean on the canvas."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from desktop.canvas.tools import ToolName
from desktop.canvas.verbs import Order, Verbs
from desktop.session import Session

NUDGE_MM = 1.0
FAR_NUDGE_MM = 10.0

NUDGES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}

TOOLS = {
    Qt.Key.Key_V: ToolName.SELECT,
    Qt.Key.Key_H: ToolName.HAND,
    Qt.Key.Key_T: ToolName.TEXT,
    Qt.Key.Key_R: ToolName.RECTANGLE,
    Qt.Key.Key_O: ToolName.ELLIPSE,
    Qt.Key.Key_L: ToolName.LINE,
}


def tool_of(event: QKeyEvent) -> ToolName | None:
    """Return the tool that a plain key takes up."""
    if event.modifiers() != Qt.KeyboardModifier.NoModifier:
        return None
    return TOOLS.get(Qt.Key(event.key()))


def press_key(event: QKeyEvent, session: Session, verbs: Verbs) -> bool:
    """Do what a key means for the selection; False if it means nothing."""
    key, held = event.key(), event.modifiers()
    shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
    if key in NUDGES and session.selection:
        step_mm = FAR_NUDGE_MM if shift else NUDGE_MM
        across, down = NUDGES[Qt.Key(key)]
        verbs.nudge(across * step_mm, down * step_mm)
    elif event.matches(QKeySequence.StandardKey.Delete) or key == Qt.Key.Key_Backspace:
        session.delete_selected()
    elif event.matches(QKeySequence.StandardKey.SelectAll):
        session.select_all()
    elif not held & Qt.KeyboardModifier.ControlModifier:
        return False
    elif key == Qt.Key.Key_D:
        session.duplicate_selected()
    elif key in (Qt.Key.Key_BracketRight, Qt.Key.Key_BraceRight):
        verbs.order(Order.FRONT if shift else Order.FORWARD)
    elif key in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BraceLeft):
        verbs.order(Order.BACK if shift else Order.BACKWARD)
    else:
        return False
    return True
