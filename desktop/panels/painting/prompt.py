"""The field of a picture's words: weights by keys, and what its signs mean."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

STEP = 0.1
LEAST, MOST = 0.1, 2.0

SYNTAX = (
    "<b>(word:1.2)</b> counts more, (word:0.8) less; Ctrl+Up and Ctrl+Down write it<br>"
    "<b>{red|blue}</b> one of them, another for each picture<br>"
    "<b>__colours__</b> a line of colours.txt in the library's folder “wildcards”<br>"
    "<b>a cat AND a fox</b> both, blended; <b>BREAK</b> begins a new part"
)

_GROUP = re.compile(r"\(([^()]*):\s*(\d*\.?\d+)\)")
_WORD = re.compile(r"[^\s,.;:|{}()\[\]]+")


def weighted(text: str, start: int, end: int, step: float) -> tuple[str, int, int]:
    """Change the weight of the selected words, or of the word at the cursor.

    Returns the text, and where in it the same words stand now. A weight of 1
    is not written.
    """
    if start == end:
        start, end = _word_at(text, start)
    if start == end:
        return text, start, end
    for group in _GROUP.finditer(text):
        if group.start() <= start and end <= group.end():
            words, weight = group[1], float(group[2])
            first, last = group.span()
            break
    else:
        words, weight, first, last = text[start:end], 1.0, start, end
    weight = min(MOST, max(LEAST, round(weight + step, 2)))
    plain = weight == 1.0
    written = words if plain else f"({words}:{weight:g})"
    begin = first if plain else first + 1
    return text[:first] + written + text[last:], begin, begin + len(words)


def _word_at(text: str, at: int) -> tuple[int, int]:
    for word in _WORD.finditer(text):
        if word.start() <= at <= word.end():
            return word.span()
    return at, at


class PromptEdit(QPlainTextEdit):
    """Words of a prompt; Ctrl+Up and Ctrl+Down weigh the one at the cursor."""

    def __init__(self, height_px: int) -> None:
        super().__init__()
        self.setFixedHeight(height_px)
        self.setTabChangesFocus(True)

    def add_word(self, word: str) -> None:
        """Write a word at the cursor, parted from the others by commas."""
        cursor = self.textCursor()
        text, at = self.toPlainText(), cursor.position()
        before, after = text[:at].rstrip(), text[at:].lstrip()
        lead = ", " if before and not before.endswith((",", "{", "(", "|")) else ""
        tail = ", " if after and not after.startswith((",", "}", ")", "|")) else ""
        cursor.insertText(f"{lead}{word}{tail}")
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: STEP, Qt.Key.Key_Down: -STEP}
        ctrl = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if ctrl == Qt.KeyboardModifier.ControlModifier and event.key() in steps:
            self.weigh(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def weigh(self, step: float) -> None:
        """Change the weight of what is selected or at the cursor; one step to undo."""
        cursor = self.textCursor()
        before = self.toPlainText()
        after, start, end = weighted(before, cursor.selectionStart(), cursor.selectionEnd(), step)
        if after == before:
            return
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(after)
        cursor.endEditBlock()
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
