"""One thing that the user can do, and what it is done with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from desktop.session import Session


class Desk(Protocol):
    """What an action works on: the session, and the window's own questions and views."""

    session: Session

    def ask_new(self, use: str) -> None: ...

    def ask_open(self) -> None: ...

    def ask_save(self, *, anew: bool) -> None: ...

    def ask_export(self) -> None: ...

    def ask_picture(self) -> None: ...

    def ask_score(self) -> None: ...

    def play_or_pause(self) -> None: ...

    def fit_page(self) -> None: ...

    def show_panel(self, name: str) -> None: ...

    def focus_brief(self) -> None: ...

    def make(self) -> None: ...

    def show_memory(self) -> None: ...

    def show_models(self) -> None: ...

    def toggle_score(self) -> None: ...

    def work_on_music(self, verb: str) -> None: ...

    def ask_music_file(self, *, stems: bool) -> None: ...

    def ask_end_engines(self) -> None: ...

    def show_commands(self) -> None: ...

    def show_about(self) -> None: ...

    def close(self) -> bool: ...


def always(session: Session) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do; `shortcut` is in Qt's portable notation, several parted by commas."""

    id: str
    text: str
    menu: str
    does: Callable[[Desk], object]
    shortcut: str = ""
    icon: str = ""
    can: Callable[[Session], bool] = always
    words: Callable[[Session], str] | None = None
