"""The canvas's context menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.canvas.verbs import Order, Verbs
from desktop.document.model import Layer, PictureLayer, TextLayer
from desktop.session import Session
from engines.api import BadRequest

ORDERS = {
    Order.FRONT: ("Bring to front", "Ctrl+Shift+]"),
    Order.FORWARD: ("Bring forward", "Ctrl+]"),
    Order.BACKWARD: ("Send backward", "Ctrl+["),
    Order.BACK: ("Send to back", "Ctrl+Shift+["),
}


def build_menu(
    parent: QWidget, session: Session, verbs: Verbs, write: Callable[[str], None]
) -> QMenu:
    """Return the menu for the selection as it is now."""
    menu = QMenu(parent)
    layers = session.selected_layers()
    if not layers:
        _add(menu, "Select all", session.select_all, "Ctrl+A")
        return menu
    if len(layers) == 1:
        _add_one(menu, session, layers[0], write)
    _add(menu, "Duplicate", session.duplicate_selected, "Ctrl+D")
    _add(menu, "Delete", session.delete_selected, "Del")
    menu.addSeparator()
    for order, (text, keys) in ORDERS.items():
        _add(menu, text, _ordering(verbs, order), keys)
    return menu


def _add_one(menu: QMenu, session: Session, layer: Layer, write: Callable[[str], None]) -> None:
    """Add what only makes sense for a single layer."""
    if isinstance(layer, TextLayer) and not layer.locked:
        _add(menu, "Edit text", lambda: write(layer.id), "Enter")
    if isinstance(layer, PictureLayer) and layer.recipe is not None:
        _add(menu, "Reroll", _asking(session, lambda: session.reroll(layer.id)))
        _add(menu, "Vary", _asking(session, lambda: session.vary(layer.id)))
    lock = "Unlock" if layer.locked else "Lock"
    _add(menu, lock, lambda: session.toggle_locked(layer.id))
    _add(menu, "Hide" if layer.visible else "Show", lambda: session.toggle_visible(layer.id))
    menu.addSeparator()


def _asking(session: Session, ask: Callable[[], object]) -> Callable[[], None]:
    """Return a call that tells the user why an engine cannot be asked."""

    def call() -> None:
        try:
            ask()
        except BadRequest as problem:
            session.noticed.emit(f"Cannot do that: {problem.reason}.")

    return call


def _ordering(verbs: Verbs, order: Order) -> Callable[[], None]:
    return lambda: verbs.order(order)


def _add(menu: QMenu, text: str, call: Callable[[], object], keys: str = "") -> QAction:
    action = menu.addAction(text)
    action.triggered.connect(lambda checked=False: call())
    if keys:
        action.setShortcut(QKeySequence(keys))
    return action
