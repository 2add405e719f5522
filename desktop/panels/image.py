"""The picture panel: paint with the model, or draw a background, and use any picture made here."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from desktop.document.picture_metadata import PictureSettings
from desktop.gallery import Kept
from desktop.jobs import Job
from desktop.panels.controls import SeedField, Segments, button, field, label, row, tool
from desktop.panels.deeds import Deeds
from desktop.panels.form import Form, stop_or
from desktop.panels.notices import Notices
from desktop.panels.painting import PaintingFields
from desktop.panels.painting.prompt import SYNTAX, PromptEdit
from desktop.panels.painting.sources import Sources
from desktop.panels.previews import PictureBox, pixmap_of, pixmap_of_png
from desktop.panels.results import Results
from desktop.picture_recipes import likeness, settings_of
from desktop.recipes import request_of
from desktop.remembering import Found
from desktop.session import Session
from engines.api import (
    BackgroundRequest,
    BadRequest,
    GridRequest,
    ImageRequest,
    ImageResult,
    Kind,
    ModelSpec,
    Pixels,
    Preview,
    Request,
)

EMPTY_WORDS = {
    "model": "Your picture appears here while it is painted",
    "background": "Skylines, mountains, waves, forests: drawn at once, at any size",
    "history": "Every picture made here stays, with how it was made",
}
PREVIEW_PX = 212


class ImagePanel(Form):
    """Pictures."""

    KIND = Kind.IMAGE
    VERB = "Paint"

    save_wanted = Signal(object)  # Kept
    models_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.setAcceptDrops(True)
        self._specs: tuple[ModelSpec, ...] = ()
        self._way = Segments(
            (
                ("model", "Painting", ""),
                ("background", "Background", ""),
                ("history", "History", ""),
            )
        )
        self._way.chosen.connect(self._on_way)
        self._prompt = PromptEdit(88)
        self._prompt.setAccessibleName("What should be seen?")
        self._prompt.setToolTip(SYNTAX)
        self._results = Results(session)
        self.painting = PaintingFields(
            self.model, Sources(session, self, lambda: self._results.current)
        )
        self.painting.changed.connect(self._on_fields)
        self.painting.word_wanted.connect(self._prompt.add_word)
        self.painting.models_wanted.connect(self.models_wanted)
        self.seed = SeedField()
        self._go = button(self.VERB, "primary", "brush")
        self._go.clicked.connect(lambda: self.start(self.request, self.on_result))
        self._more = tool("list-plus", "Ask for this as well, behind what runs")
        self._more.clicked.connect(lambda: self.add(self.request, self.on_result))
        self._preview = PictureBox(EMPTY_WORDS["model"], PREVIEW_PX)
        self.notices = Notices()
        self._results.chosen.connect(self._on_look)
        self._results.uses = self._uses
        self._results.use_as_wanted.connect(self._on_use)
        self.deeds = Deeds(session, self._results, lambda make: self.add(make, self.on_result))
        self.deeds.settings_wanted.connect(self._on_settings)
        self.deeds.save_wanted.connect(self.save_wanted)
        self._lay_out()
        self._on_way("model")
        self._on_look()

    def _lay_out(self) -> None:
        self._asking = QWidget()
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(12)
        helping = tool("info", SYNTAX, small=True)
        helping.setAccessibleName("What the signs in a prompt mean")
        helping.clicked.connect(lambda: show_tip(helping))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(row(label("What should be seen?", "field"), None, helping))
        words.addWidget(self._prompt)
        asking.addLayout(words)
        asking.addWidget(self.painting)
        asking.addWidget(field("Seed", self.seed))
        going = row(self._go, self._more)
        going.setStretch(0, 1)
        asking.addLayout(going)
        self.column.addWidget(self._way)
        self.column.addWidget(self._asking)
        self.column.addSpacing(4)
        self.column.addWidget(self._preview)
        self.column.addWidget(self.notices)
        self.column.addWidget(self.deeds)
        self.column.addWidget(self._results, 1)

    def show_models(self, specs: tuple[ModelSpec, ...]) -> None:
        super().show_models(specs)
        self._specs = specs
        self.painting.show_models(specs)
        self._results.show_models(specs)

    def request(self) -> ImageRequest | GridRequest | BackgroundRequest:
        """Return what the form asks for.

        Raises:
            BadRequest: there is no prompt.
        """
        prompt, seed = self._prompt.toPlainText(), self.seed.take()
        if self._way.value == "background":
            width_px, height_px = self.session.document.size_px
            return BackgroundRequest(
                prompt=prompt, seed=seed, width_px=width_px, height_px=height_px
            )
        return self.painting.request(prompt, seed)

    def take(self, settings: PictureSettings) -> None:
        """Write how a picture was made into the form, and tell what of it is not here."""
        found = likeness(settings, self._specs, self.session.read_picture)
        self._take(found.kind, found.fields)
        if found.sentence:
            self.session.noticed.emit(found.sentence)

    def _take(self, kind: str, fields: dict[str, Any]) -> None:
        """Write fields of a request into the form."""
        self._way.choose("background" if kind == Kind.BACKGROUND else "model")
        if "prompt" in fields:
            self._prompt.setPlainText(fields["prompt"])
        if "seed" in fields:
            self.seed.keep(fields["seed"])
        if kind != Kind.BACKGROUND:
            self.painting.take(fields)
        self.verticalScrollBar().setValue(0)

    def take_file(self, path: Path) -> None:
        """Take the settings of a picture's file; the user is told if it has none."""

        def then(found: Found) -> None:
            if found.settings is None:
                self.session.noticed.emit(f"{path.name}: {found.why_not}.")
            else:
                self.take(found.settings)

        self.session.look_into(path, then)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.take_file(paths[0])

    def on_preview(self, preview: Preview) -> None:
        if isinstance(preview, Pixels):
            self._preview.show_picture(pixmap_of(preview))

    def on_ended(self, job: Job) -> None:
        self._on_look()

    def on_result(self, request: Request, result: ImageResult) -> None:
        """Show the newest at once; all of them come into the history by themselves."""
        self._show_png((*result.sheets, result.pictures[0].png)[0])
        self.notices.show_all(result.notices)

    def show_running(self, job: Job | None) -> None:
        verb = "Draw" if self._way.value == "background" else self.VERB
        if verb == self.VERB and self.painting.grid.is_asked:
            verb = "Paint the grid"
        stop_or(self._go, verb, job)
        self._more.setVisible(job is not None)

    def _on_way(self, way: str) -> None:
        self._asking.setVisible(way != "history")
        self._results.show_whole(way == "history")
        self.painting.setVisible(way == "model")
        self._prompt.setPlaceholderText(
            "Mountains at dusk, mist in the valleys…"
            if way == "background"
            else "A lighthouse on a rock, heavy sea, evening light…"
        )
        if self._results.current is None:
            self._preview.show_words(EMPTY_WORDS[way])
        if not self.running:
            self.show_running(None)

    def _on_fields(self) -> None:
        if not self.running:
            self.show_running(None)

    def _on_look(self) -> None:
        kept = self._results.current
        self.deeds.show_kept(kept)
        if kept is None:
            if not self.running:
                self._preview.show_words(EMPTY_WORDS[self._way.value])
            return
        self._preview.show_picture(self._results.model.thumbnail(self._results.view.rows[0]))

        def sharper(png: bytes) -> None:
            if kept == self._results.current:
                self._show_png(png)

        self.session.load_kept(kept, sharper)

    def _uses(self) -> tuple[str, ...]:
        """Return what the chosen picture can be used as; only what was drawn has a seed."""
        kept = self._results.current
        made = kept is not None and kept.recipe.kind in (Kind.IMAGE, Kind.BACKGROUND)
        return (*(("seed",) if made else ()), *self.painting.uses)

    def _on_use(self, use: str) -> None:
        """Write the chosen picture, or its seed, into the form."""
        kept = self._results.current
        if kept is None:
            return
        if use == "seed":
            self.seed.keep(kept.recipe.seed)
            if self._way.value == "history":
                self._way.choose("background" if kept.recipe.kind == Kind.BACKGROUND else "model")
            return
        self._way.choose("model")
        self.session.load_kept(kept, lambda png: self.painting.use(use, png, kept.name))

    def _show_png(self, png: bytes) -> None:
        side_px = round(2 * PREVIEW_PX * self.devicePixelRatioF())
        self._preview.show_picture(pixmap_of_png(png, side_px))

    def _on_settings(self, kept: Kept) -> None:
        """Write how a picture of the history was made into the form."""
        try:
            request = request_of(kept.recipe, self.session.read_picture)
        except BadRequest:  # what it was started from is gone: the rest can be had
            self.take(settings_of(kept.recipe))
            return
        self._take(kept.recipe.kind, fields_of(request) | {"model": kept.recipe.model})


def fields_of(request: Request) -> dict[str, Any]:
    """Return a request's fields by name; a grid's with those of what it varies."""
    fields = {x.name: getattr(request, x.name) for x in dataclasses.fields(request)}
    return fields | fields_of(fields["base"]) if "base" in fields else fields


def show_tip(widget: QWidget) -> None:
    """Show a widget's tool tip at once."""
    QToolTip.showText(widget.mapToGlobal(widget.rect().bottomLeft()), widget.toolTip(), widget)
