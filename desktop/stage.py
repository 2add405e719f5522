"""The middle of the window: tools, the canvas, and what floats over it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from desktop.canvas.tools import ToolName
from desktop.canvas.view import CanvasView
from desktop.icons import icon
from desktop.panels.controls import ElidedLabel, button, tool
from desktop.panels.invitation import Invitation, MakingCard
from desktop.panels.message import MessageBar
from desktop.session import Session
from desktop.theme import COLORS

HEADER_PX = 40

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
