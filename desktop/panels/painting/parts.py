"""Which parts of the library suit a model, and how they are called in lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from desktop.panels.controls import Choice
from engines.api import ModelSpec, Role

WITH_CLIP = frozenset(("stable-diffusion", "stable-diffusion-2", "stable-diffusion-xl"))
"""Families whose words go through CLIP alone: layers of it can be left out, words added."""


def suiting(
    specs: Sequence[ModelSpec], model: ModelSpec | None, *roles: Role
) -> tuple[ModelSpec, ...]:
    """Return the parts that a model takes; all of them if the model is not known.

    Those that do not say what they belong to are offered, too.
    """
    those = (spec for spec in specs if spec.role in roles)
    if model is None:
        return tuple(those)
    if not model.base:
        return ()
    return tuple(spec for spec in those if spec.base in ("", model.base))


def listed(specs: Sequence[ModelSpec]) -> list[tuple[str, str]]:
    """Return (path, name) of each, for a list to choose from."""
    return [(spec.path, spec.name or spec.id) for spec in specs]


def choose(choice: Choice, value: str, words: str = "") -> None:
    """Take a value of a list, which gets it if it does not have it."""
    if value and choice.findData(value) < 0:
        choice.addItem(words or PurePath(value).stem, value)
    choice.set(value)
