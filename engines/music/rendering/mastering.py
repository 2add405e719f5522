"""Bring a mix to its loudness under a ceiling, and let it end."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from engines.music.rendering.loudness import SILENCE_LUFS, integrated_lufs
from engines.music.rendering.true_peak import true_peaks

TARGET_LUFS: Final = -16.0
CEILING_DB: Final = -1.0
"""Of the true peak, under full scale."""

LOOKAHEAD_S: Final = 0.004
FADE_S: Final = 0.35
_MARGIN_DB: Final = 0.1
"""What the limiter stays under the ceiling: its gain moves while peaks are between samples."""

PLAIN_DB: Final = 20.0
"""What brings a few parts as they are played to an audible level."""

_LIMIT: Final = 10 ** ((CEILING_DB - _MARGIN_DB) / 20)
_CLOSE_LU: Final = 0.05
_ROUNDS: Final = 4


def limiter_gain(sound: np.ndarray, rate_hz: int, *, circular: bool = False) -> np.ndarray | None:
    """Gain over time, (frames,), that keeps the true peak of (2, frames) under the ceiling.

    A running minimum looks ahead and back, and its running mean over the same
    span is smooth and never above what is needed. None if nothing is to be
    done. For a loop (`circular`) the end is beside the beginning.
    """
    peaks = true_peaks(sound, above=_LIMIT, circular=circular)
    needed = np.minimum(1.0, _LIMIT / np.maximum(peaks, 1e-9))
    if needed.min() >= 1.0:
        return None
    span = 2 * int(LOOKAHEAD_S * rate_hz) + 1
    mode = "wrap" if circular else "nearest"
    lowest = minimum_filter1d(needed, span, mode=mode)
    smooth: np.ndarray = uniform_filter1d(lowest, span, mode=mode).astype(np.float32)
    return smooth


def level(
    sound: np.ndarray, rate_hz: int, *, circular: bool = False
) -> tuple[np.ndarray | np.float32, float]:
    """Find the gain that brings (2, frames) to `TARGET_LUFS` under the ceiling.

    Returns:
        The gain, one or (frames,), and the loudness it gives in LUFS. Silence is left alone.
    """
    measured = integrated_lufs(sound, rate_hz)
    if measured <= SILENCE_LUFS:
        return np.float32(1), measured
    factor = 1.0
    gain: np.ndarray | np.float32 = np.float32(1)
    for _ in range(_ROUNDS):
        factor *= 10 ** ((TARGET_LUFS - measured) / 20)
        limit = limiter_gain(np.float32(factor) * sound, rate_hz, circular=circular)
        if limit is None:
            return np.float32(factor), TARGET_LUFS
        gain = np.float32(factor) * limit
        measured = integrated_lufs(sound * gain, rate_hz)
        if abs(measured - TARGET_LUFS) < _CLOSE_LU:
            break
    return gain, measured


def plain(
    sound: np.ndarray, rate_hz: int, *, circular: bool = False
) -> tuple[np.ndarray | np.float32, float]:
    """Find the gain of a sound that is to stay as loud as it is played, but for the ceiling.

    Returns:
        The gain, one or (frames,), and the loudness it gives in LUFS.
    """
    factor = np.float32(10 ** (PLAIN_DB / 20))
    limit = limiter_gain(factor * sound, rate_hz, circular=circular)
    gain = factor if limit is None else factor * limit
    return gain, integrated_lufs(sound * gain, rate_hz)


def fade(frames: int, rate_hz: int) -> np.ndarray:
    """Gain over time that ends a sound softly: (frames,)."""
    count = min(frames, int(FADE_S * rate_hz))
    gain = np.ones(frames, np.float32)
    gain[frames - count :] = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count))
    return gain
