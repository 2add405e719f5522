"""The window's questions where to save: each opens a dialog, and its answer is done."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow

from desktop.files import FileQuestions
from desktop.session import Session


class FileWindow(QMainWindow):
    """A window that asks where a file should be saved."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.files = FileQuestions(self)

    def ask_save(self, *, anew: bool) -> None:
        if self.session.path is not None and not anew:
            self.session.save()
        else:
            self.files.ask_save(self.session.save)

    def ask_export(self) -> None:
        self.files.ask_export(self.session.export)

    def ask_music_file(self, *, stems: bool) -> None:
        """Ask where the score should be saved, or with `stems` each part of it as sound."""
        session = self.session
        if stems:
            self.files.ask_stems(lambda path: session.attempt(lambda: session.export_stems(path)))
        else:
            self.files.ask_save_score(session.export)
