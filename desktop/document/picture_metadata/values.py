"""Numbers and words out of JSON from outside: bounded, finite, of the kind that is wanted."""

from __future__ import annotations

import math
import re
from typing import Any

from desktop.document import strict_json
from desktop.document.picture_metadata.described import MetadataError
from desktop.document.problems import DocumentError

MOST_JSON_BYTES = 4 * 2**20
MOST_LETTERS = 20_000
MOST_NAME_LETTERS = 200
MOST_LORAS = 32
MOST_GUIDES = 16

_WHOLE = re.compile(r"[+-]?\d{1,20}")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object in `text`; NaN and infinities in it become None.

    Raises:
        MetadataError: it is none, or too long or deep.
    """
    data = text.strip().strip("\0").encode("utf-8", "replace")
    if len(data) > MOST_JSON_BYTES:
        raise MetadataError("what it says about its making is too long")
    try:
        return strict_json.parse(data, constant=_nothing)
    except DocumentError as problem:
        raise MetadataError("what it says about its making is damaged") from problem


def words(value: Any, most: int = MOST_LETTERS) -> str:
    """Return a text, without control letters; empty if it is none."""
    if not isinstance(value, str):
        return ""
    value = value[:most].replace("\r\n", "\n")
    kept = "".join(letter for letter in value if letter in "\n\t" or letter.isprintable())
    return kept.strip()


def name(value: Any) -> str:
    """Return the name of a file, without folders and the suffix of weights."""
    text = words(value, 1000).replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = text.rpartition(".")
    known = suffix.lower() in ("safetensors", "ckpt", "pt", "pth", "bin", "gguf", "sft")
    return (stem if dot and known else text)[:MOST_NAME_LETTERS].strip()


def number(value: Any) -> float | None:
    """Return a finite number, also one that is written as a text."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def whole(value: Any) -> int | None:
    """Return a whole number of at most 20 digits, also one that is written as a text."""
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value.strip()) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**20 else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return None


def positive(value: Any) -> int | None:
    """Return a whole number above 0."""
    found = whole(value)
    return found if found is not None and found > 0 else None


def digest(value: Any) -> str:
    """Return a hash in lower case; empty if it is none."""
    text = words(value, 200).lower().rpartition(":")[2].removeprefix("0x")
    return text if _DIGEST.fullmatch(text) else ""


def table(value: Any) -> dict[str, Any]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any, most: int = MOST_LORAS) -> list[Any]:
    """Return the first `most` of a JSON list, or none."""
    return value[:most] if isinstance(value, list) else []


def _nothing(constant: str) -> None:
    """Read NaN, Infinity and -Infinity, which some tools write, as nothing."""
