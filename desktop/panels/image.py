"""The picture panel: paint with the model, or draw a background, and use any picture made here."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.document.picture_metadata import PictureSettings
from desktop.gallery import Kept
from desktop.jobs import Job
from desktop.panels.controls import Foldout, SeedField, Segments, button, field, row, tool
from desktop.panels.form import Form, stop_or
from desktop.panels.kept_pictures import put_on_page, read_picture, varied
from desktop.panels.painting import PaintingFields
from desktop.panels.previews import PictureBox, pixmap_of, pixmap_of_png
from desktop.panels.results import Results
from desktop.picture_recipes import likeness, settings_of
from desktop.recipes import request_of
from desktop.remembering import Found
from desktop.session import Session
from engines.api import (
    BackgroundRequest,
    BadRequest,
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
VARY_STRENGTH = 0.45


class ImagePanel(Form):
    """Pictures."""

    KIND = Kind.IMAGE
    VERB = "Paint"

    save_wanted = Signal(object)  # Kept

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
        self._prompt = QPlainTextEdit()
        self._prompt.setFixedHeight(88)
        self._prompt.setTabChangesFocus(True)
        self.painting = PaintingFields(self.model)
        self._painting = Foldout("Options", self.painting)
        self.seed = SeedField()
        self._go = button(self.VERB, "primary", "brush")
        self._go.clicked.connect(lambda: self.start(self.request, self.on_result))
        self._more = tool("list-plus", "Ask for this as well, behind what runs")
        self._more.clicked.connect(lambda: self.add(self.request, self.on_result))
        self._preview = PictureBox(EMPTY_WORDS["model"], PREVIEW_PX)
        self._results = Results(session)
        self._results.chosen.connect(self._on_look)
        self._results.use_wanted.connect(self._on_place)
        self._results.settings_wanted.connect(self._on_settings)
        self._results.vary_wanted.connect(self._on_vary)
        self._results.save_wanted.connect(self._on_save)
        self._lay_out()
        self._on_way("model")
        self._on_look()

    def _lay_out(self) -> None:
        self._asking = QWidget()
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(12)
        asking.addWidget(field("What should be seen?", self._prompt))
        asking.addWidget(self._painting)
        asking.addWidget(field("Seed", self.seed))
        going = row(self._go, self._more)
        going.setStretch(0, 1)
        asking.addLayout(going)
        self._place = button("Put on canvas", "", "image")
        self._place.clicked.connect(self._on_place)
        self._ground = tool("mountain", "As background: fill the page, below all")
        self._ground.clicked.connect(self._on_ground)
        self._again = tool("sliders-horizontal", "Use these settings")
        self._again.clicked.connect(self._on_settings)
        self._vary = tool("shuffle", "Vary: paint one like it")
        self._vary.clicked.connect(self._on_vary)
        self._save = tool("download", "Save as a file, with how it was made")
        self._save.clicked.connect(self._on_save)
        self._deeds = (self._place, self._ground, self._again, self._vary, self._save)
        self.column.addWidget(self._way)
        self.column.addWidget(self._asking)
        self.column.addSpacing(4)
        self.column.addWidget(self._preview)
        line = row(*self._deeds, spacing=4)
        line.setStretch(0, 1)
        self.column.addLayout(line)
        self.column.addWidget(self._results, 1)

    def show_models(self, specs: tuple[ModelSpec, ...]) -> None:
        super().show_models(specs)
        self._specs = specs
        self.painting.show_models(specs)

    def request(self) -> ImageRequest | BackgroundRequest:
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
        found = likeness(settings, self._specs, self._read)
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
        self._show_png(result.pictures[0].png)

    def show_running(self, job: Job | None) -> None:
        verb = "Draw" if self._way.value == "background" else self.VERB
        stop_or(self._go, verb, job)
        self._more.setVisible(job is not None)

    def _on_way(self, way: str) -> None:
        self._asking.setVisible(way != "history")
        self._results.show_whole(way == "history")
        self._painting.setVisible(way == "model")
        self._prompt.setPlaceholderText(
            "Mountains at dusk, mist in the valleys…"
            if way == "background"
            else "A lighthouse on a rock, heavy sea, evening light…"
        )
        if self._results.current is None:
            self._preview.show_words(EMPTY_WORDS[way])
        if not self.running:
            self.show_running(None)

    def _on_look(self) -> None:
        kept = self._results.current
        for deed in self._deeds:
            deed.setEnabled(kept is not None)
        if kept is None:
            if not self.running:
                self._preview.show_words(EMPTY_WORDS[self._way.value])
            return
        self._vary.setEnabled(kept.recipe.kind == Kind.IMAGE)
        self._again.setEnabled(kept.recipe.kind in (Kind.IMAGE, Kind.BACKGROUND))
        self._preview.show_picture(self._results.model.thumbnail(self._results.view.rows[0]))

        def sharper(png: bytes) -> None:
            if kept == self._results.current:
                self._show_png(png)

        self.session.load_kept(kept, sharper)

    def _show_png(self, png: bytes) -> None:
        side_px = round(2 * PREVIEW_PX * self.devicePixelRatioF())
        self._preview.show_picture(pixmap_of_png(png, side_px))

    def _on_place(self) -> None:
        kept = self._results.current
        if kept is not None:
            self._put(kept, kept.recipe.kind == Kind.BACKGROUND)

    def _on_ground(self) -> None:
        kept = self._results.current
        if kept is not None:
            self._put(kept, True)

    def _on_settings(self) -> None:
        kept = self._results.current
        if kept is None:
            return
        try:
            request = request_of(kept.recipe, self._read)
        except BadRequest:  # what it was started from is gone: the rest can be had
            self.take(settings_of(kept.recipe))
            return
        fields = {x.name: getattr(request, x.name) for x in dataclasses.fields(request)}
        self._take(kept.recipe.kind, fields | {"model": kept.recipe.model})

    def _on_vary(self) -> None:
        """Paint a picture near the chosen one: the same words, starting from its pixels."""
        kept = self._results.current
        if kept is not None:
            self.add(lambda: varied(self.session, kept), self.on_result)

    def _on_save(self) -> None:
        kept = self._results.current
        if kept is not None:
            self.save_wanted.emit(kept)

    def _put(self, kept: Kept, fill_page: bool) -> None:
        session = self.session
        session.attempt(lambda: put_on_page(session, kept, fill_page=fill_page))

    def _read(self, sha256: str) -> bytes:
        return read_picture(self.session, sha256)
