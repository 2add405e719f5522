"""How long music is to be: as the scene, hitting its cuts, or so many seconds or bars."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.document.model import CutFit, DocumentKind
from desktop.panels.controls import Count, Number, Segments, field
from desktop.panels.cuts import CutsField
from desktop.session import Session

TIMED = ("compose", "continue", "fit")
"""What a length can be asked for."""


class MusicLength(QWidget):
    """Seconds, bars, or the scene."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._verb = "compose"
        self.unit = Segments(
            (("scene", "As the scene", ""), ("seconds", "Seconds", ""), ("bars", "Bars", ""))
        )
        self.seconds = Number(1, 600, 20, digits=1, suffix=" s")
        self.bars = Count(1, 512, 16, suffix=" bars")
        self.cuts = CutsField(session)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        for widget in (field("Length", self.unit), self.seconds, self.bars, self.cuts):
            layout.addWidget(widget)
        self.unit.show_value("seconds")
        self.unit.offer("scene", False)
        self.unit.chosen.connect(lambda _: self.show_verb(self._verb))
        self.cuts.changed.connect(self._on_cuts)

    @property
    def for_scene(self) -> bool:
        """Whether the music shall follow the scene."""
        return self.unit.value == "scene" and self._verb in ("compose", "fit")

    @property
    def follows(self) -> CutFit | None:
        """What of the scene the music will follow, with its times as they are now."""
        return self._session.scene_fit(self.cuts.wish)[0] if self.for_scene else None

    def show_verb(self, verb: str) -> None:
        """Show what counts for something to do."""
        self._verb = verb
        document = self._session.document
        is_scene = document.kind is DocumentKind.SCENE and document.duration_s > 0
        self.setVisible(verb in TIMED)
        self.unit.offer("scene", is_scene and verb != "continue")
        self.unit.offer("bars", verb != "fit")
        self.seconds.setVisible(self.unit.value == "seconds")
        self.bars.setVisible(self.unit.value == "bars")
        self.cuts.setVisible(self.for_scene)
        self.cuts.refresh()

    def values(self) -> dict[str, Any]:
        """Return the fields of a request."""
        if self._verb not in TIMED:
            return {}
        follows = self.follows
        if follows is not None:
            return {"seconds": follows.seconds, "hits": follows.hits_s}
        if self.unit.value == "bars":
            return {"bars": self.bars.value()}
        return {"seconds": self.seconds.value()}

    def _on_cuts(self) -> None:
        """Let music that follows the scene know whether it does so by itself from now on.

        Other cuts are hit once it is fitted to them, at a press of the button.
        """
        music, wish = self._session.document.music, self.cuts.wish
        if music is not None and music.follows is not None:
            self._session.follow_cuts(replace(music.follows, automatic=wish.automatic))
