"""Read the members of registry packages (npm `.tgz`, Debian `.deb`) without unpacking them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engines.api import BadRequest

MOST_MEMBER_BYTES: Final = 64_000_000
MOST_DEB_BYTES: Final = 400_000_000

_AR_MAGIC: Final = b"!<arch>\n"
_AR_HEADER_BYTES: Final = 60


def members(package: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Return path and content of each plain file whose path ends with one of `suffixes`.

    Raises:
        BadRequest: the package is broken.
    """
    try:
        content = _data_of(package) if package.suffix == ".deb" else package.read_bytes()
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if not member.isfile() or not member.name.endswith(suffixes):
                    continue
                file = archive.extractfile(member)
                if file is not None and member.size <= MOST_MEMBER_BYTES:
                    yield member.name, file.read()
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        raise BadRequest(f"{package.name} cannot be read as a package") from error


def _data_of(package: Path) -> bytes:
    """Return the tar archive of a Debian package, the member `data.tar.*` of an `ar` archive."""
    if package.stat().st_size > MOST_DEB_BYTES:
        raise ValueError("too large")
    content = package.read_bytes()
    if not content.startswith(_AR_MAGIC):
        raise ValueError("not an ar archive")
    place = len(_AR_MAGIC)
    while place + _AR_HEADER_BYTES <= len(content):
        name = content[place : place + 16].decode("ascii", "replace").strip()
        size = int(content[place + 48 : place + 58])
        place += _AR_HEADER_BYTES
        if name.startswith("data.tar"):
            return content[place : place + size]
        place += size + size % 2
    raise ValueError("no data in it")
