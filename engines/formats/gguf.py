"""The header of a GGUF file, read within bounds.

Every count is checked against the file's size before anything is made of it:
a file of 113 bytes must not cost gigabytes. Values of arrays are skipped.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.api import ModelRefused
from engines.formats.safetensors import Tensor

MAGIC = b"GGUF"
HEADER_BYTES = (2**18, 2**23, 2**26)
"""How much of a file is read for its header: little, and more only if that ends too soon."""

MOST_KEYS = 4096
MOST_TENSORS = 65536
MOST_TEXT_BYTES = 2**20
MOST_TEXTS = 2**20

_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_TEXT, _ARRAY = 8, 9

_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""ggml tensor type -> (elements in a block, bytes of a block)."""


@dataclass(frozen=True, slots=True)
class Header:
    """The file's own description.

    `values` holds scalars and texts only; shapes are in torch's order, the
    slowest axis first.
    """

    values: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def read_header(path: Path) -> Header:
    """Read and check the header of the GGUF file at `path`.

    Raises:
        ModelRefused: it is anything but a whole, honest GGUF file.
    """
    try:
        size_bytes = path.stat().st_size
        for most_bytes in HEADER_BYTES:
            with path.open("rb") as file:
                data = file.read(most_bytes)
            try:
                return _Reader(data).header(size_bytes)
            except _Short:
                if len(data) == size_bytes:
                    break
    except OSError as error:
        raise ModelRefused(str(path), f"it cannot be read ({error.strerror})") from error
    except _Broken as error:
        raise ModelRefused(str(path), str(error)) from error
    raise ModelRefused(str(path), "it is cut short, or its header is larger than any known model's")


class _Broken(Exception):
    """Why the file is refused."""


class _Short(Exception):
    """The header goes on after what was read of the file."""


class _Reader:
    """Walks over the bytes of a header; never past their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def header(self, size_bytes: int) -> Header:
        """Parse from magic to the tensors' places; `size_bytes` is the whole file's."""
        if self._take(4) != MAGIC:
            raise _Broken("it is not a GGUF file")
        version = self._number("<I")
        if version not in (2, 3):
            raise _Broken(f"its GGUF version is {version}, not 2 or 3")
        tensors, keys = self._number("<Q"), self._number("<Q")
        if tensors > min(MOST_TENSORS, size_bytes // 24) or keys > min(MOST_KEYS, size_bytes // 13):
            raise _Broken(f"it claims {tensors} tensors and {keys} values")
        values = self._values(keys)
        return Header(values, self._tensors(tensors, values, size_bytes))

    def _values(self, count: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for _ in range(count):
            key = self._text()
            if key in values:
                raise _Broken(f"the name {key[:80]!r} stands in it twice")
            values[key] = self._value(self._number("<I"))
        return values

    def _value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind not in _SCALARS:
            raise _Broken(f"it holds a value of the unknown type {kind}")
        return self._number(_SCALARS[kind])

    def _skip_array(self) -> None:
        kind, count = self._number("<I"), self._number("<Q")
        if kind in _SCALARS:
            self._take(count * struct.calcsize(_SCALARS[kind]), keep=False)
        elif kind == _TEXT:
            self._skip_texts(count)
        else:
            raise _Broken(f"it holds a list of the unknown type {kind}")

    def _skip_texts(self, count: int) -> None:
        if count > MOST_TEXTS:
            raise _Broken(f"a list in it claims {count} texts, more than any known model's")
        if count * 8 > len(self._data) - self._at:
            raise _Short
        at, length = self._at, struct.Struct("<Q").unpack_from
        try:
            for _ in range(count):
                at += 8 + length(self._data, at)[0]
        except struct.error as error:
            raise _Short from error
        self._take(at - self._at, keep=False)

    def _tensors(self, count: int, values: Mapping[str, Any], size_bytes: int) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        furthest = 0
        for _ in range(count):
            name = self._text()
            if name in tensors or ".." in name or "/" in name or "\\" in name:
                raise _Broken(f"the tensor name {name[:80]!r} is not an honest one")
            tensors[name], offset = self._tensor()
            furthest = max(furthest, offset + tensors[name].size_bytes)
        alignment = values.get("general.alignment", 32)
        if type(alignment) is not int or not 0 < alignment <= 65536:
            raise _Broken("its alignment is impossible")
        start = -(-self._at // alignment) * alignment
        if not count:
            raise _Broken("it holds no tensors")
        if start + furthest > size_bytes:
            raise _Broken("it is cut short")
        return tensors

    def _tensor(self) -> tuple[Tensor, int]:
        """Return the next described tensor, and where its data begins in all data."""
        dimensions = self._number("<I")
        if dimensions > 4:
            raise _Broken(f"a tensor has {dimensions} dimensions")
        shape = tuple(self._number("<Q") for _ in range(dimensions))[::-1]
        kind, offset = self._number("<I"), self._number("<Q")
        if kind not in _BLOCKS:
            raise _Broken(f"a tensor has the unknown type {kind}")
        block_elements, block_bytes = _BLOCKS[kind]
        size_bytes = -(-math.prod(shape) // block_elements) * block_bytes
        return Tensor(f"GGML{kind}", shape, size_bytes), offset

    def _text(self) -> str:
        length = self._number("<Q")
        if length > MOST_TEXT_BYTES:
            raise _Broken(f"a text in it claims {length} bytes")
        return self._take(length).decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int, *, keep: bool = True) -> bytes:
        if count > len(self._data) - self._at:
            raise _Short
        self._at += count
        return self._data[self._at - count : self._at] if keep else b""
