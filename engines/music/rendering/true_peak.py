"""The peak of a sound between its samples, as ITU-R BS.1770-4 Annex 2 measures it."""

from __future__ import annotations

from typing import Final

import numpy as np

OVERSAMPLING: Final = 4
_HALF_TAPS: Final = 16
_BLOCK: Final = 2048


def _phases() -> np.ndarray:
    """Windowed sinc interpolators of the places between two samples, (3, taps)."""
    taps = np.arange(1 - _HALF_TAPS, _HALF_TAPS + 1)
    between = np.arange(1, OVERSAMPLING) / OVERSAMPLING
    away = taps[None] - between[:, None]
    inside = np.maximum(0, 1 - (away / _HALF_TAPS) ** 2)
    phases = np.sinc(away) * np.i0(6.0 * np.sqrt(inside)) / np.i0(6.0)
    return np.asarray(phases / phases.sum(axis=1, keepdims=True), np.float32)


_PHASES: Final = _phases()
_MOST: Final = float(np.abs(_PHASES).sum(axis=1).max())
"""A peak between samples is at most so many times the samples around it."""


def true_peaks(sound: np.ndarray, *, above: float = 0.0, circular: bool = False) -> np.ndarray:
    """Return the peak at or right after each sample, (frames,), of (channels, frames).

    Exact where it is over `above`; elsewhere it may be the sample's own.
    """
    frames = sound.shape[1]
    peaks = np.abs(sound).max(axis=0)
    if not frames:
        return peaks
    ahead, behind = _HALF_TAPS, _HALF_TAPS - 1
    padded = np.pad(sound, ((0, 0), (behind, ahead)), mode="wrap" if circular else "constant")
    loudest = np.maximum.reduceat(peaks, np.arange(0, frames, _BLOCK))
    # A block's samples are reached from the blocks on both sides, too.
    around = np.maximum(loudest, np.maximum(np.roll(loudest, 1), np.roll(loudest, -1)))
    for number in np.flatnonzero(around * _MOST > above):
        start, stop = int(number) * _BLOCK, min(frames, (int(number) + 1) * _BLOCK)
        for channel in padded[:, start : stop + ahead + behind]:
            for phase in _PHASES:
                found = np.abs(np.convolve(channel, phase[::-1], mode="valid"))
                np.maximum(peaks[start:stop], found, out=peaks[start:stop])
    return peaks
