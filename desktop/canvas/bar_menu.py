"""What can be done with bars of the score: a menu at a bar's number."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from desktop.document.passages import Passage
from desktop.session import Session


def build_bar_menu(
    parent: QWidget, session: Session, bar: int, *, part: int, part_name: str
) -> QMenu:
    """Return the menu of a bar; if it is one of those that are marked, it is about all of them."""
    passage = Passage(first=bar, last=bar)
    marked = session.passage
    if marked is not None and marked.first <= bar <= marked.last:
        passage = Passage(first=marked.first, last=marked.last)
    one = passage.first == passage.last
    this, these = ("this bar", "the bar") if one else (str(passage), str(passage))
    menu = QMenu(parent)
    _add(menu, f"Write {this} again", session, lambda: session.write_again(passage))
    if part_name:
        mine = Passage(first=passage.first, last=passage.last, parts=(part,))
        _add(
            menu,
            f"Write {this} again, only {part_name}",
            session,
            lambda: session.write_again(mine),
        )
    menu.addSeparator()
    music = session.document.music
    locked = frozenset(music.locked_bars) if music is not None else frozenset()
    bars = frozenset(range(passage.first, passage.last + 1))
    verb = "Unlock" if bars <= locked else "Lock"
    _add(menu, f"{verb} {these}", session, lambda: session.toggle_bar_lock(passage))
    if marked is not None:
        _add(menu, "Mark no bars", session, lambda: session.mark_passage(None))
    else:
        _add(menu, f"Mark {this}", session, lambda: session.mark_passage(passage))
    return menu


def _add(menu: QMenu, text: str, session: Session, call: Callable[[], object]) -> None:
    menu.addAction(text).triggered.connect(lambda _=False: session.attempt(call))
