"""Words out of foreign files, made fit to be shown and stored; and ids made of names."""

from __future__ import annotations

import re

LONGEST_LICENCE = 500

_LIMITS = (
    # A word in a licence's name -> what it means for an artist; the first that is in it tells.
    (re.compile(r"non[-_ ]?commercial|\bby-nc|\bnc\b", re.I), "Not for commercial work"),
    (re.compile(r"\bstability", re.I), "Commercial work only within the limits of its licence"),
    (re.compile(r"openrail|rail[-_+]", re.I), "Not for the harmful uses that its licence names"),
)


def identifier(text: str) -> str:
    """Make an id out of a file's name: small letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:80] or "model"


def clean(text: str, most: int) -> str:
    """Return one line of at most `most` letters that any screen and any file can take."""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    return " ".join(line.split())[:most]


def restrictions_of(licence: str) -> str:
    """Say what a licence forbids, as far as its name tells."""
    return next((words for mark, words in _LIMITS if mark.search(licence)), "")
