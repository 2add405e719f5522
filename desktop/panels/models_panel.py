"""The models window: what there is, what was refused and why, and where it is looked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from desktop.panels.controls import Choice, ElidedLabel, Segments, button, row, tool
from desktop.panels.message import MessageBar
from desktop.panels.model_details import ModelDetails
from desktop.panels.model_library import ModelLibrary
from desktop.panels.model_lines import folder_row, model_row, place, refused_row
from desktop.panels.model_rows import Row, RowList
from desktop.panels.model_words import base_words, counted, kind_words, searched
from desktop.panels.models import Fits
from desktop.session import Session
from engines.api import ModelSpec

SIZE_PX = (1080, 720)
TYPED_MS = 120

NOTHING = {
    "models": "No models yet. Drop a file or a folder here: also one of ComfyUI, "
    "the Stable Diffusion web UI or InvokeAI. Everything stays where it is.",
    "refused": "Nothing was refused.",
    "folders": "No folders yet. Add one, and every model below it is in the library.",
}
NO_MATCH = "Nothing of that is in the library."


class ModelsPanel(QDialog):
    """The library in a window of its own, beside the work."""

    def __init__(self, session: Session, library: ModelLibrary, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.setObjectName("modelsPanel")
        self.setAcceptDrops(True)
        self._library = library
        self._fits = Fits(session, self)
        self._page = Segments((("models", "Models", ""), ("refused", "Refused", ""),
                               ("folders", "Folders", "")))  # fmt: skip
        self._search = QLineEdit()
        self._kind, self._base = Choice(), Choice()
        self._list = RowList(session, "The models of the library")
        self._details = ModelDetails(session)
        self._bar = QProgressBar()
        self._counted = ElidedLabel("", "muted")
        self._stop = button("Stop", "quiet")
        self._typed = QTimer(self)
        self._specs: dict[str, ModelSpec] = {}
        self._found_by: dict[str, str] = {}
        self._lay_out()
        self._message = MessageBar(self._list)
        self._connect()
        self.resize(QSize(*SIZE_PX))
        self._on_changed()
        self._on_progress(0, 0)

    def show_page(self, name: str) -> None:
        """Show "models", "refused" or "folders"."""
        self._page.choose(name)

    def choose(self, key: str) -> None:
        """Look at one row of the page."""
        self._list.choose(key)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the list shows now."""
        return self._list.rows

    @property
    def message(self) -> str:
        """The last sentence that was told."""
        return self._message.words

    def search(self, words: str, *, kind: str = "", base: str = "") -> None:
        """Show only what these words, kind and family fit."""
        self._search.setText(words)
        self._kind.set(kind)
        self._base.set(base)
        self._refill()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        QTimer.singleShot(0, self, lambda: self._library.take(paths))

    def showEvent(self, event: QShowEvent) -> None:
        self._ask_fits()

    def _connect(self) -> None:
        library = self._library
        library.changed.connect(self._on_changed)
        library.progressed.connect(self._on_progress)
        library.told.connect(lambda words, tone: self._message.tell(words, tone=tone))
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._refill)
        self._search.textChanged.connect(lambda _: self._typed.start())
        for choice in (self._kind, self._base):
            choice.currentIndexChanged.connect(lambda _: self._refill())
        self._page.chosen.connect(lambda _: self._refill())
        self._list.looked.connect(self._on_looked)
        self._list.rested.connect(self._ask_fits)
        self._fits.changed.connect(self._on_fit)
        self._details.remove_wanted.connect(library.remove)
        self._details.hash_wanted.connect(self._on_hash)
        self._stop.clicked.connect(library.stop)
        QShortcut(QKeySequence.StandardKey.Find, self, self._search.setFocus)

    def _on_changed(self) -> None:
        """Take over the library as it is now."""
        library = self._library
        self._specs = {spec.id: spec for spec in sorted(library.models, key=place)}
        self._found_by = {spec.id: searched(spec) for spec in library.models}
        kinds = dict.fromkeys(sorted(kind_words(spec) for spec in library.models))
        bases = dict.fromkeys(sorted(filter(None, (base_words(x) for x in library.models))))
        self._kind.refill((("", "All kinds"), *((x, x) for x in kinds)))
        self._base.refill((("", "All families"), *((x, x) for x in bases)))
        self._counted.setText(self._count_words())
        self._refill()

    def _count_words(self) -> str:
        number, _, kinds = counted(self._library.models).partition(": ")
        refused = len(self._library.refused)
        said = (number, f"{refused} refused" if refused else "", kinds)
        return "  ·  ".join(x for x in said if x)

    def _refill(self) -> None:
        page = self._page.value
        for choice in (self._kind, self._base):
            choice.setVisible(page == "models")
        makers: dict[str, Callable[[], list[Row]]] = {
            "models": self._model_rows,
            "refused": self._refused_rows,
            "folders": self._folder_rows,
        }
        made = makers[page]()
        wanted = self._search.text().lower().split()
        rows = tuple(x for x in made if all(word in x.words for word in wanted))
        narrowed = bool(wanted or (page == "models" and (self._kind.value or self._base.value)))
        self._list.empty_words = NO_MATCH if narrowed else NOTHING[page]
        self._list.show_rows(rows)
        self._list.viewport().update()
        self._on_looked(self._list.key)

    def _model_rows(self) -> list[Row]:
        kind, base = self._kind.value, self._base.value
        return [
            model_row(spec, self._fits.get(spec.id), self._found_by[spec.id])
            for spec in self._specs.values()
            if kind in ("", kind_words(spec)) and base in ("", base_words(spec))
        ]

    def _refused_rows(self) -> list[Row]:
        return [refused_row(refusal) for refusal in self._library.refused]

    def _folder_rows(self) -> list[Row]:
        return [folder_row(folder, self._inside(folder)) for folder in self._library.folders]

    def _inside(self, folder: str) -> list[ModelSpec]:
        return [x for x in self._library.models if Path(x.path).is_relative_to(folder)]

    def _on_looked(self, key: str) -> None:
        page = self._page.value
        if not key:
            self._details.show_nothing()
        elif page == "models" and key in self._specs:
            self._details.show_model(self._specs[key], self._fits.get(key))
        elif page == "refused":
            refusal = next(x for x in self._library.refused if x.path == key)
            self._details.show_refused(refusal, Path(key).name)
        elif page == "folders":
            self._details.show_folder(key, Path(key).name or key, counted(self._inside(key)))

    def _ask_fits(self) -> None:
        """Ask whether those in sight fit; the engines are not asked for what nobody sees."""
        if not self.isVisible() or self._page.value != "models":
            return
        seen = (self._specs.get(row_.key) for row_ in self._list.in_sight())
        self._fits.ask([spec.id for spec in seen if spec is not None and spec.is_choice])

    def _on_fit(self, model: str) -> None:
        if self._page.value == "models":
            self._typed.start()  # several answers come one after the other

    def _on_hash(self, model: str) -> None:
        self._message.tell("Reading the whole file. This goes on beside your work.")
        self._library.hash_of(self._specs[model], lambda _: self._library.refresh())

    def _on_progress(self, done: int, total: int) -> None:
        busy = self._library.looking
        self._bar.setVisible(busy)
        self._stop.setVisible(busy)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        if busy and total:
            self._counted.setText(f"Looking at {total} files")
        elif not busy:
            self._counted.setText(self._count_words())

    def _ask_file(self) -> None:
        pattern = "Models (*.safetensors *.sft *.gguf)"
        dialog = self._dialog("Add model files", QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters((pattern, "All files (*)"))
        dialog.open()

    def _ask_folder(self) -> None:
        self._dialog("Add a folder of models", QFileDialog.FileMode.Directory).open()

    def _dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        dialog.filesSelected.connect(lambda names: self._library.take([Path(x) for x in names]))
        return dialog

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        left = QWidget()
        left.setObjectName("panel")
        column = QVBoxLayout(left)
        column.setContentsMargins(16, 16, 8, 12)
        column.setSpacing(12)
        add_folder = button("Add a folder", "primary", "folder-open")
        add_folder.clicked.connect(self._ask_folder)
        add_file = button("Add files", "", "file-plus")
        add_file.clicked.connect(self._ask_file)
        again = tool("refresh-cw", "Look through all folders again")
        again.clicked.connect(self._library.refresh)
        column.addLayout(row(self._page, None, again, add_file, add_folder))
        self._search.setPlaceholderText("Search by name, kind, family, licence or folder")
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName("Search the library")
        for choice, name in ((self._kind, "Kind"), (self._base, "Family")):
            choice.setAccessibleName(name)
            choice.setMinimumWidth(168)
        filters = row(self._search, self._kind, self._base)
        filters.setStretch(0, 1)
        column.addLayout(filters)
        column.addWidget(self._list, 1)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        foot = row(self._counted, self._bar, self._stop)
        foot.setStretch(0, 1)
        column.addLayout(foot)
        layout.addWidget(left, 1)
        layout.addWidget(self._details)
