"""Which cuts of the scene the music should hit."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.document.cuts import cut_times
from desktop.document.model import CutFit
from desktop.panels.controls import FlowBox, button, label
from desktop.session import Session


class CutsField(QWidget):
    """Hit the cuts or not, which of them, and whether the music follows when they move."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._skipped: frozenset[str] = frozenset()
        self._cuts: tuple[tuple[str, float], ...] = ()
        self.own_s: tuple[float, ...] = ()
        self.hits = QCheckBox("Hit the cuts")
        self.hits.setToolTip("All parts strike at the moments where the shots change")
        self.follows = QCheckBox("Follow them when they move")
        self.follows.setChecked(True)
        self.follows.setToolTip("Fit the music again by itself; else you are asked")
        self._chips = FlowBox()
        self._about = label("", "muted")
        self._about.setWordWrap(True)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.hits, self._chips, self._about, self.follows):
            layout.addWidget(widget)
        self.hits.clicked.connect(self._on_change)
        self.follows.clicked.connect(self._on_change)
        self.refresh()

    @property
    def wish(self) -> CutFit:
        """What of the scene the music should follow, its times not yet found."""
        return CutFit(
            seconds=0.0,
            hits_cuts=self.hits.isChecked(),
            skipped=tuple(shot for shot, _ in self._cuts if shot in self._skipped),
            own_s=self.own_s,
            automatic=self.follows.isChecked(),
        )

    def show_fit(self, fit: CutFit | None) -> None:
        """Show what the music follows now."""
        if fit is not None:
            self.hits.setChecked(fit.hits_cuts)
            self.follows.setChecked(fit.automatic)
            self._skipped = frozenset(fit.skipped)
        self.refresh()

    def refresh(self) -> None:
        """Show the scene's cuts as they are now."""
        cuts = cut_times(self._session.document)
        if cuts != self._cuts:
            self._cuts = cuts
            old, self._chips = self._chips, FlowBox()
            for shot, time_s in cuts:
                chip = button(f"{time_s:.1f} s", "chip", "", "Hit this cut")
                chip.setCheckable(True)
                chip.clicked.connect(lambda on, shot=shot: self._on_chip(shot, on))
                chip.setProperty("shot", shot)
                self._chips.add(chip)
            self._column.replaceWidget(old, self._chips)
            old.deleteLater()
        for known in self._chips.buttons:
            known.setChecked(known.property("shot") not in self._skipped)
        self._chips.setVisible(self.hits.isChecked() and bool(cuts))
        self._tell()

    def _tell(self) -> None:
        """Say what cannot be hit."""
        words = ""
        if self.hits.isChecked():
            _, left_out = self._session.scene_fit(self.wish)
            if not self._cuts:
                words = "The scene has no cut yet."
            elif left_out:
                words = f"{left_out} cut{'s' * (left_out != 1)} too near to another or to an end."
        self._about.setText(words)
        self._about.setVisible(bool(words))

    def _on_chip(self, shot: str, on: bool) -> None:
        self._skipped = self._skipped - {shot} if on else self._skipped | {shot}
        self._on_change()

    def _on_change(self) -> None:
        self.refresh()
        self.changed.emit()
