"""JSON out of foreign files: bounded, without duplicate keys and without NaN."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engines.api import ModelRefused

MOST_BYTES = 16 * 2**20


def read_object(
    path: Path, most_bytes: int = MOST_BYTES, *, endless: bool = False
) -> dict[str, Any]:
    """Return the JSON object in a file.

    `endless` allows what is no JSON: diffusers writes `-Infinity` among the
    settings of its samplers.

    Raises:
        ModelRefused: too large, not JSON, or not an object.
    """
    try:
        if path.stat().st_size > most_bytes:
            raise ModelRefused(str(path), f"it is larger than {most_bytes} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ModelRefused(str(path), f"it cannot be read ({error.strerror})") from error
    return parse_object(data, str(path), endless=endless)


def parse_object(data: bytes, path: str, *, endless: bool = False) -> dict[str, Any]:
    """Return the JSON object in `data`; `path` is for the refusal."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=float if endless else _no_constant,
        )
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _Refusal) else "it is not valid JSON"
        raise ModelRefused(path, reason) from error
    if not isinstance(value, dict):
        raise ModelRefused(path, "it is not a JSON object")
    return value


class _Refusal(ValueError):
    """A reason of ours, to be told from the parser's."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refusal(f"the name {twice[:80]!r} stands in it twice")
    return value


def _no_constant(name: str) -> Any:
    raise _Refusal(f"it holds {name}, which is not a number")
