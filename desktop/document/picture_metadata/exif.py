"""Exif blocks as tools of generated pictures use them: a few tags, read within bounds, written.

Exif 2.32 (CIPA DC-008-2019), which is TIFF 6.0 inside. Fooocus puts the tags
of the Exif directory into the first one, so both are looked through.
"""

from __future__ import annotations

import re
import struct

DESCRIPTION, MAKE, MODEL, SOFTWARE = 0x010E, 0x010F, 0x0110, 0x0131
POINTER, MAKER_NOTE, USER_COMMENT = 0x8769, 0x927C, 0x9286
OURS = b"Triptych\0"
"""What our own maker note begins with."""

_WANTED = (DESCRIPTION, MAKE, MODEL, SOFTWARE, MAKER_NOTE, USER_COMMENT)
_BYTE_LIKE = (1, 2, 7)
"""Types of one byte each: BYTE, ASCII, UNDEFINED."""

_MOST_ENTRIES = 1000
_MOST_BYTES = 4 * 2**20
_NAMED = re.compile(r"\s*(prompt|workflow)\s*:\s*(?=\{)", re.IGNORECASE)


def read_texts(block: bytes) -> dict[str, str]:
    """Return what the tags say, under the keywords that the same tools use in PNG files.

    A block that is damaged gives what could be read of it.
    """
    tags = _tags(block.removeprefix(b"Exif\0\0"))
    texts: dict[str, str] = {}
    for tag in (DESCRIPTION, MAKE, MODEL):
        text = _plain(tags.get(tag, b""))
        match = _NAMED.match(text)
        if match is not None:
            texts.setdefault(match[1].lower(), text[match.end() :])
    note = tags.get(MAKER_NOTE, b"")
    if note.startswith(OURS):
        texts["triptych"] = _plain(note[len(OURS) :])
    elif note:
        texts["fooocus_scheme"] = _plain(note)[:20]
    if USER_COMMENT in tags:
        texts["parameters"] = _comment(tags[USER_COMMENT])
    if SOFTWARE in tags:
        texts["Software"] = _plain(tags[SOFTWARE])[:200]
    return texts


def block(*, software: str, note: str, comment: str) -> bytes:
    """Return an Exif block with our note (ASCII) and a comment for other tools."""
    data = software.encode("ascii", "replace") + b"\0"
    inner = [
        (MAKER_NOTE, 7, OURS + note.encode("ascii")),
        (USER_COMMENT, 7, b"UNICODE\0" + comment.encode("utf-16-be", "replace")),
    ]
    inner = [entry for entry in inner if len(entry[2]) > 9]
    first_size = 2 + 2 * 12 + 4
    inner_at = 8 + first_size + len(data) + len(data) % 2
    first = _directory([(SOFTWARE, 2, data), (POINTER, 4, struct.pack(">I", inner_at))], 8)
    return b"MM\0*\0\0\0\x08" + first + _directory(inner, inner_at)


def _directory(entries: list[tuple[int, int, bytes]], at: int) -> bytes:
    """Return a directory that lies at `at`, with its values behind it."""
    values_at = at + 2 + 12 * len(entries) + 4
    lines, values = [], b""
    for tag, kind, data in entries:
        count = 1 if kind == 4 else len(data)
        if len(data) <= 4:
            place = data.ljust(4, b"\0")
        else:
            place = struct.pack(">I", values_at + len(values))
            values += data + b"\0" * (len(data) % 2)
        lines.append(struct.pack(">HHI", tag, kind, count) + place)
    return struct.pack(">H", len(entries)) + b"".join(lines) + b"\0\0\0\0" + values


def _tags(tiff: bytes) -> dict[int, bytes]:
    """Return the values of the wanted tags of the first directory and the Exif one."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return {}
    found: dict[int, bytes] = {}
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    pointer = _read_directory(tiff, order, at, found)
    if pointer:
        _read_directory(tiff, order, pointer, found)
    return found


def _read_directory(tiff: bytes, order: str, at: int, found: dict[int, bytes]) -> int:
    """Add a directory's wanted values to `found`; returns where the Exif directory lies, or 0."""
    if at + 2 > len(tiff):
        return 0
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    pointer = 0
    for number in range(min(count, _MOST_ENTRIES)):
        entry = at + 2 + 12 * number
        if entry + 12 > len(tiff):
            break
        tag, kind, size = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag == POINTER:
            (pointer,) = struct.unpack_from(f"{order}I", tiff, entry + 8)
        elif tag in _WANTED and kind in _BYTE_LIKE and size <= _MOST_BYTES:
            (place,) = struct.unpack_from(f"{order}I", tiff, entry + 8)
            start = entry + 8 if size <= 4 else place
            if start + size <= len(tiff):
                found.setdefault(tag, tiff[start : start + size])
    return pointer


def _plain(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _comment(data: bytes) -> str:
    """Read a user comment: eight bytes that name the letters' code, then the text."""
    code, text = data[:8], data[8:]
    if code == b"UNICODE\0":
        return _utf16(text)
    if code in (b"ASCII\0\0\0", b"\0" * 8):
        return _plain(text)
    return _plain(data)


def _utf16(data: bytes) -> str:
    """Read UTF-16; which byte comes first, tools do not agree on and do not tell."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    little = data[1::2].count(0) > data[0::2].count(0)
    return data.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
