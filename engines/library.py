"""The catalog's own files: what the user registered, hashes and headers already read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.api import BadRequest

log = logging.getLogger(__name__)

VERSION = 2
"""Of the library: 2 has folders, and what is hidden in them, beside the models."""

HASHES_VERSION = 1
SEEN_VERSION = 2
"""Raised with every change of what is recognised, so that all is looked at anew."""

_CHUNK_BYTES = 2**20


def fingerprint(path: Path) -> str:
    """Return a value that changes when a file of the model does: names, sizes, times."""
    files = [path] if path.is_file() else [*path.glob("*"), *path.glob("*/*")]
    digest = hashlib.sha256()
    for file in sorted(files):
        with contextlib.suppress(OSError):
            stat = file.stat()
            digest.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the user registered.

    Attributes:
        models: Id -> path of single models.
        folders: Folders that are walked for models, oldest first.
        hidden: Paths of models in these folders that are not wanted.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Register:
    """`library.json`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> str:
        """Return a value that changes when the file does."""
        return fingerprint(self._path)

    def read(self) -> Registered:
        """Return what is registered; a file that cannot be read counts as empty."""
        data = _read(self._path, VERSION)
        models = data.get("models")
        pairs = models.items() if isinstance(models, dict) else ()
        return Registered(
            models={k: v for k, v in pairs if isinstance(k, str) and isinstance(v, str)},
            folders=_texts(data.get("folders")),
            hidden=_texts(data.get("hidden")),
        )

    def write(self, registered: Registered) -> None:
        """Replace what is registered.

        Raises:
            BadRequest: the file cannot be written, or is of a newer version.
        """
        data = _parse(self._path)
        if data is not None and data["version"] > VERSION:
            raise BadRequest(f"a newer version of the studio keeps the library {self._path}")
        try:
            if data is None and self._path.exists():
                self._path.replace(self._path.with_suffix(".json.broken"))
            write_json(
                self._path,
                {
                    "version": VERSION,
                    "models": dict(registered.models),
                    "folders": list(registered.folders),
                    "hidden": list(registered.hidden),
                },
            )
        except OSError as error:
            raise BadRequest(
                f"the library {self._path} cannot be written ({error.strerror})"
            ) from error


class Seen:
    """`models.json` in the cache: path -> the state of its files, and what they were found to be.

    Only the newest scan's entries are kept. What cannot be read is rebuilt.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, tuple[str, dict[str, Any]]] | None = None
        self._changed = False

    def get(self, path: str, state: str) -> dict[str, Any] | None:
        """Return what was found at a path while its files were in that state."""
        known = self._load().get(path)
        return known[1] if known is not None and known[0] == state else None

    def put(self, path: str, state: str, found: dict[str, Any]) -> None:
        """Note what was found; `keep` writes it."""
        self._load()[path] = (state, found)
        self._changed = True

    def keep(self, paths: Set[str]) -> None:
        """Write the entries of these paths and forget all others."""
        if not self._changed and len(self._load()) == len(paths):
            return
        self._changed = False
        self._entries = {p: e for p, e in self._load().items() if p in paths}
        data = {"version": SEEN_VERSION, "models": self._entries}
        try:
            write_json(self._path, data, indent=None)
        except OSError:
            log.warning("%s cannot be written; models will be looked at again", self._path)

    def _load(self) -> dict[str, tuple[str, dict[str, Any]]]:
        if self._entries is None:
            data = _parse(self._path)
            same = data is not None and data["version"] == SEEN_VERSION
            models = data.get("models") if same and data is not None else None
            entries = models.items() if isinstance(models, dict) else ()
            self._entries = {
                path: (entry[0], entry[1])
                for path, entry in entries
                if isinstance(entry, list)
                and len(entry) == 2
                and isinstance(entry[0], str)
                and isinstance(entry[1], dict)
            }
        return self._entries


class Hashes:
    """`hashes.json`: a model's state -> the sha256 of its weights."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, str] | None = None
        self._places: set[str] = set()

    def knows(self, model: Path) -> bool:
        """Say whether a hash was ever computed for this file, or for one in this folder."""
        with self._lock:
            self._load()
            return str(model) in self._places

    def sha256(
        self,
        model: Path,
        files: Sequence[Path],
        *,
        compute: bool,
        keep_on: Callable[[], None] = lambda: None,
    ) -> str:
        """Return the hash of one file, or of the list of a folder's files and hashes.

        `keep_on` is called between chunks and may raise. Returns an empty
        string if it was never computed and `compute` is not set.
        """
        state = _state(files)
        with self._lock:
            known = self._load()
            if state in known or not compute:
                return known.get(state, "")
        value = _hash(model, files, keep_on)
        with self._lock:
            self._load()[state] = value
            self._places |= _places(state)
            try:
                write_json(self._path, {"version": HASHES_VERSION, "hashes": self._load()})
            except OSError:
                log.warning("%s cannot be written; hashes will be computed again", self._path)
        return value

    def _load(self) -> dict[str, str]:
        if self._known is None:
            hashes = _read(self._path, HASHES_VERSION).get("hashes")
            self._known = dict(hashes) if isinstance(hashes, dict) else {}
            for state in self._known:
                self._places |= _places(state)
        return self._known


def _state(files: Sequence[Path]) -> str:
    return "|".join(
        f"{file.absolute()}:{stat.st_size}:{stat.st_mtime_ns}"
        for file in files
        for stat in [file.stat()]
    )


def _places(state: str) -> set[str]:
    """Return the files of a state and the two folders above each: one of them is the model."""
    files = [Path(part.rsplit(":", 2)[0]) for part in state.split("|")]
    return {str(place) for file in files for place in (file, file.parent, file.parent.parent)}


def _hash(model: Path, files: Sequence[Path], keep_on: Callable[[], None]) -> str:
    if model.is_file():
        return _file_hash(model, keep_on)
    listing = hashlib.sha256()
    for file in files:
        listing.update(
            f"{file.relative_to(model).as_posix()}\0{_file_hash(file, keep_on)}\n".encode()
        )
    return listing.hexdigest()


def _file_hash(path: Path, keep_on: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            keep_on()
            digest.update(chunk)
    return digest.hexdigest()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(x for x in value if isinstance(x, str)) if isinstance(value, list) else ()


def _read(path: Path, version: int) -> dict[str, Any]:
    """Return the file's object; empty if there is none this version can read."""
    data = _parse(path)
    return {} if data is None or data["version"] > version else data


def _parse(path: Path) -> dict[str, Any] | None:
    """Return an object with a version number, or None."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and type(data.get("version")) is int else None


def write_json(path: Path, data: dict[str, Any], *, indent: int | None = 1) -> None:
    """Write beside the goal, then replace it."""
    text = json.dumps(data, indent=indent, sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
