"""Choosing a model, and seeing beforehand whether it fits the device."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop.jobs import Lane
from desktop.messages import fit_text
from desktop.panels.controls import Choice, ElidedLabel
from desktop.session import Session
from engines.api import EngineError, Fit, FitRequest, Kind, ModelSpec, Run

BEST = "Best of the library"
MOST_ASKED = 24
"""A library may hold thousands: the others are asked for when they are chosen."""


class Fits(QObject):
    """Whether models fit; what is not known is asked of the engines, beside all jobs."""

    changed = Signal(str)  # model id

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._known: dict[str, Fit] = {}
        self._asked: set[str] = set()
        session.memory_configured.connect(self._known.clear)

    def get(self, model: str) -> Fit | None:
        return self._known.get(model)

    def ask(self, models: Iterable[str]) -> None:
        """Ask for those that are neither known nor asked for."""
        for model in models:
            if model and model not in self._known and model not in self._asked:
                self._asked.add(model)
                self._ask(model)

    def _ask(self, model: str) -> None:
        host = self._session.host

        def work(run: Run) -> Fit | None:
            try:
                fit: Fit = host.run(FitRequest(model=model), run)
            except EngineError:
                return None  # the model's own job will tell what is wrong with it
            return fit

        def then(fit: Fit | None) -> None:
            self._asked.discard(model)
            if fit is not None and isValid(self):  # a dialog may be closed before the answer
                self._known[model] = fit
                self.changed.emit(model)

        self._session.jobs.submit(
            f"Looking whether {model} fits", work, then, Lane.QUESTION, kind="fit", quiet=True
        )


class ModelChoice(QWidget):
    """A list of models of one kind; below it stands whether the chosen one fits.

    The engines are asked when it is first seen: a card is not woken before.
    """

    changed = Signal()

    def __init__(self, session: Session, kind: Kind) -> None:
        super().__init__()
        self._session = session
        self._kind = kind
        self._fits = Fits(session, self)
        self._fits.changed.connect(self._on_known)
        session.memory_configured.connect(self._on_configured)
        self._choice = Choice((("", BEST),))
        self._choice.currentIndexChanged.connect(self._on_chosen)
        self._note = ElidedLabel("", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._choice)
        layout.addWidget(self._note)
        self.setFocusProxy(self._choice)
        self._refresh()

    @property
    def value(self) -> str:
        """The chosen model's id; empty for the library's own choice."""
        return self._choice.value

    @property
    def chosen(self) -> str:
        """The chosen model's id, also where the library chooses; empty if that is not known."""
        return self._model_at(self._choice.currentIndex())

    @property
    def note(self) -> str:
        """What stands below: whether the chosen model fits."""
        return self._note.text()

    def set(self, model: str) -> None:
        self._choice.set(model)

    def show_models(self, specs: Iterable[ModelSpec]) -> None:
        """Offer the library's models of this kind."""
        mine = [
            (spec.id, spec.name or spec.id)
            for spec in specs
            if spec.kind is self._kind and spec.is_choice
        ]
        self._choice.refill([("", BEST), *mine])
        self._refresh()
        if self.isVisible():
            self._fits.ask(self._models())

    def setAccessibleName(self, name: str) -> None:
        self._choice.setAccessibleName(name)

    def showEvent(self, event: QShowEvent) -> None:
        self._fits.ask(self._models())

    def _models(self) -> list[str]:
        """Return the ids to ask for: the library's own choice, the first ones, the chosen one."""
        first = [self._model_at(i) for i in range(min(self._choice.count(), MOST_ASKED))]
        return [*first, self._model_at(self._choice.currentIndex())]

    def _model_at(self, index: int) -> str:
        value = str(self._choice.itemData(index) or "")
        return value or self._session.default_model(self._kind)

    def _on_chosen(self) -> None:
        self._refresh()
        self.changed.emit()
        if self.isVisible():
            self._fits.ask(self._models())

    def _on_known(self, model: str) -> None:
        self._refresh()

    def _on_configured(self) -> None:
        self._refresh()
        if self.isVisible():
            self._fits.ask(self._models())

    def _refresh(self, *_: object) -> None:
        """Write what is known beside every model and below the chosen one."""
        for index in range(self._choice.count()):
            fit = self._fits.get(self._model_at(index))
            words = fit_text(fit) if fit is not None else None
            self._choice.setItemData(index, words, Qt.ItemDataRole.ToolTipRole)
        chosen = self._fits.get(self._model_at(self._choice.currentIndex()))
        self._note.setText(fit_text(chosen).capitalize() if chosen is not None else "")
        self._note.setVisible(chosen is not None)
