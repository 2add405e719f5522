"""What stands over an empty canvas: an invitation, or the work that is being made."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.icons import pixmap
from desktop.jobs import Job, JobState
from desktop.panels.controls import ElidedLabel, button, label
from desktop.panels.jobs import Progress, state_words
from desktop.panels.previews import PictureBox, pixmap_of
from desktop.session import Session
from desktop.theme import COLORS
from engines.api import Pixels

EXAMPLES = (
    ("poster", "Night market jazz festival, Friday 9 pm, harbour square"),
    ("poster", "Open studio day, Saturday 14 May, the old paper mill"),
    ("scene", "A lighthouse keeper waits out a storm"),
)
MAKING = frozenset({"poster", "scene"})


class Invitation(QFrame):
    """Examples to start from; a click writes one into the brief bar."""

    wanted = Signal(str, str)  # brief, use

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 24)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(10)
        mark = label("")
        mark.setPixmap(pixmap("triptych", COLORS.accent, 28, self.devicePixelRatioF()))
        head.addWidget(mark)
        head.addWidget(label("Words, pictures, music: one work", "title"), 1)
        layout.addLayout(head)
        words = QLabel(
            "Write one sentence above and press Make. Or start with a single panel on the "
            "left, or drop a picture here."
        )
        words.setProperty("role", "muted")
        words.setWordWrap(True)
        layout.addWidget(words)
        layout.addSpacing(8)
        for use, brief in EXAMPLES:
            drawing = "newspaper" if use == "poster" else "clapperboard"
            example = button(brief, "example", drawing)
            example.clicked.connect(lambda _=False, b=brief, u=use: self.wanted.emit(b, u))
            layout.addWidget(example)
        self.setFixedWidth(504)
        self.adjustSize()
        parent.installEventFilter(self)
        session.document_changed.connect(self.refresh)
        session.jobs.changed.connect(self._on_job)
        self.refresh()

    def refresh(self) -> None:
        """Show only while there is nothing on the canvas and nothing is being made."""
        document = self._session.document
        empty = next(document.all_layers(), None) is None and document.music is None
        making = any(x.kind in MAKING and not x.ended for x in self._session.jobs.jobs)
        self.setVisible(empty and not making)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _on_job(self, job: Job) -> None:
        if job.kind in MAKING and (job.ended or job.progress is None):
            self.refresh()

    def _place(self) -> None:
        _centre(self)


class MakingCard(QFrame):
    """A production on its way: its stage, the words and the picture as they come."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._queue = session.jobs
        self._job_id = 0
        self._shown: object = None
        self._title = ElidedLabel("", "title")
        self._stage = label("", "muted")
        self._picture = PictureBox("The first words are being written…", 248)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self._words.setFixedHeight(52)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._bar = Progress()
        cancel = button("Cancel", "", "x")
        cancel.clicked.connect(lambda: self._queue.cancel(self._job_id))
        foot = QHBoxLayout()
        foot.addWidget(self._stage, 1)
        foot.addWidget(cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        for widget in (self._title, self._picture, self._words, self._bar):
            layout.addWidget(widget)
        layout.addLayout(foot)
        self.setFixedWidth(440)
        parent.installEventFilter(self)
        session.jobs.changed.connect(self._on_job)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            _centre(self)
        return False

    def _on_job(self, job: Job) -> None:
        if job.kind not in MAKING:
            return
        if job.state is JobState.RUNNING and job.id != self._job_id:
            self._begin(job)
        if job.id != self._job_id:
            return
        if job.ended:
            self.hide()
            return
        self._stage.setText(state_words(job).capitalize())
        self._bar.show_job(job)
        if job.preview is not self._shown:
            self._shown = job.preview
            if isinstance(job.preview, Pixels):
                self._picture.show_picture(pixmap_of(job.preview))
            elif isinstance(job.preview, str):
                self._words.setText(_tail(job.preview))

    def _begin(self, job: Job) -> None:
        self._job_id = job.id
        self._shown = None
        self._title.setText(job.title.partition(": ")[2] or job.title)
        self._words.setText("")
        self._picture.show_words("The first words are being written…")
        self.show()
        self.adjustSize()
        _centre(self)


def _tail(text: str, limit: int = 150) -> str:
    """Return the last words of a text that still grows."""
    text = " ".join(text.split())
    return text if len(text) <= limit else "…" + text[-limit:].partition(" ")[2]


def _centre(widget: QWidget) -> None:
    parent = widget.parentWidget()
    if parent is None:
        return
    size = widget.size()
    widget.move(
        max(0, (parent.width() - size.width()) // 2),
        max(0, (parent.height() - size.height()) // 2),
    )
    widget.raise_()
