"""What can be done with the chosen picture of the history: buttons, and the menu's rest."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.gallery import Kept
from desktop.panels.controls import button, row, tool
from desktop.panels.kept_pictures import cut_out, enlarged, put_on_page, varied
from desktop.panels.results import Results
from desktop.session import Session
from engines.api import Kind, Request

SEVERAL = 4
"""So many variations to choose from."""

WITH_SETTINGS = (Kind.IMAGE, Kind.GRID, Kind.BACKGROUND)


class Deeds(QWidget):
    """Puts it on the page, makes others of it, saves it."""

    settings_wanted = Signal(object)  # Kept
    save_wanted = Signal(object)  # Kept

    def __init__(
        self, session: Session, results: Results, ask: Callable[[Callable[[], Request]], None]
    ) -> None:
        """Take what asks for the request that a function makes."""
        super().__init__()
        self._session = session
        self._results = results
        self._ask = ask
        self.place = button("Put on canvas", "", "image")
        self.ground = tool("mountain", "As background: fill the page, below all")
        self.again = tool("sliders-horizontal", "Use these settings")
        self.vary = tool("shuffle", "Vary: paint one like it")
        self.several = tool("grid-3x3", "Four variations to choose from")
        self.save = tool("download", "Save as a file, with how it was made")
        self._buttons = (
            self.place, self.ground, self.again, self.vary, self.several, self.save
        )  # fmt: skip
        line = row(*self._buttons, spacing=4)
        line.setStretch(0, 1)
        self.setLayout(line)
        for signals, does in (
            ((self.place.clicked, results.use_wanted), self._put),
            ((self.ground.clicked,), self._fill),
            ((self.again.clicked, results.settings_wanted), self.settings_wanted.emit),
            ((self.vary.clicked, results.vary_wanted), self._on_vary),
            ((self.several.clicked, results.several_wanted), self._on_several),
            ((self.save.clicked, results.save_wanted), self.save_wanted.emit),
            ((results.cutout_wanted,), self._on_cut_out),
        ):
            for signal in signals:
                signal.connect(lambda *_, does=does: self._with_chosen(does))
        results.enlarge_wanted.connect(self._on_enlarge)

    def show_kept(self, kept: Kept | None) -> None:
        """Offer what can be done with a picture."""
        for deed in self._buttons:
            deed.setEnabled(kept is not None)
        if kept is not None:
            for deed in (self.vary, self.several):
                deed.setEnabled(kept.recipe.kind == Kind.IMAGE)
            self.again.setEnabled(kept.recipe.kind in WITH_SETTINGS)

    def _with_chosen(self, does: Callable[[Kept], object]) -> None:
        kept = self._results.current
        if kept is not None:
            does(kept)

    def _put(self, kept: Kept) -> None:
        fill = kept.recipe.kind == Kind.BACKGROUND
        self._session.attempt(lambda: put_on_page(self._session, kept, fill_page=fill))

    def _fill(self, kept: Kept) -> None:
        self._session.attempt(lambda: put_on_page(self._session, kept, fill_page=True))

    def _on_vary(self, kept: Kept) -> None:
        """Paint a picture near the chosen one: the same words, starting from its pixels."""
        self._ask(lambda: varied(self._session, kept))

    def _on_several(self, kept: Kept) -> None:
        self._ask(lambda: varied(self._session, kept, SEVERAL))

    def _on_cut_out(self, kept: Kept) -> None:
        self._ask(lambda: cut_out(self._session, kept))

    def _on_enlarge(self, factor: int, model: str) -> None:
        self._with_chosen(
            lambda kept: self._ask(lambda: enlarged(self._session, kept, factor, model))
        )
