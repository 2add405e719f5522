"""The brief bar: one sentence, and what is to be made of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from desktop.document.sizes import page_size_mm
from desktop.icons import icon, pixmap
from desktop.jobs import Job
from desktop.panels.controls import Choice, Number, Segments, button, caption, label
from desktop.session import Session
from desktop.theme import COLORS

POSTER_SIZES = (
    ("A2", "A2 upright"),
    ("A3", "A3 upright"),
    ("A4", "A4 upright"),
    ("A5", "A5 upright"),
    ("A3 landscape", "A3 landscape"),
    ("A4 landscape", "A4 landscape"),
    ("1080x1350px", "Post, 1080 x 1350"),
    ("1080x1080px", "Square, 1080"),
)
FRAME_SIZES = (
    ("1920x1080", "1080p"),
    ("1280x720", "720p"),
    ("1080x1920", "Upright"),
    ("1080x1080", "Square"),
)
POSTER_DPI = 150.0
BAR_FIELD_PX = 44
BAR_ICON_PX = 18


class BriefBar(QWidget):
    """Describe it, choose poster or scene, make it."""

    chosen = Signal(str)  # "poster" or "scene"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._job_id = 0
        self._line = QLineEdit()
        self._line.setObjectName("brief")
        self._line.setPlaceholderText("Describe a poster or a scene…")
        self._line.setAccessibleName("Brief")
        self._line.setMaxLength(2000)
        self._line.setFixedHeight(BAR_FIELD_PX)
        self._line.setTextMargins(BAR_ICON_PX + 8, 0, 0, 0)
        mark = label("")
        mark.setParent(self._line)
        mark.setPixmap(
            pixmap("wand-sparkles", COLORS.accent, BAR_ICON_PX, self.devicePixelRatioF())
        )
        mark.setGeometry(14, (BAR_FIELD_PX - BAR_ICON_PX) // 2, BAR_ICON_PX, BAR_ICON_PX)
        self._line.returnPressed.connect(self.make)
        self._use = Segments(
            (("poster", "Poster", "newspaper"), ("scene", "Scene", "clapperboard"))
        )
        self._use.chosen.connect(self._on_use)
        self._paper = Choice(POSTER_SIZES)
        self._paper.set("A3")
        self._paper.setAccessibleName("Poster size")
        self._paper.setFixedWidth(132)
        self._frame = Choice(FRAME_SIZES)
        self._frame.setAccessibleName("Frame size")
        self._frame.setFixedWidth(98)
        self._seconds = Number(4, 120, 12, digits=0, suffix=" s")
        self._seconds.setAccessibleName("Length of the scene")
        self._seconds.setFixedWidth(76)
        self._go = button("Make", "big", "wand-sparkles")
        self._go.setIconSize(QSize(18, 18))
        self._go.setFixedWidth(124)
        self._go.clicked.connect(self._on_go)
        self._lay_out()
        self._on_use("poster")
        session.jobs.changed.connect(self._on_job)
        session.replaced.connect(self._on_replaced)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        mark = label("")
        mark.setPixmap(pixmap("triptych", COLORS.accent, 26, self.devicePixelRatioF()))
        layout.addWidget(mark)
        layout.addWidget(label("Triptych", "brand"))
        layout.addSpacing(8)
        layout.addWidget(self._line, 1)
        for widget in (self._use, self._paper, self._frame, self._seconds, self._go):
            layout.addWidget(widget)

    @property
    def brief(self) -> str:
        return self._line.text()

    @property
    def use(self) -> str:
        return self._use.value

    def options(self) -> dict[str, Any]:
        """Return the fields of the production's options."""
        if self.use == "poster":
            width_mm, height_mm = page_size_mm(self._paper.value, POSTER_DPI)
            return {"width_mm": width_mm, "height_mm": height_mm, "dpi": POSTER_DPI}
        width, _, height = self._frame.value.partition("x")
        return {
            "seconds": self._seconds.value(),
            "width_px": int(width),
            "height_px": int(height),
        }

    def show_choices(self, *, use: str, paper: str, seconds: float) -> None:
        self._paper.set(paper)
        self._seconds.setValue(seconds)
        self._use.choose(use if use in ("poster", "scene") else "poster")

    @property
    def choices(self) -> dict[str, Any]:
        """Return what the settings keep."""
        return {
            "use": self.use,
            "poster_size": self._paper.value,
            "scene_seconds": self._seconds.value(),
        }

    def write(self, brief: str, use: str) -> None:
        """Put words into the bar."""
        self._line.setText(brief)
        self._use.choose(use)
        self.focus()

    def focus(self) -> None:
        self._line.setFocus()
        self._line.selectAll()

    def make(self) -> None:
        """Start the production, unless one runs."""
        if self._job_id:
            return
        session = self._session

        def start() -> None:
            job = session.produce(self.brief, self.use, **self.options())
            self._job_id = job.id
            self._on_job(session.jobs.job(job.id))

        session.attempt(start)

    def _on_go(self) -> None:
        if self._job_id:
            self._session.jobs.cancel(self._job_id)
        else:
            self.make()

    def _on_replaced(self) -> None:
        """Show what the opened project was made of, so that it can be made anew."""
        document = self._session.document
        self._line.setText(document.brief)
        self._use.choose(str(document.kind))

    def _on_use(self, use: str) -> None:
        self._paper.setVisible(use == "poster")
        self._frame.setVisible(use == "scene")
        self._seconds.setVisible(use == "scene")
        self.chosen.emit(use)

    def _on_job(self, job: Job) -> None:
        if job.id != self._job_id:
            return
        if job.ended:
            self._job_id = 0
        if not self._job_id:
            caption(self._go, "Make")
        elif job.cancelling:
            caption(self._go, "Stopping…")
        else:
            caption(self._go, "Stop")
        self._go.setIcon(icon("square" if self._job_id else "wand-sparkles", COLORS.on_accent))
