"""Which characters a font file draws: its `cmap` table, read without Qt and from any thread.

OpenType specification, chapter "cmap"; formats 4 and 12, the ones in our fonts.
"""

from __future__ import annotations

import struct
from pathlib import Path


def covered_codes(path: Path) -> frozenset[int]:
    """Return the Unicode code points that the font at `path` has a glyph for."""
    data = path.read_bytes()
    count = struct.unpack_from(">H", data, 4)[0]
    for index in range(count):
        tag, _, start, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        if tag == b"cmap":
            return _read_cmap(data, start)
    raise ValueError(f"{path.name} has no cmap table")


def _read_cmap(data: bytes, start: int) -> frozenset[int]:
    codes: set[int] = set()
    for index in range(struct.unpack_from(">H", data, start + 2)[0]):
        offset = start + struct.unpack_from(">HHI", data, start + 4 + 8 * index)[2]
        kind = struct.unpack_from(">H", data, offset)[0]
        if kind == 4:
            codes |= _read_format_4(data, offset)
        elif kind == 12:
            codes |= _read_format_12(data, offset)
    return frozenset(codes)


def _read_format_4(data: bytes, offset: int) -> set[int]:
    segments = struct.unpack_from(">H", data, offset + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", data, offset + 14)
    starts = struct.unpack_from(f">{segments}H", data, offset + 16 + 2 * segments)
    return {
        code
        for first, last in zip(starts, ends, strict=True)
        if first != 0xFFFF  # the last segment only marks the end
        for code in range(first, last + 1)
    }


def _read_format_12(data: bytes, offset: int) -> set[int]:
    groups = struct.unpack_from(">I", data, offset + 12)[0]
    codes: set[int] = set()
    for index in range(groups):
        first, last, _ = struct.unpack_from(">III", data, offset + 16 + 12 * index)
        codes.update(range(first, last + 1))
    return codes
