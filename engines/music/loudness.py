"""Integrated loudness of a programme, ITU-R BS.1770-4."""

from __future__ import annotations

import numpy as np
from scipy.signal import sosfilt

SILENCE_LUFS = -70.0
"""The absolute gate; silence is told as this."""

_BLOCK_S, _HOP_S = 0.4, 0.1


def integrated_lufs(sound: np.ndarray, rate_hz: int) -> float:
    """Measure (channels, frames): mean power of the gated 400 ms blocks after K-weighting.

    A sound shorter than one block is measured as one block.
    """
    weighted = sosfilt(_k_weighting(rate_hz), sound.astype(np.float64), axis=1)
    power = (weighted**2).sum(axis=0)
    size, hop = int(_BLOCK_S * rate_hz), int(_HOP_S * rate_hz)
    if power.size < size:
        power = np.pad(power, (0, size - power.size))
    summed = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, power.size - size + 1, hop)
    blocks = (summed[starts + size] - summed[starts]) / size
    loud = blocks[blocks > _power_of(SILENCE_LUFS)]
    if not loud.size:
        return SILENCE_LUFS
    gated = loud[loud > loud.mean() / 10]  # ten units under the mean of the first gate
    return float(-0.691 + 10 * np.log10(gated.mean()))


def _power_of(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _k_weighting(rate_hz: int) -> np.ndarray:
    """Second-order sections of the two filters, for any rate.

    The standard gives coefficients at 48 kHz only; these analogue parameters
    give them back there (De Man 2014, "Evaluation of implementations of the
    EBU R128 loudness measurement").
    """
    gain_db, q, centre_hz = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = np.tan(np.pi * centre_hz / rate_hz)
    high, band = 10 ** (gain_db / 20), (10 ** (gain_db / 20)) ** 0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / norm, 2 * (k * k - high) / norm,
        (high - band * k / q + k * k) / norm, 1.0, 2 * (k * k - 1) / norm,
        (1 - k / q + k * k) / norm,
    ]  # fmt: skip
    q, centre_hz = 0.5003270373238773, 38.13547087602444
    k = np.tan(np.pi * centre_hz / rate_hz)
    norm = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    return np.array([shelf, high_pass])
