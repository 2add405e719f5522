"""What can be wrong with a project file; each reason is one plain sentence part."""

from __future__ import annotations


class DocumentError(Exception):
    """A project file cannot be read; `reason` completes "Cannot open the project: ..."."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SaveError(DocumentError):
    """A project file cannot be written; the file that was there is whole."""
