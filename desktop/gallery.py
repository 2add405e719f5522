"""Every picture that was made here, remembered across restarts.

The pictures lie as PNG files in the user's data folder, each with its recipe
inside; a small database beside them holds what the list shows. So a database
that breaks is made anew from the files, and a picture outlives both windows
and versions.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from desktop.document.model import Recipe
from desktop.document.picture_metadata import (
    MetadataError,
    read_settings,
    with_settings,
    without_settings,
)
from desktop.gallery_files import RATINGS, PictureFiles
from desktop.picture_recipes import name_of, recipe_like, settings_of, settled
from desktop.recipes import parts_of, recipe_of
from desktop.render.pictures import PictureError, sort_of, thumbnail_jpeg
from engines.api import ImageResult, Request

log = logging.getLogger(__name__)

T = TypeVar("T")

VERSION = 1
THUMB_PX = 176
MOST_FOUND = 100_000

_TABLES = """
CREATE TABLE IF NOT EXISTS pictures (
  id INTEGER PRIMARY KEY, made_s REAL NOT NULL, asset TEXT NOT NULL, print TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, words TEXT NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL,
  seed INTEGER NOT NULL, request TEXT NOT NULL, rating INTEGER NOT NULL,
  width_px INTEGER NOT NULL, height_px INTEGER NOT NULL, size_bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS thumbnails (id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_time ON pictures (made_s DESC, id DESC);
CREATE INDEX IF NOT EXISTS by_asset ON pictures (asset);
"""
_COLUMNS = "id, made_s, asset, name, kind, model, seed, request, rating, width_px, height_px"
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)
"""Troubles that are not the database's own: it is asked again later."""

_ASSET = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One picture of the history; `asset` is its sha256, `made_s` seconds since 1970."""

    id: int
    made_s: float
    asset: str
    name: str
    recipe: Recipe
    rating: int
    width_px: int
    height_px: int


class Gallery:
    """The pictures of one folder. Any thread may ask; nothing is opened before the first does."""

    def __init__(self, folder: Path | None = None, *, most_bytes: int = 4_000_000_000) -> None:
        """Keep pictures in `folder`; without one, only as long as this object lives.

        Args:
            most_bytes: What the files may take; the oldest with the fewest stars go first.
        """
        self._files = PictureFiles(folder)
        self._base: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._broken = False
        self.most_bytes = most_bytes

    def add(
        self, png: bytes, recipe: Recipe, *, name: str, made_s: float = 0.0, rating: int = 0
    ) -> int:
        """Remember a picture; the very same one only once, as the newest. Returns its id.

        Raises:
            PictureError, OSError: it is no picture, or cannot be written.
        """
        sort = sort_of(png)
        asset = hashlib.sha256(png).hexdigest()
        thumbnail = thumbnail_jpeg(png, THUMB_PX)
        path = self._files.find(asset) or self._files.write(asset, _with_recipe(png, recipe))
        values = {
            "made_s": made_s or time.time(),
            "asset": asset,
            "print": _print(asset, recipe),
            "name": name,
            "words": _words(recipe, name),
            "kind": recipe.kind,
            "model": recipe.model,
            "seed": recipe.seed,
            "request": recipe.request,
            "rating": rating,
            "width_px": sort.width_px,
            "height_px": sort.height_px,
            "size_bytes": path.stat().st_size,
        }
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        line = (
            f"INSERT INTO pictures ({names}) VALUES ({marks}) "
            "ON CONFLICT (print) DO UPDATE SET made_s = excluded.made_s RETURNING id"
        )

        def insert(base: sqlite3.Connection) -> int:
            picture = int(base.execute(line, values).fetchone()[0])
            base.execute("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", (picture, thumbnail))
            return picture

        return self._ask(insert)

    def keep_start(self, png: bytes) -> None:
        """Keep a picture that others were started from, as long as one of them is there."""
        self._files.write_start(hashlib.sha256(png).hexdigest(), png)

    def find(self, words: str = "", *, least_rating: int = 0) -> list[int]:
        """Return the ids of pictures with all these words and stars, newest first."""
        wanted = [word for word in words.casefold().split() if word][:20]
        tests = ["words LIKE ? ESCAPE '\\'"] * len(wanted)
        told: list[str | int] = [f"%{_escaped(word)}%" for word in wanted]
        if least_rating:
            tests.append("rating >= ?")
            told.append(least_rating)
        where = f"WHERE {' AND '.join(tests)} " if tests else ""
        line = f"SELECT id FROM pictures {where}ORDER BY made_s DESC, id DESC LIMIT {MOST_FOUND}"
        found = self._ask(lambda base: base.execute(line, told).fetchall())
        return [row[0] for row in found]

    def get(self, picture: int) -> Kept | None:
        """Return a picture's entry; None if it is gone."""
        line = f"SELECT {_COLUMNS} FROM pictures WHERE id = ?"
        row = self._ask(lambda base: base.execute(line, (picture,)).fetchone())
        if row is None:
            return None
        number, made_s, asset, name, kind, model, seed, request, *rest = row
        recipe = Recipe(kind=kind, model=model, seed=seed, request=request)
        rating, width_px, height_px = rest
        return Kept(
            id=number,
            made_s=made_s,
            asset=asset,
            name=name,
            recipe=recipe,
            rating=rating,
            width_px=width_px,
            height_px=height_px,
        )

    def thumbnail(self, picture: int) -> bytes:
        """Return a picture's small copy as a JPEG; empty if it is gone."""
        line = "SELECT jpeg FROM thumbnails WHERE id = ?"
        row = self._ask(lambda base: base.execute(line, (picture,)).fetchone())
        return bytes(row[0]) if row is not None else b""

    def read(self, asset: str) -> bytes:
        """Return a picture as it was made, or one that others were started from.

        Raises:
            KeyError: it is not here.
        """
        path, start = self._files.find(asset), self._files.find_start(asset)
        with contextlib.suppress(OSError):
            if path is not None:
                return without_settings(path.read_bytes())
            if start is not None:
                return start.read_bytes()
        raise KeyError(asset)

    def rate(self, picture: int, rating: int) -> None:
        """Give a picture 0 to 5 stars; they stand in its file's name, too."""
        kept = self.get(picture)
        if kept is None or rating not in RATINGS:
            return
        line = "UPDATE pictures SET rating = ? WHERE id = ?"
        self._ask(lambda base: base.execute(line, (rating, picture)))
        self._files.rate(kept.asset, rating)

    def remove(self, pictures: Iterable[int]) -> None:
        """Forget pictures and take their files away, if no other entry shows the same."""
        for picture in pictures:
            kept = self.get(picture)
            if kept is None:
                continue
            self._delete(picture)
            if not self._count("asset = ?", kept.asset):
                self._files.remove(kept.asset)
            for asset in _ASSET.findall(kept.recipe.request):
                if not self._count("request LIKE ?", f"%{asset}%"):
                    self._files.remove_start(asset)

    def trim(self) -> int:
        """Forget what is beyond the room there is, the oldest with the fewest stars first."""
        total = self._ask(lambda b: b.execute("SELECT SUM(size_bytes) FROM pictures").fetchone()[0])
        over = (total or 0) - self.most_bytes
        line = "SELECT id, size_bytes FROM pictures ORDER BY rating, made_s, id LIMIT 1000"
        gone: list[int] = []
        while over > 0:
            rows = self._ask(lambda base: base.execute(line).fetchall())
            if not rows:
                break
            for picture, size_bytes in rows:
                if over <= 0:
                    break
                self.remove((picture,))
                gone.append(picture)
                over -= size_bytes
        return len(gone)

    def mend(self) -> None:
        """Enter the pictures that lie in the folder again, if the database had to be made anew."""
        if not self._broken:
            return
        self._broken = False
        for path, rating in self._files.all():
            with contextlib.suppress(OSError, PictureError, MetadataError):
                self._enter(path, rating)

    def close(self) -> None:
        """End the use of the folder; a lent one goes."""
        with self._lock:
            if self._base is not None:
                self._base.close()
                self._base = None
            self._files.close()

    def _delete(self, picture: int) -> None:
        def delete(base: sqlite3.Connection) -> None:
            base.execute("DELETE FROM pictures WHERE id = ?", (picture,))
            base.execute("DELETE FROM thumbnails WHERE id = ?", (picture,))

        self._ask(delete)

    def _count(self, test: str, value: str) -> int:
        line = f"SELECT COUNT(*) FROM pictures WHERE {test}"
        return int(self._ask(lambda base: base.execute(line, (value,)).fetchone()[0]))

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the database; one that is broken is put aside, and an empty one is asked.

        Raises:
            OSError: it cannot be used now: it is locked, or the disk is full.
        """
        with self._lock:
            try:
                with self._opened() as base:
                    return question(base)
            except sqlite3.DatabaseError as problem:
                if (getattr(problem, "sqlite_errorcode", 1) & 0xFF) in _PASSING:
                    raise OSError(f"the history of pictures: {problem}") from problem
                log.warning("The history of pictures is made anew: %s", problem)
            self._put_aside()
            try:
                with self._opened() as base:
                    return question(base)
            except sqlite3.DatabaseError as problem:
                raise OSError(f"the history of pictures: {problem}") from problem

    def _opened(self) -> sqlite3.Connection:
        if self._base is None:
            path = self._files.folder / "pictures.db"
            base = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
            self._base = base
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise sqlite3.DatabaseError(f"it is of version {version}")
            base.executescript(_TABLES)
            base.execute(f"PRAGMA user_version = {VERSION}")
        return self._base

    def _put_aside(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None
        self._broken = True
        for name in ("pictures.db", "pictures.db-wal", "pictures.db-shm"):
            with contextlib.suppress(OSError):
                (self._files.folder / name).replace(self._files.folder / f"{name}.broken")

    def _enter(self, path: Path, rating: int) -> None:
        """Enter one file by what it says about itself."""
        data = path.read_bytes()
        settings = read_settings(data)
        if settings is not None:
            name = " ".join(settings.prompt.split())[:40] or "Picture"
            png, made_s = without_settings(data), path.stat().st_mtime
            self.add(png, recipe_like(settings), name=name, made_s=made_s, rating=rating)


def enter(gallery: Gallery, request: Request, result: ImageResult) -> list[int]:
    """Put the pictures of a result into the history; the sheets of a grid come last.

    Raises:
        OSError: the history cannot be written.
    """
    for data in parts_of(request):
        gallery.keep_start(data)
    name = name_of(request)
    asked = (settled(request, result, number) for number in range(len(result.pictures)))
    added = [
        gallery.add(picture.png, recipe_of(one, result.model), name=name)
        for picture, one in zip(result.pictures, asked, strict=True)
    ]
    whole = recipe_of(request, result.model)
    added += [gallery.add(sheet, whole, name=f"Grid: {name}") for sheet in result.sheets]
    gallery.mend()
    gallery.trim()
    return added


def _with_recipe(png: bytes, recipe: Recipe) -> bytes:
    """Put a picture's recipe into its file; one that takes none stays as it is."""
    try:
        return with_settings(png, settings_of(recipe))
    except MetadataError:
        return png


def _words(recipe: Recipe, name: str) -> str:
    """Return what a search looks through, in small letters."""
    settings = settings_of(recipe)
    loras = (lora.name for lora in settings.loras)
    parts = (settings.prompt, settings.negative, recipe.model, name, str(recipe.seed), *loras)
    return "\n".join(parts).casefold()


def _print(asset: str, recipe: Recipe) -> str:
    text = "\0".join((asset, recipe.kind, recipe.model, str(recipe.seed), recipe.request))
    return hashlib.sha256(text.encode()).hexdigest()


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
