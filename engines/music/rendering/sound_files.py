"""Write sound as WAV, FLAC or OGG bytes; the same sound, the same bytes."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import soundfile

_SUBTYPES: Final = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS"}
_BLOCK_FRAMES: Final = 16384
"""libsndfile's Vorbis encoder overflows its stack when it is given much at once."""

_CRC_POLYNOMIAL: Final = 0x04C11DB7


def sound_bytes(sound: np.ndarray, rate_hz: int, file_format: str, quality: float = 0.4) -> bytes:
    """Write (2, frames) in "wav", "flac" or "ogg", the last of a quality from 0 to 1."""
    stream = io.BytesIO()
    frames = np.ascontiguousarray(sound.T)
    with soundfile.SoundFile(
        stream,
        "w",
        samplerate=rate_hz,
        channels=frames.shape[1],
        format=file_format.upper(),
        subtype=_SUBTYPES[file_format],
        compression_level=1 - quality if file_format == "ogg" else None,
    ) as out:
        for start in range(0, len(frames), _BLOCK_FRAMES):
            out.write(frames[start : start + _BLOCK_FRAMES])
    data = stream.getvalue()
    return _without_serial(data) if file_format == "ogg" else data


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (_CRC_POLYNOMIAL if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return tuple(table)


_CRC: Final = _crc_table()


def _without_serial(data: bytes) -> bytes:
    """Set the stream's number, which libsndfile draws from the clock, to 0 on every Ogg page."""
    out = bytearray(data)
    at = 0
    while at + 27 <= len(out) and out[at : at + 4] == b"OggS":
        segments = out[at + 26]
        size = 27 + segments + sum(out[at + 27 : at + 27 + segments])
        out[at + 14 : at + 18] = bytes(4)
        out[at + 22 : at + 26] = bytes(4)
        crc = 0
        for byte in out[at : at + size]:
            crc = (crc << 8 & 0xFFFFFFFF) ^ _CRC[crc >> 24 ^ byte]
        out[at + 22 : at + 26] = crc.to_bytes(4, "little")
        at += size
    return bytes(out)
