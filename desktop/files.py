"""Files from the user: which to open, where to save, and what was dropped on the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from desktop.document.model import DocumentKind
from desktop.jobs import Job, JobState
from desktop.session import Session
from engines.api import BadRequest

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MIDI_SUFFIXES = (".mid", ".midi")
NOTATION_SUFFIXES = (".musicxml", ".mxl", ".xml")
SCORE_SUFFIXES = (*MIDI_SUFFIXES, *NOTATION_SUFFIXES)
TAKE_MIME = "application/x-triptych-take"
"""The id of a take of the music that is dragged."""

CUE_MIME = "application/x-triptych-cue"
"""The music itself, by its asset; dropped on the scene it is fitted to it."""

PROJECT_SUFFIX = ".triptych"
MODEL_SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""Those that are refused too: the library says why."""

LARGEST_PICTURE_BYTES = 256 * 2**20
LARGEST_SCORE_BYTES = 8 * 2**20

POSTER_FILTERS = (
    "PNG picture (*.png)",
    "JPEG picture (*.jpg)",
    "PDF page (*.pdf)",
    "SVG drawing (*.svg)",
)
SAVE_PICTURE_FILTERS = ("PNG picture (*.png)", "JPEG picture (*.jpg)", "WebP picture (*.webp)")
SCENE_FILTERS = (
    "MP4 video (*.mp4)",
    "WebM video (*.webm)",
    "Animated GIF (*.gif)",
    "Still picture (*.png)",
)
SCORE_FILTERS = (
    "Score as MIDI (*.mid)",
    "Score as MusicXML (*.musicxml)",
    "Score as packed MusicXML (*.mxl)",
)
SOUND_FILTERS = ("Music as WAV (*.wav)", "Music as FLAC (*.flac)", "Music as Ogg (*.ogg)")


class Dropped(StrEnum):
    """What kind of file was given."""

    PICTURE = "picture"
    SCORE = "score"
    PROJECT = "project"
    MODEL = "model"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sorted:
    """Files with their kinds, in the order given."""

    files: tuple[tuple[Dropped, Path], ...]

    def of(self, kind: Dropped) -> tuple[Path, ...]:
        return tuple(path for found, path in self.files if found is kind)


def read_picture_file(path: Path) -> bytes:
    """Return a picture file's bytes.

    Raises:
        BadRequest, OSError: it is too large, or cannot be read.
    """
    return _read(path, LARGEST_PICTURE_BYTES)


def sort_dropped(paths: tuple[Path, ...]) -> Sorted:
    """Tell files apart by their suffixes; what is in them is checked where it is read.

    A folder is one of models.
    """
    return Sorted(tuple((_kind(path), path) for path in paths))


def _kind(path: Path) -> Dropped:
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        return Dropped.PICTURE
    if suffix in SCORE_SUFFIXES:
        return Dropped.SCORE
    if suffix in MODEL_SUFFIXES or path.is_dir():
        return Dropped.MODEL
    return Dropped.PROJECT if suffix == PROJECT_SUFFIX else Dropped.OTHER


class FileQuestions:
    """The file dialogs; none of them blocks."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self._folder = ""

    def ask_open(self, then: Callable[[Path], object]) -> None:
        self._ask("Open a project", ("Triptych projects (*.triptych)",), then)

    def ask_picture(
        self, then: Callable[[Path], object], *, title: str = "Place a picture"
    ) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in PICTURE_SUFFIXES)
        self._ask(title, (f"Pictures ({patterns})",), then)

    def ask_score(self, then: Callable[[Path], object]) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in SCORE_SUFFIXES)
        self._ask("Use a score", (f"MIDI and MusicXML ({patterns})",), then)

    def ask_save_score(self, then: Callable[[Path], object]) -> None:
        self._ask("Save the score", SCORE_FILTERS, then, write=True)

    def ask_stems(self, then: Callable[[Path], object]) -> None:
        self._ask("Export each part as", SOUND_FILTERS, then, write=True)

    def ask_soundfont(self, then: Callable[[Path], object]) -> None:
        self._ask("Choose a soundfont", ("Soundfonts (*.sf2 *.sf3)",), then)

    def ask_save(self, then: Callable[[Path], object]) -> None:
        self._ask("Save the project", ("Triptych projects (*.triptych)",), then, write=True)

    def ask_save_picture(self, then: Callable[[Path], object]) -> None:
        self._ask("Save the picture", SAVE_PICTURE_FILTERS, then, write=True)

    def ask_export(self, then: Callable[[Path], object]) -> None:
        session: Session = self._parent.session  # type: ignore[attr-defined]
        scene = session.document.kind is DocumentKind.SCENE
        filters: tuple[str, ...] = SCENE_FILTERS if scene else POSTER_FILTERS
        if session.document.music is not None:
            filters = (*filters, *SCORE_FILTERS, *SOUND_FILTERS)
        self._ask("Export", filters, then, write=True)

    def place(self, session: Session, path: Path) -> None:
        """Put a picture file on the page as PNG.

        Raises:
            BadRequest, OSError: it cannot be read.
        """
        from desktop.render.pictures import PictureError, to_png

        try:
            png = to_png(read_picture_file(path))
        except PictureError as error:
            raise BadRequest(f"{path.name} cannot be read: {error}") from None
        session.place_picture(png, name=path.stem)

    def use_score(self, session: Session, path: Path) -> None:
        """Put a MIDI, MusicXML or MXL file under the document.

        Raises:
            BadRequest, OSError: it is none of these or cannot be read.
        """
        data = _read(path, LARGEST_SCORE_BYTES)
        if path.suffix.lower() in NOTATION_SUFFIXES:
            session.read_score_file(data, path.stem)
            return
        if not data.startswith(b"MThd"):
            raise BadRequest(f"{path.name} is not a MIDI file")
        session.read_midi_file(data, path.stem)

    def _ask(
        self,
        title: str,
        filters: tuple[str, ...],
        then: Callable[[Path], object],
        *,
        write: bool = False,
    ) -> None:
        dialog = QFileDialog(self._parent, title, self._folder)
        dialog.setNameFilters(filters)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        modes = QFileDialog.FileMode
        dialog.setFileMode(modes.AnyFile if write else modes.ExistingFile)
        if write:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(_suffix(filters[0]))
            dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(_suffix(name)))

        def on_selected(name: str) -> None:
            self._folder = str(Path(name).parent)
            then(Path(name))

        dialog.fileSelected.connect(on_selected)
        dialog.open()


class Leaving:
    """Asks before work that is not saved is left."""

    def __init__(self, parent: QWidget, session: Session, files: FileQuestions) -> None:
        self._parent = parent
        self._session = session
        self._files = files

    def may_leave(self, then: Callable[[], object]) -> bool:
        """Say whether the open work is safe; if not, ask, and do `then` once it is saved."""
        if not self._session.dirty:
            return True
        box = QMessageBox(self._parent)
        box.setWindowTitle("Triptych")
        box.setText(f"“{self._session.document.title}” has changes that are not saved.")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        if answer == buttons.Save:
            if self._session.path is not None:
                self._save_then(self._session.path, then)
            else:
                self._files.ask_save(lambda path: self._save_then(path, then))
        return answer == buttons.Discard

    def _save_then(self, path: Path, then: Callable[[], object]) -> None:
        """Save; if that succeeds, go on with what the user wanted."""
        queue = self._session.jobs
        job = self._session.save(path)

        def on_ended(ended: Job) -> None:
            if ended.id == job.id:
                queue.ended.disconnect(on_ended)
                if ended.state is JobState.DONE:
                    then()

        queue.ended.connect(on_ended)


def _suffix(name_filter: str) -> str:
    return name_filter.partition("*.")[2].partition(")")[0].split(" ")[0]


def _read(path: Path, most_bytes: int) -> bytes:
    if path.stat().st_size > most_bytes:
        raise BadRequest(f"{path.name} is larger than {most_bytes // 2**20} MB")
    return path.read_bytes()
