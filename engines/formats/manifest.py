"""`model.json`: what a folder model says about itself, beside its weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engines.api import Kind, ModelRefused
from engines.formats.json_reader import read_object

NAME = "model.json"
VERSION = 1

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_WORDS = ("name", "architecture", "licence", "source", "restrictions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The checked content of a `model.json`."""

    id: str
    kind: Kind
    name: str
    architecture: str
    licence: str = ""
    source: str = ""
    restrictions: str = ""


def read(folder: Path) -> Manifest | None:
    """Return the folder's manifest, or None if it has none.

    Raises:
        ModelRefused: it is there, but not what it should be.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    data = read_object(path)
    if data.get("version") != VERSION:
        raise ModelRefused(str(path), f"its version is {data.get('version')!r}, not {VERSION}")
    model_id, kind = data.get("id"), data.get("kind")
    if not isinstance(model_id, str) or not _ID.fullmatch(model_id):
        raise ModelRefused(str(path), f"{model_id!r} cannot be a model's id")
    if kind not in list(Kind):
        raise ModelRefused(str(path), f"there is no kind of model {kind!r}")
    words = {key: data.get(key, "") for key in _WORDS}
    if not all(isinstance(value, str) and len(value) < 10_000 for value in words.values()):
        raise ModelRefused(str(path), "its name, licence or source are not words")
    words["name"] = words["name"] or model_id
    return Manifest(id=model_id, kind=Kind(kind), **words)
