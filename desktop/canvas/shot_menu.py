"""The timeline's context menu, and what it does to shots and captions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.canvas.timescale import Hit, Part
from desktop.canvas.timing import (
    split,
    with_new_shot,
    with_shot_copied,
    without_caption,
    without_shot,
)
from desktop.session import Session


def build_shot_menu(parent: QWidget, session: Session, hit: Hit) -> QMenu:
    """Return the menu for what lies under the pointer."""
    menu = QMenu(parent)
    if hit.part in (Part.SHOT, Part.SHOT_END):
        _add(menu, "Split at playhead", lambda: split_at_playhead(session), "S")
        _add(
            menu,
            "Duplicate shot",
            lambda: session.edit("Duplicate shot", with_shot_copied(session.document, hit.index)),
        )
        _add(menu, "Delete shot", lambda: remove_picked(session, hit), "Del")
        menu.addSeparator()
    elif hit.part.value.startswith("caption"):
        _add(menu, "Delete caption", lambda: remove_picked(session, hit), "Del")
        menu.addSeparator()
    _add(menu, "Add shot", lambda: add_shot(session))
    return menu


def split_at_playhead(session: Session) -> None:
    """Cut the shot at the present time in two."""
    session.edit("Split shot", split(session.document, session.time_s))


def add_shot(session: Session) -> None:
    """Add an empty shot after the present one and go there."""
    index = session.document.shot_at(session.time_s) + 1
    session.edit("Add shot", with_new_shot(session.document, index))
    session.seek(session.document.shot_start_s(index))


def remove_picked(session: Session, hit: Hit) -> None:
    """Take away the shot or caption that is picked."""
    document = session.document
    if hit.part in (Part.SHOT, Part.SHOT_END) and hit.index < len(document.shots):
        session.edit("Delete shot", without_shot(document, hit.index))
    elif hit.part.value.startswith("caption") and hit.index < len(document.captions):
        caption = document.captions[hit.index]
        session.edit("Delete caption", without_caption(document, caption.id))


def _add(menu: QMenu, text: str, call: Callable[[], None], keys: str = "") -> None:
    action = menu.addAction(text)
    action.triggered.connect(lambda checked=False: call())
    if keys:
        action.setShortcut(QKeySequence(keys))
