"""The words panel: ask the language model, watch it write, put the words on the canvas."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.document.model import Document, DocumentKind, Recipe
from desktop.jobs import Job
from desktop.panels.controls import (
    Amount,
    Choice,
    Count,
    Foldout,
    SeedField,
    button,
    field,
    label,
    row,
    tool,
)
from desktop.panels.form import Form, stop_or
from desktop.recipes import recipe_of
from desktop.session import Session
from engines.api import Kind, Preview, Request, TextRequest, TextResult

STYLES = (
    ("", "As it comes"),
    ("You write short, vivid headlines. Answer with one headline only.", "Headline"),
    ("You write taglines for posters. Answer with one line only.", "Tagline"),
    ("You write two or three clear sentences for a poster.", "Poster copy"),
    ("You write one short line of narration for a film.", "Caption"),
    ("You write short poems without rhyme.", "Poem"),
)
"""System prompts and what the panel calls them."""


class TextPanel(Form):
    """Words."""

    KIND = Kind.TEXT
    VERB = "Write"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._recipe: Recipe | None = None
        self._prompt = QPlainTextEdit()
        self._prompt.setPlaceholderText("A tagline for a night market with jazz by the harbour…")
        self._prompt.setFixedHeight(88)
        self._prompt.setTabChangesFocus(True)
        self._style = Choice(STYLES)
        self._go = button(self.VERB, "primary", "pen-line")
        self._go.clicked.connect(self._on_go)
        self._draft = QPlainTextEdit()
        self._draft.setPlaceholderText(
            "What the model writes appears here, word by word. Change it as you like, "
            "then put it on the canvas."
        )
        self._draft.setMinimumHeight(144)
        self._draft.textChanged.connect(self._on_draft)
        self._lay_out()
        session.document_changed.connect(self._on_document)
        self._on_document(session.document, session.document)
        self._on_draft()

    def _lay_out(self) -> None:
        self.column.addWidget(field("What should be written?", self._prompt))
        self.column.addWidget(field("As", self._style))
        self.column.addWidget(self._options())
        self.column.addWidget(self._go)
        self.column.addSpacing(4)
        self.column.addWidget(field("Draft", self._draft, grows=True), 1)
        self._place = button("Put on canvas", "", "type")
        self._place.clicked.connect(self._on_place)
        self._caption = button("Caption", "", "captions", "Add the draft as a caption here")
        self._caption.clicked.connect(self._on_caption)
        self._copy = tool("copy", "Copy the draft")
        self._copy.clicked.connect(self._on_copy)
        line = QWidget()
        line.setLayout(row(self._place, self._caption, None, self._copy))
        self.column.addWidget(line)
        self._kept_title = label("Words of this work", "field")
        self.column.addSpacing(4)
        self.column.addWidget(self._kept_title)
        self._kept = QVBoxLayout()
        self._kept.setSpacing(4)
        self.column.addLayout(self._kept)

    def _options(self) -> Foldout:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._tokens = Count(8, 2048, 96, suffix=" tokens")
        self._temperature = Amount(0.0, 2.0, 0.8, step=0.05)
        self._top_p = Amount(0.05, 1.0, 0.95, step=0.05)
        self.seed = SeedField()
        layout.addWidget(field("Model", self.model))
        layout.addWidget(field("Longest answer", self._tokens))
        layout.addWidget(field("Temperature: plain to daring", self._temperature))
        layout.addWidget(field("Top p", self._top_p))
        layout.addWidget(field("Seed", self.seed))
        return Foldout("Options", inside)

    def request(self) -> TextRequest:
        """Return what the form asks for.

        Raises:
            BadRequest: there is no prompt.
        """
        return TextRequest(
            prompt=self._prompt.toPlainText(),
            seed=self.seed.take(),
            model=self.model.value,
            system=self._style.value,
            max_tokens=self._tokens.value(),
            temperature=self._temperature.value,
            top_p=self._top_p.value,
        )

    def on_started(self) -> None:
        self._recipe = None
        self._draft.clear()
        self._draft.setReadOnly(True)

    def on_preview(self, preview: Preview) -> None:
        if isinstance(preview, str):
            self._show(preview)

    def on_ended(self, job: Job) -> None:
        self._draft.setReadOnly(False)

    def show_running(self, job: Job | None) -> None:
        stop_or(self._go, self.VERB, job)

    def _show(self, text: str) -> None:
        """Show the words so far; only what is new is added, so that nothing flickers."""
        before = self._draft.toPlainText()
        if text.startswith(before):
            cursor = self._draft.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(before) :])
        else:
            self._draft.setPlainText(text)
        bar = self._draft.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_go(self) -> None:
        self.start(self.request, self.on_result)

    def on_result(self, request: Request, result: TextResult) -> None:
        self._show(result.text.strip())
        self._recipe = recipe_of(request, result.model)

    def _on_draft(self) -> None:
        written = bool(self._draft.toPlainText().strip())
        for widget in (self._place, self._caption, self._copy):
            widget.setEnabled(written)

    def _on_place(self) -> None:
        self.session.place_text(self._draft.toPlainText().strip(), recipe=self._recipe)

    def _on_caption(self) -> None:
        self.session.attempt(
            lambda: self.session.add_caption(" ".join(self._draft.toPlainText().split()))
        )

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._draft.toPlainText())

    def _on_document(self, before: Document, after: Document) -> None:
        self._caption.setVisible(after.kind is DocumentKind.SCENE)
        self._kept_title.setVisible(bool(after.words))
        if before is not after and before.words == after.words:
            return
        while self._kept.count():
            item = self._kept.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for words in after.words:
            line = button(_shortened(words), "example", tip=words)
            line.setMinimumWidth(40)
            line.clicked.connect(lambda _=False, words=words: self._draft.setPlainText(words))
            self._kept.addWidget(line, 0, Qt.AlignmentFlag.AlignTop)


def _shortened(words: str, limit: int = 38) -> str:
    words = " ".join(words.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
