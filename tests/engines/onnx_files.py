"""ONNX files written byte by byte: one convolution that makes a matte out of a picture."""

from __future__ import annotations

import struct
from collections.abc import Iterable

FLOAT, INT64 = 1, 7


def varint(value: int) -> bytes:
    """Write a number, seven bits a byte."""
    written = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        written.append(low | (0x80 if value else 0))
        if not value:
            return bytes(written)


def field(number: int, value: int | str | bytes) -> bytes:
    """Write one field: a number, or words or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def port(name: str, shape: Iterable[int], element: int = FLOAT) -> bytes:
    """Write an input or output; a size of -1 is left open."""
    sizes = b"".join(field(1, field(1, n) if n >= 0 else field(2, "any")) for n in shape)
    kind = field(1, field(1, element) + field(2, sizes))
    return field(1, name) + field(2, kind)


def tensor(name: str, shape: Iterable[int], values: Iterable[float], more: bytes = b"") -> bytes:
    """Write weights."""
    raw = b"".join(struct.pack("<f", value) for value in values)
    sizes = b"".join(field(1, size) for size in shape)
    return sizes + field(2, FLOAT) + field(8, name) + field(9, raw) + more


def node(operator: str, inputs: Iterable[str], output: str, more: bytes = b"") -> bytes:
    """Write one operation."""
    read = b"".join(field(1, name) for name in inputs)
    return read + field(2, output) + field(4, operator) + more


def numbers(name: str, values: Iterable[int]) -> bytes:
    """Write an attribute of an operation."""
    return field(5, field(1, name) + b"".join(field(8, n) for n in values) + field(20, 7))


def cutout(
    side_px: int = 64,
    *,
    about: str = "",
    operators: Iterable[str] = (),
    domain: str = "",
    external: bool = False,
    shape: tuple[int, ...] | None = None,
) -> bytes:
    """Write a network whose matte is the red of a picture, less a tenth of the blue.

    Args:
        about: Description in words.
        operators: More operations, each on the matte.
        domain: Of these.
        external: The weights are said to lie elsewhere.
        shape: Of the input, instead of a picture's.
    """
    elsewhere = field(13, field(1, "location") + field(2, "../../etc/passwd")) + field(14, 1)
    weights = tensor("w", (1, 3, 1, 1), (1.0, 0.0, -0.1), elsewhere if external else b"")
    nodes = [node("Conv", ("picture", "w"), "m0", numbers("kernel_shape", (1, 1)))]
    for number, operator in enumerate(operators):
        more = field(7, domain) if domain else b""
        nodes.append(node(operator, (f"m{number}",), f"m{number + 1}", more))
    last = f"m{len(nodes) - 1}"
    graph = b"".join(field(1, n) for n in nodes) + field(2, "network") + field(5, weights)
    graph += field(11, port("picture", shape or (1, 3, side_px, side_px)))
    graph += field(12, port(last, (1, 1, side_px, side_px)))
    opset = field(1, "") + field(2, 13)
    return field(1, 8) + field(2, "tests") + field(6, about) + field(7, graph) + field(8, opset)
