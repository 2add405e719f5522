"""Integrated loudness of a programme, ITU-R BS.1770-4."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import sosfilt

SILENCE_LUFS = -70.0
"""The absolute gate; silence is told as this."""

_HOPS_A_SECOND = 10
_HOPS_A_BLOCK = 4
"""Blocks of 400 ms, every 100 ms."""


def integrated_lufs(sound: np.ndarray, rate_hz: int) -> float:
    """Measure (channels, frames): mean power of the gated 400 ms blocks after K-weighting.

    A sound shorter than one block is measured as one block.
    """
    hop = rate_hz // _HOPS_A_SECOND
    energies = _energies(sound, rate_hz, hop)
    if energies.size < _HOPS_A_BLOCK:
        energies = np.pad(energies, (0, _HOPS_A_BLOCK - energies.size))
    blocks = sliding_window_view(energies, _HOPS_A_BLOCK).sum(axis=1) / (hop * _HOPS_A_BLOCK)
    loud = blocks[blocks > _power_of(SILENCE_LUFS)]
    if not loud.size:
        return SILENCE_LUFS
    gated = loud[loud > loud.mean() / 10]  # ten units under the mean of the first gate
    return float(-0.691 + 10 * np.log10(gated.mean()))


def _energies(sound: np.ndarray, rate_hz: int, hop: int) -> np.ndarray:
    """Return the K-weighted energy of each hop, all channels together, (hops,)."""
    sections = _k_weighting(rate_hz)
    state = np.zeros((len(sections), sound.shape[0], 2))
    whole = sound.shape[1] if sound.shape[1] < hop * _HOPS_A_BLOCK else sound.shape[1] // hop * hop
    found = []
    for start in range(0, whole, hop * _HOPS_A_SECOND):
        part = sound[:, start : min(whole, start + hop * _HOPS_A_SECOND)].astype(np.float64)
        weighted, state = sosfilt(sections, part, axis=1, zi=state)
        weighted = np.pad(weighted, ((0, 0), (0, -weighted.shape[1] % hop)))
        hops = weighted.reshape(len(sound), -1, hop)
        found.append(np.einsum("cht,cht->h", hops, hops))
    return np.concatenate(found) if found else np.zeros(0)


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
