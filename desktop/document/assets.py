"""Pictures, scores and sounds of a project, each named by the sha256 of its bytes."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

_SUFFIX = re.compile(r"[a-z0-9]{1,8}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_sha256(name: str) -> bool:
    """Say whether `name` could name an asset."""
    return _SHA256.fullmatch(name) is not None


class AssetStore:
    """Keep files by content; adding the same bytes twice keeps one.

    In memory, or in `folder` as `<sha256>.<suffix>`. Every method may be
    called from any thread. Nothing is ever changed or taken away, so a
    document's references stay good through undo.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._suffixes: dict[str, str] = {}
        self._data: dict[str, bytes] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.iterdir()):
                if is_sha256(path.stem) and _SUFFIX.fullmatch(path.suffix[1:]):
                    self._suffixes[path.stem] = path.suffix[1:]

    def add(self, data: bytes, suffix: str) -> str:
        """Keep `data` and return its sha256; `suffix` is like "png", with or without a dot.

        Raises:
            ValueError: the suffix is not one to eight letters or digits.
        """
        suffix = suffix.removeprefix(".").lower()
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"{suffix!r} is no suffix of a file")
        sha256 = hashlib.sha256(data).hexdigest()
        with self._lock:
            if sha256 not in self._suffixes:
                self._keep(sha256, suffix, data)
                self._suffixes[sha256] = suffix
        return sha256

    def _keep(self, sha256: str, suffix: str, data: bytes) -> None:
        if self._folder is None:
            self._data[sha256] = data
            return
        path = self._folder / f"{sha256}.{suffix}"
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)

    def read(self, sha256: str) -> bytes:
        """Return the bytes of an asset.

        Raises:
            KeyError: no such asset was added.
        """
        with self._lock:
            suffix = self._suffixes[sha256]
            if self._folder is None:
                return self._data[sha256]
        return (self._folder / f"{sha256}.{suffix}").read_bytes()

    def suffix(self, sha256: str) -> str:
        """Return an asset's suffix, without a dot.

        Raises:
            KeyError: no such asset was added.
        """
        with self._lock:
            return self._suffixes[sha256]

    def __contains__(self, sha256: object) -> bool:
        with self._lock:
            return sha256 in self._suffixes

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(tuple(self._suffixes))

    def __len__(self) -> int:
        with self._lock:
            return len(self._suffixes)
