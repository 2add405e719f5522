"""Read JSON from outside: no duplicate keys, no NaN, no bottomless nesting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from desktop.document.problems import DocumentError

_MAX_DEPTH = 64
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A string, which may end with the text so that none is looked at twice, or a bracket."""


def parse(data: bytes, *, constant: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """Return the object that `data` holds.

    Args:
        constant: reads NaN and the infinities, by their names; they are refused by default.

    Raises:
        DocumentError: it is not one well-formed JSON object.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise DocumentError("its description is not text") from problem
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=constant or _refuse_constant
        )
    except (ValueError, RecursionError) as problem:
        raise DocumentError("its description is damaged") from problem
    if not isinstance(value, dict):
        raise DocumentError("its description is no JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DocumentError("a name stands twice in its description")
    return found


def _refuse_constant(name: str) -> None:
    raise DocumentError(f"{name} is not a number")


def _check_depth(text: str) -> None:
    depth = 0
    for match in _TOKENS.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise DocumentError("its description is nested too deeply")
        elif match[0] in "]}":
            depth -= 1
