"""Undo: the documents that were, and the words for what was done to them."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.document.model import Document

STEP_LIMIT = 300
"""How many edits can be taken back; documents share what did not change, so a step is small."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One edit: its words for the menu, and the documents on both sides."""

    text: str
    before: Document
    after: Document
    merge: str


class History:
    """A list of edits and a place in it."""

    def __init__(self) -> None:
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._sealed = True

    @property
    def undo_text(self) -> str:
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        return self._undone[-1].text if self._undone else ""

    @property
    def steps(self) -> int:
        return len(self._done)

    def add(self, text: str, before: Document, after: Document, merge: str = "") -> None:
        """Note an edit; one with the last one's `merge` key (if not empty) joins it."""
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if merge and last is not None and last.merge == merge and not self._sealed:
            self._done[-1] = _Step(text, last.before, after, merge)
        else:
            self._done.append(_Step(text, before, after, merge))
        self._sealed = False
        del self._done[: max(0, len(self._done) - STEP_LIMIT)]

    @property
    def last(self) -> object:
        """What tells the last step from others, by identity; None at the beginning."""
        return self._done[-1].before if self._done else None

    def amend(self, document: Document) -> None:
        """Let the last step lead to another document."""
        self._undone.clear()
        self.touch(document)

    def touch(self, document: Document) -> None:
        """Let the last step lead to a document that only knows more; redo stays possible."""
        if self._done:
            last = self._done[-1]
            self._done[-1] = _Step(last.text, last.before, document, last.merge)

    def seal(self) -> None:
        """Let the next edit be a step of its own whatever its merge key."""
        self._sealed = True

    def undo(self) -> Document | None:
        """Go one step back; the document that was, or None at the beginning."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._sealed = True
        return step.before

    def redo(self) -> Document | None:
        """Go one step forward again; None at the end."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._sealed = True
        return step.after

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self._sealed = True
