"""The catalog's own files: the models the user registered, and hashes already computed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines.api import BadRequest

log = logging.getLogger(__name__)

VERSION = 1
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


class Registered:
    """`library.json`: id -> path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, str]:
        """Return what is registered; a file that cannot be read counts as empty."""
        models = _read(self._path).get("models")
        if not isinstance(models, dict):
            return {}
        return {k: v for k, v in models.items() if isinstance(k, str) and isinstance(v, str)}

    def put(self, model_id: str, path: str) -> None:
        """Register one model."""
        self._write({**self.all(), model_id: path})

    def drop(self, model_id: str) -> bool:
        """Forget one model; say whether it was there."""
        models = self.all()
        if model_id not in models:
            return False
        del models[model_id]
        self._write(models)
        return True

    def _write(self, models: dict[str, str]) -> None:
        data = _parse(self._path)
        if data is not None and data["version"] > VERSION:
            raise BadRequest(f"a newer version of the studio keeps the library {self._path}")
        try:
            if data is None and self._path.exists():
                self._path.replace(self._path.with_suffix(".json.broken"))
            write_json(self._path, {"version": VERSION, "models": models})
        except OSError as error:
            raise BadRequest(
                f"the library {self._path} cannot be written ({error.strerror})"
            ) from error


class Hashes:
    """`hashes.json`: a model's state -> the sha256 of its weights."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, str] | None = None

    def sha256(self, model: Path, files: Sequence[Path], *, compute: bool) -> str:
        """Return the hash of one file, or of the list of a folder's files and hashes.

        Returns an empty string if it was never computed and `compute` is not set.
        """
        state = _state(files)
        with self._lock:
            known = self._load()
            if state in known or not compute:
                return known.get(state, "")
        value = _hash(model, files)
        with self._lock:
            self._load()[state] = value
            try:
                write_json(self._path, {"version": VERSION, "hashes": self._load()})
            except OSError:
                log.warning("%s cannot be written; hashes will be computed again", self._path)
        return value

    def _load(self) -> dict[str, str]:
        if self._known is None:
            hashes = _read(self._path).get("hashes")
            self._known = dict(hashes) if isinstance(hashes, dict) else {}
        return self._known


def _state(files: Sequence[Path]) -> str:
    return "|".join(
        f"{file.absolute()}:{stat.st_size}:{stat.st_mtime_ns}"
        for file in files
        for stat in [file.stat()]
    )


def _hash(model: Path, files: Sequence[Path]) -> str:
    if model.is_file():
        return _file_hash(model)
    listing = hashlib.sha256()
    for file in files:
        listing.update(f"{file.relative_to(model).as_posix()}\0{_file_hash(file)}\n".encode())
    return listing.hexdigest()


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    """Return the file's object; empty if there is none this version can read."""
    data = _parse(path)
    return {} if data is None or data["version"] > VERSION else data


def _parse(path: Path) -> dict[str, Any] | None:
    """Return an object with a version number, or None."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and type(data.get("version")) is int else None


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write beside the goal, then replace it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
