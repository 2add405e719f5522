"""Turn documents into plain JSON values and back, checking every value on the way in.

Frozen dataclasses become objects, tuples lists, enums their values. A layer
carries its class as "type". Fields that this version does not know are kept
in `Document.extra` by the place they were found at, and written back there.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from desktop.document import model
from desktop.document.checks import check_document
from desktop.document.model import Document
from desktop.document.problems import DocumentError

_LAYERS: dict[str, type] = {
    "picture": model.PictureLayer,
    "text": model.TextLayer,
    "shape": model.ShapeLayer,
    "group": model.GroupLayer,
}
_TYPE_NAMES = {layer: name for name, layer in _LAYERS.items()}

Unknown = dict[str, dict[str, Any]]
"""Fields of newer versions: place -> name -> value."""


def to_dict(document: Document) -> dict[str, Any]:
    """Return the document as JSON values, unknown fields of newer versions put back."""
    unknown: Unknown = json.loads(document.extra)
    data = _encode(document, "", unknown)
    del data["extra"]
    return dict(data)


def from_dict(data: dict[str, Any]) -> Document:
    """Build and check a document.

    Raises:
        DocumentError: a value is missing, of the wrong type or out of range.
    """
    unknown: Unknown = {}
    plain = {name: value for name, value in data.items() if name != "extra"}
    try:
        document = _decode(Document, plain, "", unknown)
    except TypeError as problem:  # a field without a default is missing
        raise DocumentError(f"a value is missing in it ({problem})") from problem
    assert isinstance(document, Document)
    check_document(document)
    if unknown:
        extra = json.dumps(unknown, ensure_ascii=False, sort_keys=True)
        document = replace(document, extra=extra)
    return document


def _encode(value: Any, place: str, unknown: Unknown) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        place = getattr(value, "id", place)
        data = {
            f.name: _encode(getattr(value, f.name), f"{place}/{f.name}", unknown)
            for f in fields(value)
        }
        name = _TYPE_NAMES.get(type(value))
        known = {"type": name, **data} if name else data
        return {**unknown.get(place, {}), **known}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_encode(x, f"{place}/{i}", unknown) for i, x in enumerate(value)]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, value: Any, place: str, unknown: Unknown) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), value, place, unknown)
    if origin is tuple:
        return _decode_tuple(get_args(kind), value, place, unknown)
    if is_dataclass(kind):
        return _decode_object(kind, value, place, unknown)  # type: ignore[arg-type]
    if issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError as problem:
            raise _wrong(place, value) from problem
    return _PLAIN[kind](value, place)


def _decode_union(kinds: tuple[Any, ...], value: Any, place: str, unknown: Unknown) -> Any:
    if type(None) in kinds and value is None:
        return None
    real = [kind for kind in kinds if kind is not type(None)]
    if len(real) == 1:
        return _decode(real[0], value, place, unknown)
    name = value.get("type") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in _LAYERS:
        raise DocumentError(f"it holds a layer of an unknown type at {place or 'the top'}")
    rest = {key: item for key, item in value.items() if key != "type"}
    return _decode_object(_LAYERS[name], rest, place, unknown)


def _decode_tuple(kinds: tuple[Any, ...], value: Any, place: str, unknown: Unknown) -> Any:
    if not isinstance(value, list):
        raise _wrong(place, value)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _wrong(place, value)
    return tuple(
        _decode(kind, item, f"{place}/{i}", unknown)
        for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _decode_object(kind: type, value: Any, place: str, unknown: Unknown) -> Any:
    if not isinstance(value, dict):
        raise _wrong(place, value)
    hints = _hints(kind)
    if "id" in hints:
        place = _text(value.get("id"), f"{place}/id")
    strange = {name: item for name, item in value.items() if name not in hints}
    if strange:
        unknown[place] = strange
    return kind(
        **{
            name: _decode(hints[name], item, f"{place}/{name}", unknown)
            for name, item in value.items()
            if name in hints
        }
    )


def _wrong(place: str, value: Any) -> DocumentError:
    shown = repr(value)
    return DocumentError(f"{place.strip('/') or 'the top'} cannot be {shown[:40]}")


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(place, value)
    try:
        value.encode()
    except UnicodeEncodeError as problem:  # half of a surrogate pair
        raise _wrong(place, value) from problem
    return value


def _real(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(place, value)
    if not abs(value) < 1e9 or not math.isfinite(value):
        raise _wrong(place, value)
    return float(value)


def _whole(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**53:
        raise _wrong(place, value)
    return value


def _truth(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(place, value)
    return value


_PLAIN: dict[Any, Callable[[Any, str], Any]] = {
    str: _text,
    float: _real,
    int: _whole,
    bool: _truth,
}
