"""The header of a safetensors file, read without the library and without trust.

Format: 8 bytes little-endian header length, a JSON header, the tensors' bytes.
The library (0.8.0) accepts duplicate keys and `../` names; this reader does not.
https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.api import ModelRefused
from engines.formats.json_reader import parse_object
from engines.formats.refusals import (
    first_bytes,
    looks_like_text,
    looks_like_web_page,
    refuse_pickle,
)

MOST_HEADER_BYTES = 32 * 2**20
MOST_TENSORS = 100_000
MOST_COMMAS = 2_000_000
"""Each is checked in the raw bytes, before the parser makes objects of them."""

MOST_DIMENSIONS = 16

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Bits of one element of each type."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's type and shape."""

    dtype: str
    shape: tuple[int, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Header:
    """All that a file says about its tensors."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """Read and check the header of the safetensors file at `path`.

    Raises:
        ModelRefused: it is anything but a whole, honest safetensors file.
    """
    refuse_pickle(path)
    try:
        raw, data_bytes = _raw_header(path)
    except OSError as error:
        raise ModelRefused(str(path), f"it cannot be read ({error.strerror})") from error
    items = parse_object(raw, str(path))
    metadata = items.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ModelRefused(str(path), "its metadata is not a list of names and words")
    tensors: dict[str, Tensor] = {}
    spans: list[tuple[int, int]] = []
    for name, item in items.items():
        tensor, span = _tensor(name, item, path)
        tensors[name] = tensor
        spans.append(span)
    _check_spans(spans, data_bytes, path)
    return Header(tensors, metadata)


def _raw_header(path: Path) -> tuple[bytes, int]:
    """Return the JSON bytes, and how many bytes of tensors follow them."""
    head = first_bytes(path)
    size_bytes = path.stat().st_size
    if head.startswith(b"version https://git-lfs"):
        raise ModelRefused(str(path), "it is a Git LFS pointer, not the weights themselves")
    if looks_like_web_page(head):
        raise ModelRefused(str(path), "it is a web page, not a model; its download went wrong")
    if looks_like_text(head):
        raise ModelRefused(str(path), "it is a text file, not a safetensors file")
    header_bytes = int.from_bytes(head[:8], "little")
    if len(head) < 8 or head[8:9] not in (b"{", b""):
        raise ModelRefused(str(path), "it is not a safetensors file")
    if header_bytes > MOST_HEADER_BYTES:
        raise ModelRefused(str(path), f"its header claims {header_bytes} bytes")
    if not 2 <= header_bytes <= size_bytes - 8:
        raise ModelRefused(str(path), "it is cut short")
    with path.open("rb") as file:
        file.seek(8)
        raw = file.read(header_bytes)
    if raw.count(b"{") > MOST_TENSORS or raw.count(b"[") > 2 * MOST_TENSORS:
        raise ModelRefused(str(path), f"its header lists more than {MOST_TENSORS} tensors")
    if raw.count(b",") > MOST_COMMAS:
        raise ModelRefused(str(path), "its header holds more than any known model's")
    return raw, size_bytes - 8 - header_bytes


def _tensor(name: str, item: Any, path: Path) -> tuple[Tensor, tuple[int, int]]:
    """Check one entry of the header; return it and its place in the data."""
    if not _honest_name(name):
        raise ModelRefused(str(path), f"the tensor name {name[:80]!r} is not an honest one")
    try:
        dtype, shape, (begin, end) = item["dtype"], item["shape"], item["data_offsets"]
    except (TypeError, KeyError, ValueError) as error:
        raise ModelRefused(str(path), f"the tensor {name[:80]!r} is not described") from error
    numbers = [begin, end, *shape] if isinstance(shape, list) else [None]
    if any(type(n) is not int or not 0 <= n < 2**62 for n in numbers):
        raise ModelRefused(str(path), f"the tensor {name[:80]!r} has impossible numbers")
    if not isinstance(dtype, str) or dtype not in BITS or len(shape) > MOST_DIMENSIONS:
        raise ModelRefused(str(path), f"the tensor {name[:80]!r} has an unknown type")
    if (end - begin) * 8 != math.prod(shape) * BITS[dtype]:
        raise ModelRefused(str(path), f"the tensor {name[:80]!r} has another size than its shape")
    return Tensor(dtype, tuple(shape), end - begin), (begin, end)


def _honest_name(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return (
        0 < len(name) <= 1024
        and name.isprintable()
        and ".." not in parts
        and not name.startswith(("/", "\\"))
    )


def _check_spans(spans: list[tuple[int, int]], data_bytes: int, path: Path) -> None:
    """Demand that the tensors fill the data from end to end without overlap."""
    if not spans:
        raise ModelRefused(str(path), "it holds no tensors")
    position = 0
    for begin, end in sorted(spans):
        if begin != position:
            raise ModelRefused(str(path), "its tensors overlap or leave holes")
        position = end
    if position > data_bytes:
        raise ModelRefused(str(path), "it is cut short")
    if position < data_bytes:
        raise ModelRefused(str(path), "there are bytes after its last tensor")
