"""The one way a set-up fails."""

from __future__ import annotations


class SetupFailure(Exception):
    """The set-up cannot go on; the text is a sentence for the user that says what to do."""
