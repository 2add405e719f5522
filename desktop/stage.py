"""The middle of the window: tools, the canvas, what floats over it and what lies below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from desktop.canvas.tools import ToolName
from desktop.canvas.view import CanvasView
from desktop.icons import icon
from desktop.panels.controls import ElidedLabel, button, tool
from desktop.panels.invitation import Invitation, MakingCard
from desktop.panels.message import MessageBar
from desktop.session import Session
from desktop.theme import COLORS

HEADER_PX = 40
LEAST_PX = HEADER_PX + 180
"""The page is never smaller than this beside the timeline and the score."""

PAGE_SHARE, SCORE_SHARE = 0.42, 0.38
"""Of the height, until the user says otherwise; the timeline has the rest."""

TOOLS = (
    (ToolName.SELECT, "mouse-pointer-2", "Select and move (V)"),
    (ToolName.HAND, "hand", "Move the view (H)"),
    (ToolName.TEXT, "type", "Write (T)"),
    (ToolName.RECTANGLE, "square", "Rectangle (R)"),
    (ToolName.ELLIPSE, "circle", "Ellipse (O)"),
    (ToolName.LINE, "minus", "Line (L)"),
)


class Stage(QWidget):
    """The canvas in its frame."""

    wanted = Signal(str, str)  # an example's brief and use

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("stage")
        self._session = session
        self.canvas = CanvasView(session)
        self._title = ElidedLabel("", "heading")
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom = button("100%", "quiet", "", "Show the whole page")
        self._zoom.setFixedWidth(64)
        self._zoom.clicked.connect(self.canvas.fit)
        self.setMinimumHeight(LEAST_PX)
        self._area = QWidget()
        inside = QVBoxLayout(self._area)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.canvas)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header())
        layout.addWidget(self._area, 1)
        self.invitation = Invitation(session, self._area)
        self.invitation.wanted.connect(self.wanted)
        self.making = MakingCard(session, self._area)
        self.message = MessageBar(self._area)
        self.canvas.zoom_changed.connect(self._on_zoom)
        session.document_changed.connect(self._on_title)
        session.dirty_changed.connect(self._on_title)
        self._on_title()

    @property
    def area(self) -> QWidget:
        """Where things float over the canvas."""
        return self._area

    def _header(self) -> QWidget:
        header = QWidget()
        header.setObjectName("bar")
        header.setFixedHeight(HEADER_PX)
        layout = QHBoxLayout(header)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(2)
        layout.addWidget(self._tool_buttons())
        layout.addWidget(self._title, 1)
        smaller = tool("minus", "Smaller (Ctrl+-)")
        smaller.clicked.connect(self.canvas.zoom_out)
        larger = tool("plus", "Larger (Ctrl++)")
        larger.clicked.connect(self.canvas.zoom_in)
        # As wide as the tools on the other side, so that the title stands in the middle.
        layout.addSpacing(40)
        for widget in (smaller, self._zoom, larger):
            layout.addWidget(widget)
        return header

    def _tool_buttons(self) -> QWidget:
        box = QWidget()
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        group = QButtonGroup(box)
        group.setExclusive(True)
        self._tools = {}
        for name, drawing, tip in TOOLS:
            made = tool(drawing, tip, color=COLORS.text)
            made.setCheckable(True)
            made.setIconSize(QSize(16, 16))
            made.clicked.connect(lambda _=False, name=name: self.canvas.set_tool(name))
            group.addButton(made)
            layout.addWidget(made)
            self._tools[name] = made
        self._tools[ToolName.SELECT].setChecked(True)
        self.canvas.tool_changed.connect(self._on_tool)
        return box

    def _on_tool(self, name: str) -> None:
        for known, made in self._tools.items():
            made.setChecked(known == name)
            drawing = next(d for n, d, _ in TOOLS if n is known)
            made.setIcon(icon(drawing, COLORS.accent if known == name else COLORS.text))

    def _on_zoom(self, zoom: float) -> None:
        self._zoom.setText(f"{zoom:.0%}")

    def _on_title(self, *_: object) -> None:
        path = self._session.path
        name = path.stem if path is not None else self._session.document.title
        self._title.setText(f"{name}{'  •' if self._session.dirty else ''}")


class Middle(QSplitter):
    """The page over the timeline, and below both the score once it is opened.

    `timeline_px` is the timeline's height without the score, `score_px` the
    score's as the user left it, 0 until then.
    """

    def __init__(self, page: QWidget, timeline: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.timeline_px, self.score_px = 248, 0
        self._timeline = timeline
        self._room: QWidget | None = None
        for index, widget in enumerate((page, timeline)):
            self.addWidget(widget)
            self.setCollapsible(index, False)
        self.setStretchFactor(0, 1)
        self.splitterMoved.connect(lambda *_: self._note())

    def restore(self, *, timeline_px: int, score_px: int) -> None:
        """Take up the heights of another run."""
        self.timeline_px, self.score_px = max(0, timeline_px), max(0, score_px)
        self.setSizes([640, self.timeline_px])

    def place_below(self, room: QWidget) -> None:
        """Put a room under the others."""
        self._room = room
        self.addWidget(room)
        self.setCollapsible(self.indexOf(room), False)
        room.installEventFilter(self)
        self._share()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Share the height anew when the room below comes or goes."""
        if watched is self._room and self._room is not None:
            if event.type() == QEvent.Type.Show:
                self._share()
            elif event.type() == QEvent.Type.Hide:
                self.setSizes([max(0, self.height() - self.timeline_px), self.timeline_px, 0])
        return super().eventFilter(watched, event)

    def _share(self) -> None:
        """Give the room below its last height; the timeline gives way before the page does."""
        total_px = self.height()
        score_px = self.score_px or round(total_px * SCORE_SHARE)
        timeline_px = 0
        if not self._timeline.isHidden():
            spare_px = total_px - score_px - round(total_px * PAGE_SHARE)
            timeline_px = min(self.timeline_px, max(self._timeline.minimumHeight(), spare_px))
        self.setSizes([max(LEAST_PX, total_px - timeline_px - score_px), timeline_px, score_px])

    def _note(self) -> None:
        """Keep the heights that the user chose."""
        _, timeline_px, *score = self.sizes()
        if score and score[0]:
            self.score_px = score[0]
        elif timeline_px:
            self.timeline_px = timeline_px
