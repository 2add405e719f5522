"""The halls that music can sound in: impulse responses, and which one suits whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.fft import irfft, rfft
from scipy.signal import butter, sosfilt

_SEED: Final = 20_260
_BRIGHT_SHARE: Final = 0.4
"""Highs die away in this share of the time of the lows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """A room; `reverb_s` until its answer is 60 dB down, `level` of the answer beside the sound."""

    reverb_s: float
    predelay_s: float
    level: float


HALLS: Final = {
    "room": Hall(reverb_s=0.6, predelay_s=0.006, level=0.10),
    "chamber": Hall(reverb_s=1.2, predelay_s=0.012, level=0.14),
    "hall": Hall(reverb_s=1.9, predelay_s=0.02, level=0.17),
    "church": Hall(reverb_s=2.8, predelay_s=0.03, level=0.22),
}
_VOICES: Final = range(52, 55)
_CHURCH_ORGAN: Final = 19
_ELECTRIC: Final = (*range(4, 6), *range(16, 19), *range(26, 32), *range(33, 40), *range(80, 96))
_SECTIONS: Final = (*range(48, 52), *range(55, 64))
_MOST_IN_A_CHAMBER: Final = 4


def hall_for(programs: Sequence[int], *, drums: bool) -> str:
    """Name the hall that an ensemble usually plays in.

    Amplified instruments and drums sound in a room, choir and organ in a
    church, an orchestra in a hall, and a few players in a chamber.
    """
    electric = sum(program in _ELECTRIC for program in programs)
    if (drums and electric) or electric * 2 > len(programs):
        return "room"
    if not drums and any(p in _VOICES or p == _CHURCH_ORGAN for p in programs):
        return "church"
    if len(programs) > _MOST_IN_A_CHAMBER or any(p in _SECTIONS for p in programs):
        return "hall"
    return "room" if drums else "chamber"


@lru_cache(maxsize=4)
def response(name: str, rate_hz: int) -> np.ndarray:
    """Make a hall's impulse response, (2, taps): noise that dies away, highs first."""
    hall = HALLS[name]
    random = np.random.default_rng(_SEED)
    count = int(hall.reverb_s * rate_hz)
    time_s = np.arange(count) / rate_hz
    noise = random.standard_normal((2, count))
    dark = sosfilt(butter(1, 2200, fs=rate_hz, output="sos"), noise, axis=1)
    low = np.exp(-time_s * 6.9 / hall.reverb_s)
    high = np.exp(-time_s * 6.9 / (hall.reverb_s * _BRIGHT_SHARE))
    tail = 1.6 * dark * low + 0.35 * noise * high
    tail *= np.minimum(1, time_s / 0.02)
    tail = sosfilt(butter(1, 160, "high", fs=rate_hz, output="sos"), tail, axis=1)
    tail *= hall.level / np.sqrt((tail**2).sum(axis=1, keepdims=True))
    delay = np.zeros((2, int(hall.predelay_s * rate_hz)))
    return np.concatenate([delay, tail], axis=1).astype(np.float32)


@lru_cache(maxsize=4)
def _spectrum(name: str, rate_hz: int) -> tuple[np.ndarray, int, int]:
    """Return the response's spectrum, the size of its transform, and the steps it allows."""
    taps = response(name, rate_hz)
    size = 2 ** int(np.ceil(np.log2(taps.shape[1] * 2.5)))
    return rfft(taps, size, axis=1), size, size - taps.shape[1] + 1


def in_hall(dry: np.ndarray, name: str, rate_hz: int) -> np.ndarray:
    """Add a hall's answer to (2, frames), as long as the sound itself; "dry" has none.

    Convolution by overlap-add, in blocks that stay in a processor's cache.
    """
    if name not in HALLS:
        return dry
    spectrum, size, step = _spectrum(name, rate_hz)
    frames = dry.shape[1]
    sound = dry.copy()
    for start in range(0, frames, step):
        wet = irfft(rfft(dry[:, start : start + step], size, axis=1) * spectrum, size, axis=1)
        stop = min(frames, start + size)
        sound[:, start:stop] += wet[:, : stop - start]
    return sound
