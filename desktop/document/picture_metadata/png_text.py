"""The texts in a PNG file: read within bounds, put in, and taken out, its pixels untouched.

Portable Network Graphics (PNG) Specification, third edition, 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

from desktop.document.picture_metadata.described import MetadataError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_TEXT_BYTES = 4 * 2**20
"""One text, unpacked."""

MOST_TEXTS = 64
_MOST_CHUNKS = 400_000
_HEAD = struct.Struct(">I4s")


def read_texts(data: bytes) -> tuple[dict[str, str], bytes]:
    """Return the texts by their keywords, the first of each, and the Exif block if there is one.

    Raises:
        MetadataError: there are too many, one is damaged, or one unpacks to too much.
    """
    texts: dict[str, str] = {}
    exif = b""
    for kind, body in _chunks(data):
        if kind == b"eXIf" and not exif:
            exif = body[:MOST_TEXT_BYTES]
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            if len(texts) >= MOST_TEXTS:
                raise MetadataError(f"it holds more than {MOST_TEXTS} texts")
            keyword, text = _text(kind, body)
            texts.setdefault(keyword, text)
    return texts, exif


def with_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """Put texts behind a PNG's header, in their order; texts of the same keywords go.

    Raises:
        MetadataError: it is no PNG.
    """
    data = without_texts(data, texts)
    end = len(SIGNATURE) + _HEAD.size + 13 + 4
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR" or len(data) < end:
        raise MetadataError("it is no PNG file")
    added = b"".join(_text_chunk(keyword, text) for keyword, text in texts.items())
    return data[:end] + added + data[end:]


def without_texts(data: bytes, keywords: Mapping[str, str] | frozenset[str]) -> bytes:
    """Take the texts of these keywords out; the rest stays byte for byte."""
    kept, start, at = [], 0, len(SIGNATURE)
    for kind, body in _chunks(data):
        end = at + _HEAD.size + len(body) + 4
        keyword = body[:80].partition(b"\0")[0].decode("latin-1")
        if kind in (b"tEXt", b"zTXt", b"iTXt") and keyword in keywords:
            kept.append(data[start:at])
            start = end
        at = end
    return b"".join((*kept, data[start:])) if start else data


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each whole chunk up to the end or to where the file breaks off."""
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        if at + _HEAD.size > len(data):
            return
        size, kind = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if at + size + 4 > len(data) or kind == b"IEND":
            return
        yield kind, data[at : at + size]
        at += size + 4
    raise MetadataError("it has too many parts")


def _text(kind: bytes, body: bytes) -> tuple[str, str]:
    """Read one text chunk as keyword and text."""
    keyword, _, rest = body.partition(b"\0")
    packed, encoding = kind == b"zTXt", "latin-1"
    if packed:
        rest = rest[1:]  # how it is packed: there is only one way
    elif kind == b"iTXt":
        packed, encoding = rest[:1] == b"\1", "utf-8"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # language and translated keyword
    if packed:
        rest = _unpacked(rest)
    if len(rest) > MOST_TEXT_BYTES:
        raise MetadataError("what it says about its making is too long")
    text = rest.decode(encoding, "replace")
    if encoding == "latin-1" and not rest.isascii():
        text = _perhaps_utf8(rest, text)
    return keyword[:80].decode("latin-1"), text


def _perhaps_utf8(data: bytes, otherwise: str) -> str:
    """Read UTF-8 that a tool put where the standard wants Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return otherwise


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MOST_TEXT_BYTES + 1)
    except zlib.error as problem:
        raise MetadataError("what it says about its making is damaged") from problem
    if len(text) > MOST_TEXT_BYTES:
        raise MetadataError("what it says about its making unpacks to too much")
    return text


def _text_chunk(keyword: str, text: str) -> bytes:
    """Return a tEXt chunk, or an iTXt one if there are letters outside Latin-1."""
    try:
        kind, body = b"tEXt", keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        kind = b"iTXt"
        body = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    check = zlib.crc32(kind + body)
    return _HEAD.pack(len(body), kind) + body + struct.pack(">I", check)
