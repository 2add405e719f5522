"""Put dry tracks on a stage: pan, room, level, limiter, ending."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, oaconvolve, sosfilt

from engines.music.loudness import integrated_lufs

TARGET_LUFS: Final = -16.0
CEILING: Final = 10 ** (-1.0 / 20)
"""-1 dB under full scale."""

REVERB_S: Final = 1.8
REVERB_LEVEL: Final = 0.16
PREDELAY_S: Final = 0.018
LOOKAHEAD_S: Final = 0.004
FADE_S: Final = 0.35
_ROOM_SEED: Final = 20_260


def panned(mono: np.ndarray, pan: float) -> np.ndarray:
    """Place (frames,) between left (-1) and right (1) with constant power: (2, frames)."""
    angle = (pan + 1) * np.pi / 4
    gains = np.array([np.cos(angle), np.sin(angle)], np.float32)
    return gains[:, None] * mono[None]


@lru_cache(maxsize=2)
def room(rate_hz: int) -> np.ndarray:
    """Make a small hall's impulse response, (2, taps): noise that dies away, highs first."""
    random = np.random.default_rng(_ROOM_SEED)
    count = int(REVERB_S * rate_hz)
    time_s = np.arange(count) / rate_hz
    noise = random.standard_normal((2, count))
    dark = sosfilt(butter(1, 2200, fs=rate_hz, output="sos"), noise, axis=1)
    decay_low, decay_high = np.exp(-time_s * 6.9 / REVERB_S), np.exp(-time_s * 6.9 / 0.7)
    tail = 1.6 * dark * decay_low + 0.35 * noise * decay_high
    tail *= np.minimum(1, time_s / 0.02)
    tail = sosfilt(butter(1, 160, "high", fs=rate_hz, output="sos"), tail, axis=1)
    tail /= np.sqrt((tail**2).sum(axis=1, keepdims=True))
    delay = np.zeros((2, int(PREDELAY_S * rate_hz)))
    return np.concatenate([delay, tail], axis=1).astype(np.float32)


def with_room(dry: np.ndarray, rate_hz: int) -> np.ndarray:
    """Add the room's answer to (2, frames), as long as the sound itself."""
    wet = oaconvolve(dry, room(rate_hz), axes=1)[:, : dry.shape[1]]
    return (dry + REVERB_LEVEL * wet).astype(np.float32)


def limiter_gain(sound: np.ndarray, rate_hz: int) -> np.ndarray:
    """Gain over time, (frames,), that keeps every sample of (2, frames) under the ceiling.

    A running minimum looks ahead and back, and its running mean over the same
    span is smooth and never above what is needed.
    """
    peak = np.abs(sound).max(axis=0)
    needed = np.minimum(1.0, CEILING / np.maximum(peak, 1e-9))
    span = 2 * int(LOOKAHEAD_S * rate_hz) + 1
    return uniform_filter1d(minimum_filter1d(needed, span), span).astype(np.float32)


def level(sound: np.ndarray, rate_hz: int) -> tuple[np.ndarray, float]:
    """Find the gain over time that brings (2, frames) to `TARGET_LUFS` under the ceiling.

    Returns:
        The gain, (frames,), and the loudness it gives in LUFS. Silence is left alone.
    """
    measured = integrated_lufs(sound, rate_hz)
    gain = np.ones(sound.shape[1], np.float32)
    if measured <= -70:
        return gain, measured
    factor = 1.0
    for _ in range(4):
        factor *= 10 ** ((TARGET_LUFS - measured) / 20)
        gain = np.float32(factor) * limiter_gain(factor * sound, rate_hz)
        measured = integrated_lufs(sound * gain, rate_hz)
        if abs(measured - TARGET_LUFS) < 0.1:
            break
    return gain, measured


def fade(frames: int, rate_hz: int) -> np.ndarray:
    """Gain over time that ends a sound softly: (frames,)."""
    count = min(frames, int(FADE_S * rate_hz))
    gain = np.ones(frames, np.float32)
    gain[frames - count :] = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count))
    return gain
