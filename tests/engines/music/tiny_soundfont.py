"""A soundfont made by hand: one instrument, a tone on the left and another on the right."""

from __future__ import annotations

import struct

import numpy as np

RATE_HZ = 48000
LEFT_HZ, RIGHT_HZ = 480, 960
_PAN, _SAMPLE, _INSTRUMENT = 17, 53, 41
_GAP = 46
"""Silent samples that the format wants after each sample."""


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _list(name: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))


def _name(text: str) -> bytes:
    return text.encode().ljust(20, b"\0")


def _generators(*pairs: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<Hh", number, value) for number, value in pairs)


def tiny_soundfont(program: int = 0) -> bytes:
    """Make an SF2 file with one stereo instrument at `program` of bank 0."""
    time_s = np.arange(RATE_HZ * 2) / RATE_HZ
    silence = b"\0\0" * _GAP
    tones = [
        (8000 * np.sin(2 * np.pi * hz * time_s)).astype("<i2").tobytes()
        for hz in (LEFT_HZ, RIGHT_HZ)
    ]
    samples = b"".join(tone + silence for tone in tones)
    heads, place = b"", 0
    for name, kind, other in (("left", 4, 1), ("right", 2, 0)):
        end = place + time_s.size
        heads += _name(name) + struct.pack(
            "<IIIIIBbHH", place, end, place + 8, end - 8, RATE_HZ, 60, 0, other, kind
        )
        place = end + _GAP
    heads += _name("EOS") + bytes(26)
    zones = _generators((_PAN, -500), (_SAMPLE, 0), (_PAN, 500), (_SAMPLE, 1))
    info = _list(
        b"INFO", _chunk(b"ifil", struct.pack("<HH", 2, 1)), _chunk(b"isng", b"EMU8000\0"),
        _chunk(b"INAM", b"tiny\0\0"),
    )  # fmt: skip
    pdta = _list(
        b"pdta",
        _chunk(
            b"phdr",
            _name("tiny") + struct.pack("<HHHIII", program, 0, 0, 0, 0, 0)
            + _name("EOP") + struct.pack("<HHHIII", 0, 0, 1, 0, 0, 0),
        ),
        _chunk(b"pbag", struct.pack("<HHHH", 0, 0, 1, 0)),
        _chunk(b"pmod", bytes(10)),
        _chunk(b"pgen", _generators((_INSTRUMENT, 0), (0, 0))),
        _chunk(b"inst", _name("tiny") + struct.pack("<H", 0) + _name("EOI") + struct.pack("<H", 2)),
        _chunk(b"ibag", struct.pack("<HHHHHH", 0, 0, 2, 0, 4, 0)),
        _chunk(b"imod", bytes(10)),
        _chunk(b"igen", zones + _generators((0, 0))),
        _chunk(b"shdr", heads),
    )  # fmt: skip
    body = b"sfbk" + info + _list(b"sdta", _chunk(b"smpl", samples)) + pdta
    return _chunk(b"RIFF", body)
