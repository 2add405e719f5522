"""The inspector: the properties of what is selected, or of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from desktop.document.model import (
    Document,
    DocumentKind,
    Layer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
)
from desktop.panels.colors import ColorField
from desktop.panels.controls import Number, button, field, label, row, rule
from desktop.panels.enlarging import can_cut_out, upscalers_of
from desktop.panels.sections import (
    LookSection,
    PictureSection,
    PlaceSection,
    Section,
    ShapeSection,
    TextSection,
)
from desktop.render.pictures import PictureError, sort_of
from desktop.session import Session
from engines.api import ModelSpec

SECTIONS: dict[type[Layer], tuple[type[Section], ...]] = {
    TextLayer: (TextSection,),
    PictureLayer: (PictureSection,),
    ShapeLayer: (ShapeSection,),
}


class Inspector(QScrollArea):
    """Shows the page when nothing is selected, a layer when one is, a count when more are."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._sections: dict[type[Section], Section] = {}
        self._upscalers = upscalers_of(())
        self._can_cut_out = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("page")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(16, 12, 16, 16)
        self._column.setSpacing(16)
        self._many = label("", "muted")
        self._many.setWordWrap(True)
        self._column.addWidget(self._many)
        self._page = PageSection(session)
        self._column.addWidget(self._page)
        self._column.addStretch(1)
        self.setWidget(page)
        session.selection_changed.connect(self._on_selection)
        session.document_changed.connect(self._on_document)
        self._show()

    def show_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the library's upscalers, and cutting out if it can."""
        self._upscalers = upscalers_of(specs)
        self._can_cut_out = can_cut_out(specs)
        section = self._sections.get(PictureSection)
        if isinstance(section, PictureSection):
            self._equip(section)

    def _on_selection(self, ids: frozenset[str]) -> None:
        self._show()

    def _on_document(self, before: Document, after: Document) -> None:
        self._show()

    def _show(self) -> None:
        layers = self._session.selected_layers()
        wanted: tuple[type[Section], ...] = ()
        if len(layers) == 1:
            wanted = (*SECTIONS.get(type(layers[0]), ()), PlaceSection, LookSection)
        for kind, section in self._sections.items():
            section.setVisible(kind in wanted)
        for kind in wanted:
            self._section(kind).show_layer(layers[0])
        self._many.setVisible(len(layers) > 1)
        self._many.setText(f"{len(layers)} layers are selected. Drag them on the canvas.")
        self._page.setVisible(not layers)

    def _section(self, kind: type[Section]) -> Section:
        """Return a section, built when it is first needed."""
        if kind not in self._sections:
            section = kind()
            section.changed.connect(self._on_changed)
            if isinstance(section, PictureSection):
                section.reroll.connect(self._on_reroll)
                section.vary.connect(self._on_vary)
                section.enlarge.connect(self._on_enlarge)
                section.cut_out.connect(self._on_cut_out)
                section.size_of = self._size_of
                self._equip(section)
            self._sections[kind] = section
            first = isinstance(section, PlaceSection | LookSection)
            at = self._column.count() - 1 if first else 1
            self._column.insertWidget(at, section)
        return self._sections[kind]

    def _equip(self, section: PictureSection) -> None:
        section.upscalers = self._upscalers
        section.cut.setVisible(self._can_cut_out)

    def _on_changed(self, text: str, layer: Layer, merge: str) -> None:
        self._session.update_layer(text, layer, merge)

    def _on_reroll(self, layer_id: str) -> None:
        self._session.attempt(lambda: self._session.reroll(layer_id))

    def _on_vary(self, layer_id: str) -> None:
        self._session.attempt(lambda: self._session.vary(layer_id))

    def _on_enlarge(self, layer_id: str, factor: int, model: str) -> None:
        self._session.attempt(lambda: self._session.enlarge(layer_id, factor, model=model))

    def _size_of(self, layer: PictureLayer) -> tuple[int, int]:
        """Return the size of a layer's picture in pixels; 0 if it cannot be read."""
        try:
            sort = sort_of(self._session.assets.read(layer.asset))
        except (PictureError, KeyError):
            return 0, 0
        return sort.width_px, sort.height_px

    def _on_cut_out(self, layer_id: str) -> None:
        self._session.attempt(lambda: self._session.cut_out(layer_id))


class PageSection(QWidget):
    """The work's own properties."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._heading = label("Page", "heading")
        self._title = QLineEdit()
        self._title.setMaxLength(200)
        self._ground = ColorField()
        self._dpi = Number(10, 1200, 150, digits=0, suffix=" dpi")
        self._fps = Number(1, 120, 24, digits=0, suffix=" fps")
        self._dpi_field = field("Export resolution", self._dpi)
        self._fps_field = field("Frames a second", self._fps)
        self._size = label("", "muted")
        self._music = QWidget()
        music = QVBoxLayout(self._music)
        music.setContentsMargins(0, 8, 0, 0)
        music.setSpacing(8)
        self._gain = Number(-40, 12, 0, suffix=" dB")
        self._duck = Number(-24, 0, 0, suffix=" dB")
        self._duck.setToolTip("Lower the music while a caption stands, for a voice that says it")
        self._duck_field = field("Under captions", self._duck)
        remove = button("Remove", "", "x")
        remove.clicked.connect(session.remove_music)
        music.addWidget(rule())
        music.addWidget(label("Music", "heading"))
        music.addWidget(field("Loudness", self._gain))
        music.addWidget(self._duck_field)
        music.addLayout(row(remove, None))
        for widget in (
            self._heading,
            field("Title", self._title),
            field("Background", self._ground),
            self._dpi_field,
            self._fps_field,
            self._size,
            self._music,
        ):
            column.addWidget(widget)
        self._title.textEdited.connect(lambda text: self._set("Rename", title=text))
        self._ground.changed.connect(lambda color: self._set("Page colour", background=color))
        self._dpi.valueChanged.connect(lambda value: self._set("Resolution", dpi=value))
        self._fps.valueChanged.connect(lambda value: self._set("Frame rate", fps=int(value)))
        self._gain.valueChanged.connect(self._on_gain)
        self._duck.valueChanged.connect(self._on_duck)
        session.document_changed.connect(self._on_document)
        self._on_document(session.document, session.document)

    def _set(self, text: str, **values: object) -> None:
        document = replace(self._session.document, **values)  # type: ignore[arg-type]
        self._session.edit(text, document, merge=f"page:{','.join(values)}")

    def _on_gain(self, gain_db: float) -> None:
        music = self._session.document.music
        if music is not None:
            self._set("Loudness", music=replace(music, gain_db=gain_db))

    def _on_duck(self, duck_db: float) -> None:
        music = self._session.document.music
        if music is not None:
            document = replace(self._session.document, music=replace(music, duck_db=duck_db))
            self._session.edit("Loudness under captions", document, merge="page:duck")

    def _on_document(self, before: Document, after: Document) -> None:
        scene = after.kind is DocumentKind.SCENE
        self._heading.setText("Scene" if scene else "Poster")
        if self._title.text() != after.title:
            self._title.setText(after.title)
        self._ground.show_color(after.background)
        self._dpi.show_value(after.dpi)
        self._fps.show_value(after.fps)
        self._dpi_field.setVisible(not scene)
        self._fps_field.setVisible(scene)
        width_px, height_px = after.size_px
        size = f"{width_px} × {height_px} px"
        if scene:
            size += f", {after.duration_s:.1f} s"
        else:
            size = f"{after.width_mm:.0f} × {after.height_mm:.0f} mm, {size}"
        self._size.setText(size)
        self._music.setVisible(after.music is not None)
        if after.music is not None:
            self._gain.show_value(after.music.gain_db)
            self._duck.show_value(after.music.duck_db)
            self._duck_field.setVisible(scene)
