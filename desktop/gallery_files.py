"""Where the history's pictures lie: by their sha256, with their stars in the name."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from desktop.document.replacing import replacing

RATINGS = range(6)

_ASSET = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"([0-9a-f]{64})(?:-([1-5]))?\.png")


class PictureFiles:
    """The files of one folder; without one, of a folder that goes at the end."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lent: tempfile.TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder, made if need be."""
        if self._folder is None:
            self._lent = tempfile.TemporaryDirectory(prefix="triptych-history-")
            self._folder = Path(self._lent.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def find(self, asset: str) -> Path | None:
        """Return where a picture lies, with whatever stars."""
        if not _ASSET.fullmatch(asset):
            return None
        places = (self._place(asset, rating) for rating in RATINGS)
        return next((place for place in places if place.exists()), None)

    def write(self, asset: str, data: bytes) -> Path:
        """Write a picture's file whole; returns where it lies."""
        return _write(self._place(asset), data)

    def rate(self, asset: str, rating: int) -> None:
        """Write stars into a file's name."""
        path = self.find(asset)
        if path is not None:
            with contextlib.suppress(OSError):
                path.replace(self._place(asset, rating))

    def remove(self, asset: str) -> None:
        path = self.find(asset)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()

    def all(self) -> list[tuple[Path, int]]:
        """Return every picture's file with its stars, the oldest first."""
        found = [(path.stat().st_mtime, path, rating) for path, rating in self._walk()]
        return [(path, rating) for _, path, rating in sorted(found)]

    def find_start(self, asset: str) -> Path | None:
        """Return where a picture lies that others were started from."""
        place = self._start(asset)
        return place if _ASSET.fullmatch(asset) and place.exists() else None

    def write_start(self, asset: str, data: bytes) -> None:
        """Write a picture that others were started from."""
        if self.find_start(asset) is None:
            _write(self._start(asset), data)

    def remove_start(self, asset: str) -> None:
        with contextlib.suppress(OSError):
            self._start(asset).unlink()

    def close(self) -> None:
        """Take a lent folder away."""
        if self._lent is not None:
            self._lent.cleanup()
            self._lent = None

    def _walk(self) -> Iterator[tuple[Path, int]]:
        for folder in self.folder.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                match = _FILE.fullmatch(path.name)
                if match is not None:
                    yield path, int(match[2] or 0)

    def _place(self, asset: str, rating: int = 0) -> Path:
        stars = f"-{rating}" if rating else ""
        return self.folder / asset[:2] / f"{asset}{stars}.png"

    def _start(self, asset: str) -> Path:
        return self.folder / "starts" / f"{asset}.png"


def _write(place: Path, data: bytes) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as part:
        part.write_bytes(data)
    return place
