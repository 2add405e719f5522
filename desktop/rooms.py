"""The window's sides: three panels on the left, layers and inspector on the right, time below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.document.model import DocumentKind
from desktop.icons import icon
from desktop.panels.controls import label, rule
from desktop.panels.form import Form
from desktop.panels.inspector import Inspector
from desktop.panels.layers import LayersList
from desktop.panels.music import MusicPanel
from desktop.panels.text import TextPanel
from desktop.playback import Playback
from desktop.session import Session
from desktop.theme import COLORS
from engines.api import ModelSpec

if TYPE_CHECKING:
    from desktop.canvas.pianoroll import PianoRollStrip
    from desktop.canvas.timeline import TimelineView
    from desktop.player import Player

TABS = (
    ("text", "Words", "type", COLORS.words),
    ("image", "Picture", "image", COLORS.picture),
    ("music", "Music", "music", COLORS.music),
)


class LeftRoom(QWidget):
    """Words, picture, music: each built when it is first shown."""

    score_wanted = Signal()
    soundfont_wanted = Signal()
    save_wanted = Signal(object)  # a picture of the history
    models_wanted = Signal()

    def __init__(self, session: Session, playback: Playback) -> None:
        super().__init__()
        self.setObjectName("leftPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(296)
        self.setMaximumWidth(520)
        self._session = session
        self._playback = playback
        self._models: tuple[ModelSpec, ...] = ()
        playback.playing_changed.connect(self.show_playing)
        self._panels: dict[str, Form] = {}
        self._tabs: dict[str, QPushButton] = {}
        self._roll: PianoRollStrip | None = None
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tab_row())
        layout.addWidget(rule())
        layout.addWidget(self._stack, 1)
        self.show_panel("text")

    def panel(self, name: str) -> Form:
        """Return one of the three panels, built if need be."""
        if name not in self._panels:
            made = self._build(name)
            made.show_models(self._models)
            self._panels[name] = made
            self._stack.addWidget(made)
        return self._panels[name]

    def show_panel(self, name: str) -> None:
        self._tabs[name].setChecked(True)
        self._stack.setCurrentWidget(self.panel(name))

    def show_models(self, specs: tuple[ModelSpec, ...]) -> None:
        """Offer the library's models in every panel."""
        self._models = specs
        for panel in self._panels.values():
            panel.show_models(specs)

    def close_view(self) -> None:
        """End the piano roll's thread."""
        if self._roll is not None:
            self._roll.worker.close()

    def show_playing(self, playing: bool) -> None:
        music = self._panels.get("music")
        if isinstance(music, MusicPanel):
            music.show_playing(playing)

    def _build(self, name: str) -> Form:
        if name == "text":
            return TextPanel(self._session)
        if name == "image":
            from desktop.panels.image import ImagePanel

            panel = ImagePanel(self._session)
            panel.save_wanted.connect(self.save_wanted)
            panel.models_wanted.connect(self.models_wanted)
            return panel
        from desktop.canvas.pianoroll import PianoRollStrip

        self._roll = roll = PianoRollStrip()
        roll.seeked.connect(self._playback.seek)
        self._playback.time_changed.connect(roll.set_time)
        made = MusicPanel(self._session, roll, roll.set_midi, self._playback.toggle)
        made.edit_wanted.connect(self.score_wanted)
        made.soundfont_wanted.connect(self.soundfont_wanted)
        made.takes.heard.connect(self._hear_take)
        return made

    def _hear_take(self, take_id: str) -> None:
        """Use a take and play it from where the playhead is."""
        self._session.use_take(take_id)
        if not self._playback.playing:
            self._playback.toggle()

    def _tab_row(self) -> QHBoxLayout:
        tabs = QHBoxLayout()
        tabs.setSpacing(0)
        group = QButtonGroup(self)
        for name, text, drawing, color in TABS:
            tab = QPushButton(f" {text}")
            tab.setObjectName(f"tab{name.capitalize()}")
            tab.setProperty("role", "tab")
            tab.setIcon(icon(drawing, color))
            tab.setIconSize(QSize(16, 16))
            tab.setCheckable(True)
            tab.setCursor(Qt.CursorShape.PointingHandCursor)
            tab.clicked.connect(lambda _=False, name=name: self.show_panel(name))
            group.addButton(tab)
            tabs.addWidget(tab, 1)
            self._tabs[name] = tab
        return tabs


class RightRoom(QWidget):
    """Layers above, the inspector below."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("rightPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(256)
        self.setMaximumWidth(460)
        self.layers = LayersList(session)
        self.inspector = Inspector(session)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(8, 12, 8, 8)
        column.setSpacing(8)
        heading = label("Layers", "heading")
        heading.setContentsMargins(8, 0, 0, 0)
        column.addWidget(heading)
        column.addWidget(self.layers, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(top)
        split.addWidget(self.inspector)
        split.setSizes([300, 500])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.addWidget(split)


class TimelineRoom(QWidget):
    """The scene's timeline; a poster shows none.

    The timeline is built for the first scene or the first play: it brings
    the player and with it sound support.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("timelinePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._view: TimelineView | None = None
        self._toggle_play: Callable[[], None] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 1, 0, 0)
        self.setMinimumHeight(148)
        self.refresh()

    @property
    def view(self) -> TimelineView:
        if self._view is None:
            from desktop.canvas.timeline import TimelineView

            self._view = TimelineView(self._session)
            self._column.addWidget(self._view)
            if self._toggle_play is not None:
                self._view.toggle_play = self._toggle_play
        return self._view

    @property
    def player(self) -> Player:
        """The one player; it follows the document's music."""
        return self.view.player

    def play_with(self, toggle: Callable[[], None]) -> None:
        """Let the timeline's play button and space bar call `toggle`."""
        self._toggle_play = toggle
        if self._view is not None:
            self._view.toggle_play = toggle

    def refresh(self) -> None:
        """Show the timeline if the document is a scene."""
        scene = self._session.document.kind is DocumentKind.SCENE
        if scene:
            self.view.show()
        self.setVisible(scene)

    def close_view(self) -> None:
        """End the timeline's thread."""
        if self._view is not None:
            self._view.worker.close()
