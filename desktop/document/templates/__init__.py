"""The poster templates: each lays the same content out in its own way."""

from __future__ import annotations

import random
from collections.abc import Callable

from desktop.document.sheet import Sheet
from desktop.document.templates.arch import arch
from desktop.document.templates.band import band
from desktop.document.templates.cinema import cinema
from desktop.document.templates.gallery import gallery
from desktop.document.templates.split import split
from desktop.document.templates.stack import stack

__all__ = ["TEMPLATES", "choose"]

TEMPLATES: dict[str, Callable[[Sheet], None]] = {
    "arch": arch,
    "band": band,
    "cinema": cinema,
    "gallery": gallery,
    "split": split,
    "stack": stack,
}

_BY_MOOD = {
    "calm": ("gallery", "arch", "split"),
    "playful": ("band", "split", "stack"),
    "tense": ("stack", "band", "cinema"),
    "triumphant": ("band", "stack", "split"),
    "melancholy": ("arch", "cinema", "gallery"),
    "mysterious": ("cinema", "arch", "stack"),
    "romantic": ("arch", "gallery", "cinema"),
    "dark": ("cinema", "stack", "arch"),
    "epic": ("cinema", "stack", "band"),
    "hopeful": ("split", "gallery", "arch"),
}


def choose(mood: str, seed: int, *, wide: bool) -> str:
    """Return the template of a mood; the seed picks one of three."""
    if wide:  # the others need an upright page
        return "split"
    names = _BY_MOOD.get(mood, ("arch", "band", "gallery", "stack"))
    return random.Random(seed).choice(names)
