"""The history in the picture panel: search, stars, tiles, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from desktop.gallery import Kept
from desktop.icons import icon
from desktop.panels.controls import Choice, button, label, row, tool
from desktop.panels.enlarging import add_enlarging, can_cut_out, upscalers_of
from desktop.panels.history_model import HistoryModel
from desktop.panels.history_view import HistoryView
from desktop.session import Session
from desktop.theme import COLORS
from engines.api import ModelSpec

SEARCH_AFTER_MS = 120
REGRET_MS = 8000
"""How long what was taken out can be brought back."""

MOST_STARS = 5
GB = 1_000_000_000
ROOMS_GB = (1, 2, 4, 8, 16, 32, 64)

USES = {
    "seed": ("This seed", "dices"),
    "start": ("Start of the next picture", "brush"),
    "control": ("Control: keep its lines", "frame"),
    "reference": ("Reference: take over its look", "file-image"),
}
"""What of a picture the form can take, by the name that `use_as_wanted` says."""


class StarFilter(QWidget):
    """Five stars; a click asks for at least so many, a second one for all again."""

    changed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.least = 0
        self._stars: list[QToolButton] = []
        for stars in range(1, MOST_STARS + 1):
            tip = f"Only {stars} stars" if stars == MOST_STARS else f"At least {stars} stars"
            star = tool("star", tip, small=True, color=COLORS.faint)
            star.setFixedWidth(22)
            star.clicked.connect(lambda _=False, stars=stars: self._on_click(stars))
            self._stars.append(star)
        self.setLayout(row(*self._stars, spacing=0))

    def _on_click(self, stars: int) -> None:
        self.least = 0 if stars == self.least else stars
        for number, star in enumerate(self._stars, 1):
            full = number <= self.least
            star.setIcon(
                icon("star-full" if full else "star", COLORS.accent if full else COLORS.faint)
            )
        self.changed.emit(self.least)


class Results(QWidget):
    """Every picture made here, newest first."""

    chosen = Signal()
    use_wanted = Signal()
    settings_wanted = Signal()
    vary_wanted = Signal()
    several_wanted = Signal()
    save_wanted = Signal()
    enlarge_wanted = Signal(int, str)  # how many times, and with what
    cutout_wanted = Signal()
    use_as_wanted = Signal(str)  # a name of USES

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._upscalers = upscalers_of(())
        self._can_cut_out = False
        self.uses: Callable[[], tuple[str, ...]] = tuple
        self.model = HistoryModel(session, self)
        self.view = HistoryView(self.model)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search all pictures")
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName("Search all pictures by words")
        self._search.addAction(
            icon("search", COLORS.muted), QLineEdit.ActionPosition.LeadingPosition
        )
        self._stars = StarFilter()
        self._nothing = label("", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMinimumHeight(72)
        self._gone_words = label("", "muted")
        back = button("Bring back", "quiet", "undo-2")
        back.clicked.connect(self._on_bring_back)
        self._gone = QWidget()
        self._gone.setLayout(row(self._gone_words, None, back))
        self._gone.hide()
        self._regret = QTimer(self)
        self._regret.setSingleShot(True)
        self._regret.setInterval(REGRET_MS)
        self._regret.timeout.connect(self._on_regret_over)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._finding = QWidget()
        self._finding.setLayout(row(self._search, self._stars))
        column.addWidget(self._finding)
        column.addWidget(self._gone)
        column.addWidget(self._nothing)
        column.addWidget(self.view, 1)
        column.addWidget(self._room())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_AFTER_MS)
        self._timer.timeout.connect(self._on_search)
        self._search.textChanged.connect(lambda _: self._timer.start())
        self._stars.changed.connect(lambda _: self._on_search())
        self.view.selectionModel().selectionChanged.connect(self._on_selection)
        self.view.rated.connect(self.rate)
        self.view.removal_wanted.connect(self.remove)
        self.view.use_wanted.connect(self.use_wanted)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._on_menu)
        for signal in (self.model.modelReset, self.model.rowsInserted, self.model.rowsRemoved):
            signal.connect(self._show_count)
        session.remembered.connect(self._on_remembered)
        self._show_count()

    @property
    def current(self) -> Kept | None:
        """The chosen picture; of several the first."""
        rows = self.view.rows
        return self.model.kept(rows[0]) if rows else None

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's upscalers, and cutting out if it can."""
        self._upscalers = upscalers_of(specs)
        self._can_cut_out = can_cut_out(specs)

    def count(self) -> int:
        return self.model.rowCount()

    def choose(self, number: int) -> None:
        """Choose the picture that stands at a place."""
        # Said outright: the view itself would add to what is chosen while a key is held.
        chosen = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.view.selectionModel().setCurrentIndex(self.model.index(number), chosen)

    def rate(self, stars: int) -> None:
        """Give the chosen pictures stars."""
        for number in self.view.rows:
            self.model.rate(number, stars)

    def remove(self) -> None:
        """Take the chosen pictures out of the history; for a while they can be brought back."""
        rows = self.view.rows
        if not rows:
            return
        self.model.forget_hidden()
        self.model.hide(rows)
        what = "1 picture" if len(rows) == 1 else f"{len(rows)} pictures"
        self._gone_words.setText(f"{what} taken out")
        self._gone.show()
        self._regret.start()
        if self.count():
            self.choose(min(rows[0], self.count() - 1))

    def _on_bring_back(self) -> None:
        self._regret.stop()
        self._gone.hide()
        self.model.bring_back()

    def _on_regret_over(self) -> None:
        self._gone.hide()
        self.model.forget_hidden()

    def showEvent(self, event: QShowEvent) -> None:
        self._session.open_history()

    def show_whole(self, whole: bool) -> None:
        """Show search, stars and room as well, or the strip alone while nothing is searched."""
        self._room_line.setVisible(whole)
        self._finding.setVisible(whole or self.model.is_filtered)

    def _room(self) -> QWidget:
        """Return the line that says how many pictures there are and how much they may take."""
        self._total = label("", "muted")
        self._most = Choice([(str(gb), f"{gb} GB") for gb in ROOMS_GB])
        self._most.setAccessibleName("The most room the history may take")
        self._most.setToolTip("Beyond this, the oldest with the fewest stars go")
        self._most.setFixedWidth(96)
        self._most.activated.connect(self._on_most)
        self._room_line = QWidget()
        self._room_line.setLayout(row(self._total, None, label("at most", "muted"), self._most))
        self._room_line.hide()
        return self._room_line

    def _on_most(self) -> None:
        self._session.give_history_room(int(self._most.value) * GB)

    def _on_search(self) -> None:
        self.model.search(self._search.text(), self._stars.least)

    def _on_selection(self, now: QItemSelection, before: QItemSelection) -> None:
        self.chosen.emit()

    def _on_remembered(self, pictures: list[int]) -> None:
        """Choose the newest, unless the user is looking for another one."""
        number = self.model.row_of(pictures[-1]) if pictures else -1
        if number >= 0 and not self.model.is_filtered:
            self.choose(number)
            self.view.scrollToTop()

    def _show_count(self, *_: object) -> None:
        found = self.count() > 0
        self.view.setVisible(found)
        self._nothing.setVisible(not found)
        self._nothing.setText(
            "No picture is like that" if self.model.is_filtered else "What you make stays here"
        )
        self._total.setText(f"{self.count():,} picture{'' if self.count() == 1 else 's'}")
        self._most.set(str(round(self._session.history_bytes / GB)))
        self.chosen.emit()

    def _on_menu(self, at: QPoint) -> None:
        """Offer what can be done with the chosen picture."""
        if self.current is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, drawing, wanted in (
            ("Put on canvas", "image", self.use_wanted),
            ("Use these settings", "sliders-horizontal", self.settings_wanted),
            ("Vary", "shuffle", self.vary_wanted),
            ("Four variations", "grid-3x3", self.several_wanted),
            ("Save as…", "download", self.save_wanted),
        ):
            self._add(menu, text, drawing).triggered.connect(lambda _=False, s=wanted: s.emit())
        add_uses(menu, self.uses(), self.use_as_wanted.emit)
        size_px = (self.current.width_px, self.current.height_px)
        add_enlarging(menu, self._upscalers, size_px, self.enlarge_wanted.emit)
        if self._can_cut_out:
            self._add(menu, "Cut out", "scissors").triggered.connect(self.cutout_wanted)
        stars = menu.addMenu(icon("star", COLORS.muted), "Rate")
        for number in range(MOST_STARS, -1, -1):
            words = f"{'★' * number}\t{number}" if number else "None\t0"
            stars.addAction(words).triggered.connect(lambda _=False, n=number: self.rate(n))
        menu.addSeparator()
        self._add(menu, "Take out of the history\tDel", "trash-2").triggered.connect(self.remove)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _add(self, menu: QMenu, text: str, drawing: str) -> QAction:
        return menu.addAction(icon(drawing, COLORS.muted), text)


def add_uses(menu: QMenu, names: Sequence[str], then: Callable[[str], object]) -> None:
    """Offer what of a picture the form can take now."""
    if not names:
        return
    uses = menu.addMenu(icon("sliders-horizontal", COLORS.muted), "Use as")
    for name in names:
        words, drawing = USES[name]
        action = uses.addAction(icon(drawing, COLORS.muted), words)
        action.triggered.connect(lambda _=False, name=name: then(name))
