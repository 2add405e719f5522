"""What there is to know about one model, one refused file or one folder, and what to do with it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.messages import fit_text, size_text
from desktop.panels.controls import ElidedLabel, button, label, row, tool
from desktop.panels.model_rows import Thumbnails
from desktop.panels.model_words import (
    PREDICTIONS,
    base_words,
    kind_words,
    licence_words,
    variant_words,
)
from desktop.panels.previews import PictureBox
from desktop.session import Session
from engines.api import Fit, ModelRefused, ModelSpec

WIDTH_PX = 328
PICTURE_PX = 240
NAME_PX = 84


class ModelDetails(QFrame):
    """The right side of the library."""

    remove_wanted = Signal(str)  # a model's id or a folder's path
    hash_wanted = Signal(str)  # a model's id

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("rightPanel")
        self.setFixedWidth(WIDTH_PX)
        self._key = self._path = self._preview = ""
        self._pictures = Thumbnails(session, 2 * PICTURE_PX)
        self._pictures.came.connect(self._show_picture)
        self._picture = PictureBox("", PICTURE_PX)
        self._title = _wrapped("title")
        self._kind = _wrapped("muted")
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(8)
        self._facts.setLabelAlignment(Qt.AlignmentFlag.AlignTop)
        self._place = ElidedLabel("", "muted")
        self._copy = tool("copy", "Copy where it lies", small=True)
        self._copy.clicked.connect(self._on_copy)
        self._hash = button("Work it out", "chip", "", "Read the whole file for its sha256")
        self._hash.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._hash.clicked.connect(lambda: self.hash_wanted.emit(self._key))
        self._remove = button("Remove from the library", "", "x")
        self._remove.clicked.connect(lambda: self.remove_wanted.emit(self._key))
        self._stays = label("The file stays where it is.", "muted")
        self._lay_out()
        self.show_nothing()

    def show_nothing(self) -> None:
        """Show that nothing is chosen."""
        self._body.hide()

    def show_model(self, spec: ModelSpec, fit: Fit | None) -> None:
        """Show all that is known of a model."""
        self._begin(spec.id, spec.path, spec.name, kind_words(spec), spec.preview)
        self._add("Family", base_words(spec))
        self._add("Variant", variant_words(spec))
        self._add("Predicts", PREDICTIONS.get(spec.prediction, ""))
        self._add("Size", size_text(spec.size_bytes))
        self._add("Memory", fit_text(fit).capitalize() if fit is not None else "")
        self._add("Licence", licence_words(spec))
        self._add("Limits", spec.restrictions)
        self._add("Source", spec.source)
        if spec.sha256:
            self._add("sha256", spec.sha256)
        else:
            self._facts.addRow(_name("sha256"), self._hash)
            self._hash.show()
        self._offer("Remove from the library", "The file stays where it is.")

    def show_refused(self, refusal: ModelRefused, name: str) -> None:
        """Show why a file cannot be used."""
        self._begin(refusal.path, refusal.path, name, "Cannot be used", "")
        self._add("Reason", f"{refusal.reason[:1].upper()}{refusal.reason[1:]}.")
        self._remove.hide()
        self._stays.hide()

    def show_folder(self, folder: str, name: str, inside: str) -> None:
        """Show a folder that is looked through."""
        self._begin(folder, folder, name, "Folder, with all below it", "")
        self._add("Holds", inside)
        self._offer("Look here no more", "Nothing is ever written or deleted there.")

    def _begin(self, key: str, path: str, title: str, kind: str, preview: str) -> None:
        self._key, self._path, self._preview = key, path, preview
        while self._facts.rowCount():
            taken = self._facts.takeRow(0)
            for item in (taken.labelItem, taken.fieldItem):
                widget = item.widget() if item is not None else None
                if widget is self._hash:
                    widget.hide()
                elif widget is not None:
                    widget.hide()
                    widget.deleteLater()
        self._title.setText(title)
        self._kind.setText(kind)
        self._place.setText(path)
        self._picture.setVisible(bool(preview))
        self._picture.show_words("")
        self._pictures.ask([preview])
        self._show_picture()
        self._body.show()

    def _add(self, name: str, value: str) -> None:
        if value:
            said = _wrapped("")
            said.setText(value)
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addRow(_name(name), said)

    def _offer(self, verb: str, promise: str) -> None:
        self._remove.setText(f" {verb}")
        self._stays.setText(promise)
        self._remove.show()
        self._stays.show()

    def _show_picture(self) -> None:
        pixmap = self._pictures.get(self._preview) if self._preview else None
        if pixmap is None:
            return
        if pixmap.isNull():
            self._picture.show_words("Its preview cannot be read.")
            return
        size = QSize(2 * PICTURE_PX, 2 * PICTURE_PX)
        mode = Qt.TransformationMode.SmoothTransformation
        small = pixmap.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, mode)
        self._picture.show_picture(QPixmap(small))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._path)

    def _lay_out(self) -> None:
        self._body = QWidget()
        self._body.setObjectName("page")
        inside = QVBoxLayout(self._body)
        inside.setContentsMargins(16, 16, 16, 16)
        inside.setSpacing(12)
        inside.addWidget(self._picture)
        inside.addWidget(self._title)
        inside.addWidget(self._kind)
        inside.addLayout(self._facts)
        lies = row(_name("Lies in"), self._place, self._copy, spacing=4)
        lies.setStretch(1, 1)
        inside.addLayout(lies)
        inside.addStretch(1)
        inside.addWidget(self._remove)
        inside.addWidget(self._stays)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        holder.setObjectName("page")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._body)
        area.setWidget(holder)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.addWidget(area)


def _wrapped(role: str) -> QLabel:
    made = label("", role)
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return made


def _name(text: str) -> QLabel:
    made = label(text, "muted")
    made.setMinimumWidth(NAME_PX - 24)
    return made
