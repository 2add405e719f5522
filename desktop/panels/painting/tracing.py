"""What a control will see of its picture, shown before anything is painted."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from desktop.jobs import Lane
from desktop.messages import explain
from desktop.panels.previews import PictureBox, pixmap_of_png
from desktop.session import Session
from engines.api import EngineError, ImageResult, Run, TraceRequest

HEIGHT_PX = 120
AFTER_MS = 250
"""So long nothing must change before the engines are asked."""


class Traced(PictureBox):
    """The edges, lines, strokes, colours or depth of a picture; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__("", HEIGHT_PX)
        self.setAccessibleName("What guides the drawing")
        self._session = session
        self._wanted: TraceRequest | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AFTER_MS)
        self._timer.timeout.connect(self._ask)
        self.hide()

    def want(self, png: bytes, making: str, depth_model: str = "") -> None:
        """Show what is made of a picture; of none, or of one used as it is, nothing."""
        request = None
        if png and making:
            request = TraceRequest(png=png, preprocessor=making, depth_model=depth_model)
        if request == self._wanted:
            return
        self._wanted = request
        self.setVisible(request is not None)
        self._timer.stop()
        if request is not None:
            self.show_words("Looking…")
            self._timer.start()

    def _ask(self) -> None:
        request, host = self._wanted, self._session.host
        if request is None:
            return

        def work(run: Run) -> bytes | str:
            try:
                result: ImageResult = host.run(request, run)
            except EngineError as error:
                return explain(error).sentence
            return result.pictures[0].png

        def then(found: bytes | str) -> None:
            if request != self._wanted:
                return  # another one is wanted by now
            if isinstance(found, str):
                self.show_words(found)
            else:
                side_px = round(2 * HEIGHT_PX * self.devicePixelRatioF())
                self.show_picture(pixmap_of_png(found, side_px))

        self._session.jobs.submit(
            "Tracing a picture", work, then, Lane.QUESTION, kind="trace", quiet=True
        )
