"""What an ONNX file says of itself, read without the library and without trust.

An ONNX file is one protobuf message, a list of fields, each with a number
and a type. Weights are stepped over, never read; every length is checked
against what is left of the field that it lies in.
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from engines.api import ModelRefused

SUFFIX: Final = ".onnx"
MOST_FIELDS: Final = 400_000
"""Looked at in one file."""
MOST_TEXT_BYTES: Final = 4096
MOST_DEPTH: Final = 6
DOMAINS: Final = frozenset({"", "ai.onnx", "com.microsoft"})
"""Of operators; others come as code of their own."""

ENDLESS: Final = frozenset({"Loop", "Scan", "If", "SequenceMap", "Optional"})
"""Operators with a program inside; no network that looks at a picture once needs them."""

FLOATS: Final = {1: 4, 10: 2}
"""TensorProto's number of an element type -> its bytes: float32 and float16."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, its element type and shape, -1 where that is open."""

    name: str
    element: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """All that is asked of an ONNX file.

    Attributes:
        words: Names, producer, description and the metadata, to look for words in.
        operators: How often each is used.
        inputs: Without the weights that are listed as inputs too.
    """

    words: str
    licence: str
    operators: Counter[str]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


class _Broken(Exception):
    """The file is no whole ONNX file; the reason is in plain words."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field: a number's value, or where its bytes lie."""

    number: int
    value: int
    begin: int
    end: int


class _Reader:
    """Steps through the fields of a message in a file."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self.size_bytes = size_bytes
        self._left = MOST_FIELDS

    def fields(self, begin: int, end: int) -> Iterator[_Field]:
        """Yield the fields between two places; they must fill them exactly."""
        position = begin
        while position < end:
            self._left -= 1
            if self._left < 0:
                raise _Broken("it has more parts than any network that is used here")
            key, position = self._varint(position, end)
            number, kind = key >> 3, key & 7
            if number == 0:
                raise _Broken("it is broken")
            if kind == VARINT:
                value, position = self._varint(position, end)
                yield _Field(number, value, position, position)
                continue
            if kind == BYTES:
                length, position = self._varint(position, end)
            elif kind in _FIXED:
                length = _FIXED[kind]
            else:
                raise _Broken("it is broken")
            if length > end - position:
                raise _Broken("it is cut short")
            yield _Field(number, 0, position, position + length)
            position += length

    def text(self, field: _Field) -> str:
        """Return the words of a field, cut where they are too many."""
        self._file.seek(field.begin)
        raw = self._file.read(min(field.end - field.begin, MOST_TEXT_BYTES))
        return raw.decode("utf-8", "replace")

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        """Read a number of seven bits a byte; return it and the place after it."""
        self._file.seek(position)
        raw = self._file.read(min(10, end - position))
        value = 0
        for place, byte in enumerate(raw):
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value & (2**64 - 1), position + place + 1
        raise _Broken("it is cut short")


def read_header(path: Path) -> Header:
    """Read what inputs, outputs and operators an ONNX file has.

    Raises:
        ModelRefused: it is none, is broken, keeps weights in other files, or brings
            operators that are code of its own or may never end.
    """
    size_bytes = path.stat().st_size
    try:
        with path.open("rb") as file:
            return _model(_Reader(file, size_bytes))
    except _Broken as error:
        raise ModelRefused(str(path), f"it is not an ONNX file that can be used: {error}") from None


def _model(reader: _Reader) -> Header:
    words: list[str] = []
    licence = ""
    graph: _Field | None = None
    for field in reader.fields(0, reader.size_bytes):
        if field.number in (2, 3, 4, 6):
            words.append(reader.text(field))
        elif field.number == 7:
            if graph is not None:
                raise _Broken("it holds two networks")
            graph = field
        elif field.number == 14:
            key, value = _pair(reader, field)
            words += [key, value]
            licence = value if key.lower() in ("license", "licence") else licence
        elif field.number in (20, 25):
            raise _Broken("it holds a program for training, or functions of its own")
    if graph is None:
        raise _Broken("there is no network in it")
    return _graph(reader, graph, words, licence)


def _graph(reader: _Reader, graph: _Field, words: list[str], licence: str) -> Header:
    operators: Counter[str] = Counter()
    inputs: list[Port] = []
    outputs: list[Port] = []
    weights: set[str] = set()
    for field in reader.fields(graph.begin, graph.end):
        if field.number == 1:
            operators[_node(reader, field)] += 1
        elif field.number in (2, 10):
            words.append(reader.text(field))
        elif field.number == 5:
            weights.add(_tensor(reader, field))
        elif field.number == 11:
            inputs.append(_port(reader, field))
        elif field.number == 12:
            outputs.append(_port(reader, field))
        elif field.number == 15:
            raise _Broken("its weights are stored sparsely, which is not read here")
    return Header(
        words=" ".join(words),
        licence=licence,
        operators=operators,
        inputs=tuple(port for port in inputs if port.name not in weights),
        outputs=tuple(outputs),
    )


def _node(reader: _Reader, node: _Field) -> str:
    """Return a node's operator."""
    operator = ""
    for field in reader.fields(node.begin, node.end):
        if field.number == 4:
            operator = reader.text(field)
        elif field.number == 7 and reader.text(field) not in DOMAINS:
            raise _Broken("it brings operators that are code of its own")
        elif field.number == 5:
            _attribute(reader, field)
    if operator in ENDLESS:
        raise _Broken(f"it has a program inside ({operator}), which is not run here")
    return operator


def _attribute(reader: _Reader, attribute: _Field) -> None:
    """Look for weights in other files, and programs, in an attribute of a node."""
    for field in reader.fields(attribute.begin, attribute.end):
        if field.number in (5, 10):
            _tensor(reader, field)
        elif field.number in (6, 11, 22, 23):
            raise _Broken("it has a program inside, which is not run here")


def _tensor(reader: _Reader, tensor: _Field) -> str:
    """Return a tensor's name; its values must lie in the file itself."""
    name = ""
    for field in reader.fields(tensor.begin, tensor.end):
        if field.number == 8:
            name = reader.text(field)
        elif field.number == _EXTERNAL_DATA or (field.number == _DATA_LOCATION and field.value):
            raise _Broken("its weights lie in another file; choose one that holds them itself")
    return name


def _port(reader: _Reader, port: _Field) -> Port:
    """Return an input or output: ValueInfoProto -> TypeProto -> tensor type -> shape."""
    name, element = "", 0
    shape: list[int] = []
    for field in reader.fields(port.begin, port.end):
        if field.number == 1:
            name = reader.text(field)
        elif field.number == 2:
            for kind in reader.fields(field.begin, field.end):
                if kind.number != 1:
                    continue
                for part in reader.fields(kind.begin, kind.end):
                    if part.number == 1:
                        element = part.value
                    elif part.number == 2:
                        shape = _shape(reader, part)
    return Port(name, element, tuple(shape))


def _shape(reader: _Reader, shape: _Field) -> list[int]:
    """Return the sizes of a shape, -1 for those that are open."""
    sizes: list[int] = []
    for dimension in reader.fields(shape.begin, shape.end):
        size = -1
        for field in reader.fields(dimension.begin, dimension.end):
            if field.number == 1:
                size = field.value if field.value < 2**31 else -1
        sizes.append(size)
        if len(sizes) > 8:
            raise _Broken("it has an input of more than eight dimensions")
    return sizes


def _pair(reader: _Reader, pair: _Field) -> tuple[str, str]:
    key = value = ""
    for field in reader.fields(pair.begin, pair.end):
        if field.number == 1:
            key = reader.text(field)
        elif field.number == 2:
            value = reader.text(field)
    return key, value
