"""Read and write project files (`.triptych`), trusting nothing that comes in.

A project is a zip: `mimetype` first, `document.json`, `assets/<sha256>.<suffix>`
and `thumbnail.png`. Saving writes a temporary file beside the goal, flushes it
to the disk, reads it back, and only then lets it take the goal's place; so the
old file or the new one is there at every moment, whole.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

from desktop.document import strict_json
from desktop.document.assets import AssetStore
from desktop.document.backups import keep_backup
from desktop.document.codec import from_dict, to_dict
from desktop.document.migrations import MIN_READER, VERSION, migrate
from desktop.document.model import Document
from desktop.document.problems import DocumentError, SaveError
from desktop.document.replacing import replacing

__all__ = ["MIMETYPE", "DocumentError", "SaveError", "load", "save"]

MIMETYPE = b"application/vnd.triptych+zip"
SUFFIX = ".triptych"

_ASSET = re.compile(r"assets/([0-9a-f]{64})\.([a-z0-9]{1,8})")
_MAX_ENTRIES = 20000
_MAX_DOCUMENT_BYTES = 64 * 2**20
_MAX_ASSET_BYTES = 1 * 2**30
_MAX_TOTAL_BYTES = 8 * 2**30
_MAX_RATIO = 200  # deflate reaches 1032; honest JSON stays below 60
_RATIO_COUNTS_FROM_BYTES = 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_COMPRESSIBLE = frozenset({"mid", "wav", "svg"})


def save(path: Path, document: Document, assets: AssetStore, thumbnail_png: bytes = b"") -> None:
    """Write a project file; the one that was there becomes a backup.

    Raises:
        SaveError: it cannot be written; an old file is left as it was.
    """
    missing = [asset for asset in document.assets() if asset not in assets]
    if missing:
        raise SaveError(f"the picture or score {missing[0][:12]} is not at hand")
    try:
        with replacing(path) as part:
            with part.open("r+b") as file:
                _write(file, document, assets, thumbnail_png)
            if load(part)[0] != document:
                raise SaveError("what was written does not read back the same")
            keep_backup(path)
    except OSError as problem:
        raise SaveError(problem.strerror or str(problem)) from problem


def load(path: Path) -> tuple[Document, AssetStore]:
    """Read a project file.

    Raises:
        DocumentError: it is no project file, is damaged, hostile or too new.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(archive)
            data = _description(archive, entries)
            document = from_dict(data)
            assets = _read_assets(archive, entries)
    except OSError as problem:
        raise DocumentError(problem.strerror or "it cannot be read") from problem
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError) as problem:
        raise DocumentError("it is damaged or no Triptych project") from problem
    except (RuntimeError, ValueError, NotImplementedError, OverflowError) as problem:
        raise DocumentError("it is damaged or no Triptych project") from problem
    for asset in document.assets():
        if asset not in assets:
            raise DocumentError(f"the picture or score {asset[:12]} is missing from it")
    return document, assets


def _write(file: Any, document: Document, assets: AssetStore, thumbnail_png: bytes) -> None:
    description = {"version": VERSION, "min_reader": MIN_READER, "document": to_dict(document)}
    text = json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False)
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", MIMETYPE)
        _add(archive, "document.json", text.encode(), compress=True)
        kept = [asset for asset in document.ingredients() if asset in assets]
        for asset in sorted({*document.assets(), *kept}):
            suffix = assets.suffix(asset)
            name = f"assets/{asset}.{suffix}"
            _add(archive, name, assets.read(asset), compress=suffix in _COMPRESSIBLE)
        if thumbnail_png:
            _add(archive, "thumbnail.png", thumbnail_png)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, *, compress: bool = False) -> None:
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    archive.writestr(info, data)


def _checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MAX_ENTRIES:
        raise DocumentError(f"it holds {len(infos)} files; {_MAX_ENTRIES} is the most")
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        _check_entry(info)
        if info.filename in entries:
            raise DocumentError(f"it holds {info.filename[:60]!r} twice")
        entries[info.filename] = info
    if sum(info.file_size for info in infos) > _MAX_TOTAL_BYTES:
        raise DocumentError("it would unpack to more than 8 GB")
    for needed in ("mimetype", "document.json"):
        if needed not in entries:
            raise DocumentError(f"it is no Triptych project: {needed} is missing")
    if _read(archive, entries["mimetype"], len(MIMETYPE)) != MIMETYPE:
        raise DocumentError("it is no Triptych project")
    return entries


def _check_entry(info: zipfile.ZipInfo) -> None:
    # orig_filename is what the file says; zipfile cuts `filename` at a zero byte
    # and turns the system's separators into slashes.
    name = info.orig_filename
    parts = name.split("/")
    if (
        name != info.filename
        or name.startswith("/")
        or "\\" in name
        or ":" in name
        or ".." in parts
        or not name.isprintable()
    ):
        raise DocumentError(f"it holds a file with a forbidden name ({name[:60]!r})")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DocumentError(f"{name[:60]!r} in it is a link or a device")
    if info.flag_bits & 0x1:
        raise DocumentError("it is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DocumentError("it is packed in a way that is not read")
    if (
        info.file_size > _RATIO_COUNTS_FROM_BYTES
        and info.file_size > info.compress_size * _MAX_RATIO
    ):
        raise DocumentError(f"{name[:60]!r} in it unpacks to far more than it holds")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most_bytes: int) -> bytes:
    """Unpack one entry, never more than it may be, whatever its header says."""
    if info.file_size > most_bytes:
        raise DocumentError(f"{info.filename[:60]!r} in it is too large")
    with archive.open(info) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes or len(data) != info.file_size:
        raise DocumentError(f"{info.filename[:60]!r} in it is damaged")
    return data


def _description(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    text = _read(archive, entries["document.json"], _MAX_DOCUMENT_BYTES)
    data = migrate(strict_json.parse(text)).get("document")
    if not isinstance(data, dict):
        raise DocumentError("its description holds no document")
    return data


def _read_assets(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> AssetStore:
    assets = AssetStore()
    for name, info in entries.items():
        match = _ASSET.fullmatch(name)
        if match is None:
            if name.startswith("assets/") and not info.is_dir():
                raise DocumentError(f"{name[:60]!r} in it is no asset's name")
            continue
        data = _read(archive, info, _MAX_ASSET_BYTES)
        if hashlib.sha256(data).hexdigest() != match[1]:
            raise DocumentError(f"the picture or score {match[1][:12]} in it is damaged")
        assets.add(data, match[2])
    return assets
