"""The picture panel: paint with the model, or draw a background, and choose among results."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.document.model import PictureLayer
from desktop.jobs import Job
from desktop.panels.controls import (
    Amount,
    Choice,
    Count,
    Foldout,
    SeedField,
    Segments,
    button,
    field,
    pair,
    row,
)
from desktop.panels.form import Form, stop_or
from desktop.panels.previews import PictureBox, pixmap_of, pixmap_of_png
from desktop.panels.results import Made, Results
from desktop.recipes import recipe_of
from desktop.session import Session
from engines.api import BackgroundRequest, ImageRequest, ImageResult, Kind, Pixels, Preview, Request

SIZES = (
    ("0x0", "The model's own size"),
    ("128x128", "Square, 128 px"),
    ("256x256", "Square, 256 px"),
    ("512x512", "Square, 512 px"),
    ("512x768", "Upright, 512 x 768 px"),
    ("768x512", "Wide, 768 x 512 px"),
    ("1024x1024", "Square, 1024 px"),
)
ENLARGE = (("1", "As painted"), ("2", "2 times"), ("4", "4 times"), ("8", "8 times"))

EMPTY_WORDS = {
    "model": "Your picture appears here while it is painted",
    "background": "Skylines, mountains, waves, forests: drawn at once, at any size",
}
PREVIEW_PX = 212


class ImagePanel(Form):
    """Pictures."""

    KIND = Kind.IMAGE
    VERB = "Paint"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._way = Segments(
            (("model", "Painting", "brush"), ("background", "Background", "mountain"))
        )
        self._way.chosen.connect(self._on_way)
        self._prompt = QPlainTextEdit()
        self._prompt.setFixedHeight(88)
        self._prompt.setTabChangesFocus(True)
        self._go = button(self.VERB, "primary", "brush")
        self._go.clicked.connect(self._on_go)
        self._preview = PictureBox(EMPTY_WORDS["model"], PREVIEW_PX)
        self._results = Results(session)
        self._results.currentItemChanged.connect(self._on_look)
        self._results.itemDoubleClicked.connect(self._on_place)
        self._place = button("Put on canvas", "", "image")
        self._place.clicked.connect(self._on_place)
        self._ground = button("As background", "", "mountain", "Fill the page, below all")
        self._ground.clicked.connect(self._on_ground)
        self._lay_out()
        self._on_way("model")
        self._on_look()

    def _lay_out(self) -> None:
        self.column.addWidget(self._way)
        self.column.addWidget(field("What should be seen?", self._prompt))
        self._painting = self._painting_options()
        self.column.addWidget(self._painting)
        self.seed = SeedField()
        self.column.addWidget(field("Seed", self.seed))
        self.column.addWidget(self._go)
        self.column.addSpacing(4)
        self.column.addWidget(self._preview)
        line = QWidget()
        line.setLayout(row(self._place, self._ground, None))
        self.column.addWidget(line)
        self.column.addWidget(self._results, 1)
        self.column.addStretch(0)

    def _painting_options(self) -> Foldout:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._negative = QPlainTextEdit()
        self._negative.setFixedHeight(56)
        self._negative.setTabChangesFocus(True)
        self._negative.setPlaceholderText("people, writing…")
        self._size = Choice(SIZES)
        self._enlarge = Choice(ENLARGE)
        self._enlarge.set("4")
        self._steps = Count(0, 200, 0, auto="Model's own")
        self._guidance = Amount(0.0, 15.0, 0.0, step=0.5, digits=1)
        self._count = Count(1, 16, 1)
        layout.addWidget(field("Model", self.model))
        layout.addWidget(field("What should not be seen", self._negative))
        layout.addWidget(field("Painted at", self._size))
        layout.addLayout(pair(field("Steps", self._steps), field("How many", self._count)))
        layout.addWidget(field("Guidance (0: the model's own)", self._guidance))
        layout.addWidget(field("Enlarged", self._enlarge))
        return Foldout("Options", inside)

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
        width, _, height = self._size.value.partition("x")
        return ImageRequest(
            prompt=prompt,
            seed=seed,
            model=self.model.value,
            negative=self._negative.toPlainText().strip(),
            width_px=int(width),
            height_px=int(height),
            steps=self._steps.value(),
            guidance=self._guidance.value or -1.0,
            count=self._count.value(),
            upscale=int(self._enlarge.value),
        )

    def on_preview(self, preview: Preview) -> None:
        if isinstance(preview, Pixels):
            self._preview.show_picture(pixmap_of(preview))

    def on_ended(self, job: Job) -> None:
        self._on_look()

    def show_running(self, job: Job | None) -> None:
        verb = "Draw" if self._way.value == "background" else self.VERB
        stop_or(self._go, verb, job)

    def _on_way(self, way: str) -> None:
        background = way == "background"
        self._painting.setVisible(not background)
        self._prompt.setPlaceholderText(
            "Mountains at dusk, mist in the valleys…"
            if background
            else "A lighthouse on a rock, heavy sea, evening light…"
        )
        if not self._results.count():
            self._preview.show_words(EMPTY_WORDS[way])
        self.show_running(None)

    def _on_go(self) -> None:
        self.start(self.request, self._on_result)

    def _on_result(self, request: Request, result: ImageResult) -> None:
        fills_page = isinstance(request, BackgroundRequest)
        name = " ".join(getattr(request, "prompt", "").split())[:40]
        for picture in reversed(result.pictures):
            recipe = recipe_of(request, result.model)
            self._results.add(Made(picture.png, recipe, name or "Picture", fills_page))

    def _on_look(self) -> None:
        made = self._results.current
        self._place.setEnabled(made is not None)
        self._ground.setEnabled(made is not None)
        self._results.setVisible(self._results.count() > 0)
        if made is None:
            self._preview.show_words(EMPTY_WORDS[self._way.value])
            return
        ratio = self.devicePixelRatioF()
        pixmap = pixmap_of_png(made.png, round(2 * PREVIEW_PX * ratio))
        self._preview.show_picture(pixmap)

    def _on_place(self) -> None:
        made = self._results.current
        if made is not None:
            self._put(made, fill_page=made.fills_page)

    def _on_ground(self) -> None:
        made = self._results.current
        if made is not None:
            self._put(made, fill_page=True)

    def _put(self, made: Made, *, fill_page: bool) -> None:
        """Put a picture on the page; if a picture made here fills it already, change that one."""
        layers = self.session.layers
        lowest = layers[0] if layers else None
        page = self.session.document
        if (
            fill_page
            and isinstance(lowest, PictureLayer)
            and lowest.box.width_mm >= page.width_mm
            and lowest.box.height_mm >= page.height_mm
            and not lowest.locked
        ):
            self.session.put_pixels(lowest.id, made.png, recipe=made.recipe)
            return
        self.session.attempt(
            lambda: self.session.place_picture(
                made.png, name=made.name, recipe=made.recipe, fill_page=fill_page
            )
        )
