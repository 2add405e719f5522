"""How long music is to be: as the scene, hitting its cuts, or so many seconds or bars."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop.document.model import CutFit, DocumentKind
from desktop.document.moments import read_moments, written_moments
from desktop.panels.controls import Count, Number, Segments, field, label
from desktop.panels.cuts import CutsField
from desktop.session import Session
from engines.api import BadRequest
from engines.api.requests import MOST_HITS, SHORTEST_GAP_S

TIMED = ("compose", "continue", "fit")
"""What a length can be asked for."""

WITH_HITS = ("compose", "fit")
"""What can be made to hit moments: work that times the whole score."""


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
        self.seconds.setAccessibleName("Length in seconds")
        self.bars.setAccessibleName("Length in bars")
        self.cuts = CutsField(session)
        self.hits = QLineEdit()
        self.hits.setPlaceholderText("3.5, 8, 1:12.25")
        self.hits.setToolTip(
            "All parts strike at these moments: seconds, or minutes and seconds. "
            "The length goes before them, and they before tempo and meter"
        )
        self._hits_field = field("Hit points", self.hits)
        self._wrong = label("", "muted")
        self._wrong.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        for widget in (
            field("Length", self.unit), self.seconds, self.bars, self.cuts, self._hits_field,
            self._wrong,
        ):  # fmt: skip
            layout.addWidget(widget)
        self.unit.show_value("seconds")
        self.unit.offer("scene", False)
        self.unit.chosen.connect(lambda _: self.show_verb(self._verb))
        self.cuts.changed.connect(self._on_cuts)
        self.hits.textChanged.connect(lambda _: self._on_hits())
        self.seconds.valueChanged.connect(lambda _: self._on_hits())
        self.bars.valueChanged.connect(lambda _: self._on_hits())

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
        self._hits_field.setVisible(verb in WITH_HITS)
        self._on_hits()

    def values(self) -> dict[str, Any]:
        """Return the fields of a request."""
        if self._verb not in TIMED:
            return {}
        hits = self._own_hits()
        follows = self.follows
        if follows is not None:
            return {"seconds": follows.seconds, "hits": follows.hits_s}
        if self.unit.value == "bars":
            return {"bars": self.bars.value(), "hits": hits}
        return {"seconds": self.seconds.value(), "hits": hits}

    def show_fit(self, fit: CutFit) -> None:
        """Show what the music follows now."""
        self.hits.setText(written_moments(fit.own_s))
        self.cuts.show_fit(fit)

    def _own_hits(self) -> tuple[float, ...]:
        """Return the moments that are typed.

        Raises:
            BadRequest: one cannot be read, or has no room.
        """
        if self._verb not in WITH_HITS:
            return ()
        try:
            hits = read_moments(self.hits.text())
        except ValueError as problem:
            raise BadRequest(f"the hit point {problem}") from None
        self._check(hits)
        return hits

    def _check(self, hits: tuple[float, ...]) -> None:
        """Refuse moments without room, in words that name the first."""
        if len(hits) > MOST_HITS:
            raise BadRequest(f"{len(hits)} hit points are more than {MOST_HITS}")
        length_s = {
            "scene": self._session.document.duration_s, "seconds": self.seconds.value(),
        }.get(self.unit.value, math.inf)  # fmt: skip
        if self.unit.value == "bars" and len(hits) > self.bars.value():
            raise BadRequest(f"{len(hits)} hit points do not fit {self.bars.value()} bars")
        for one, other in pairwise((0.0, *hits)):
            if other - one < SHORTEST_GAP_S:
                near = f"the one at {one:g} s" if one else "the beginning"
                raise BadRequest(f"the hit point at {other:g} s is too near to {near}")
        if hits and hits[-1] > length_s - SHORTEST_GAP_S:
            raise BadRequest(
                f"the hit point at {hits[-1]:g} s is not within the {length_s:g} s of the music"
            )

    def _on_hits(self) -> None:
        """Say what is wrong with what is typed, and let the cuts make room for the rest."""
        words = ""
        try:
            self.cuts.own_s = self._own_hits()
        except BadRequest as problem:
            self.cuts.own_s = ()
            words = f"{str(problem)[:1].upper()}{str(problem)[1:]}."
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self.cuts.refresh()

    def _on_cuts(self) -> None:
        """Let music that follows the scene know whether it does so by itself from now on.

        Other cuts are hit once it is fitted to them, at a press of the button.
        """
        music, wish = self._session.document.music, self.cuts.wish
        if music is not None and music.follows is not None:
            self._session.follow_cuts(replace(music.follows, automatic=wish.automatic))
