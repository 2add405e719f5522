"""Texts in PNG, JPEG and WebP files: found by the file's content, put in without a new encoding.

JPEG: ITU-T T.81, B.1 (markers), Exif in APP1. WebP: RFC 9649, 2.7 (the
extended format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from desktop.document.picture_metadata import exif, png_text
from desktop.document.picture_metadata.described import MetadataError

_MOST_PARTS = 10_000
_EXIF = b"Exif\0\0"
_JPEG_MOST_BYTES = 65_533
_HAS_EXIF, _HAS_ALPHA = 0x08, 0x10


def read_texts(data: bytes) -> dict[str, str]:
    """Return a picture's texts by keyword, as they stand in a PNG file.

    Raises:
        MetadataError: it is none of the three kinds, or hostile.
    """
    if data.startswith(png_text.SIGNATURE):
        texts, block = png_text.read_texts(data)
        return {**exif.read_texts(block), **texts}
    if data.startswith(b"\xff\xd8"):
        return exif.read_texts(_jpeg_exif(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        blocks = [body for kind, _, body in _riff_parts(data) if kind == b"EXIF"]
        return exif.read_texts(blocks[0]) if blocks else {}
    raise MetadataError("it is neither a PNG, a JPEG nor a WebP file")


def with_texts(data: bytes, *, software: str, ours: str, infotext: str) -> bytes:
    """Put our own text and one for other tools into a picture's file.

    A JPEG has 64 kB of room; what does not fit is left out, the words for
    other tools first.

    Raises:
        MetadataError: it is none of the three kinds.
    """
    if data.startswith(png_text.SIGNATURE):
        texts: Mapping[str, str] = {"parameters": infotext, "triptych": ours, "Software": software}
        return png_text.with_texts(data, texts)
    if data.startswith(b"\xff\xd8"):
        for comment, note in ((infotext, ours), ("", ours)):
            segment = _EXIF + exif.block(software=software, note=note, comment=comment)
            if len(segment) <= _JPEG_MOST_BYTES:
                return _jpeg_with(data, segment)
        return data
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_with(data, exif.block(software=software, note=ours, comment=infotext))
    raise MetadataError("it is neither a PNG, a JPEG nor a WebP file")


def _jpeg_exif(data: bytes) -> bytes:
    """Return the Exif block before a JPEG's first scan."""
    at = 2
    for _ in range(_MOST_PARTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return b""
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + size]
        if marker == 0xE1 and body.startswith(_EXIF):
            return body
        if marker in (0xDA, 0xD9):
            return b""
        at += 2 + max(2, size)
    return b""


def _jpeg_with(data: bytes, segment: bytes) -> bytes:
    """Put an APP1 segment behind a JPEG's beginning, after JFIF's own segment if there is one."""
    at = 2
    if data[2:4] == b"\xff\xe0":
        at += 2 + int.from_bytes(data[4:6], "big")
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[at:]


def _riff_parts(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield kind, place and content of a RIFF file's parts."""
    at = 12
    for _ in range(_MOST_PARTS):
        if at + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            return
        yield kind, at, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _webp_with(data: bytes, block: bytes) -> bytes:
    """Put an Exif block into a WebP file, which becomes one of the extended format."""
    parts = [(kind, body) for kind, _, body in _riff_parts(data) if kind != b"EXIF"]
    if not parts:
        raise MetadataError("the WebP file is empty")
    if parts[0][0] == b"VP8X":
        head = bytearray(parts.pop(0)[1])
    else:
        head = bytearray(_webp_head(*parts[0]))
    head[0] |= _HAS_EXIF
    last = [part for part in parts if part[0] == b"XMP "]
    rest = [part for part in parts if part[0] != b"XMP "]
    body = b"WEBP" + b"".join(
        _riff_part(kind, content)
        for kind, content in ((b"VP8X", bytes(head)), *rest, (b"EXIF", block), *last)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_head(kind: bytes, body: bytes) -> bytes:
    """Return the head of the extended format for a simple picture."""
    if kind == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        width_px, height_px = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_ALPHA if bits >> 28 & 1 else 0
    elif kind == b"VP8 " and len(body) >= 10:
        width_px, height_px = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        flags = 0
    else:
        raise MetadataError("the WebP file has no picture")
    sides = (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    return bytes((flags, 0, 0, 0)) + sides


def _riff_part(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
