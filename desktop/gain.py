"""A gain over time, as factors for the frames of a sound."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from desktop.document.ducking import Curve


def factors(curve: Curve, first: int, count: int, rate_hz: int) -> npt.NDArray[np.float32]:
    """Return what `count` frames from frame `first` on are multiplied by, (count, 1)."""
    times, gains_db = zip(*curve, strict=True)
    if len(set(gains_db)) == 1:
        return np.full((count, 1), 10.0 ** (gains_db[0] / 20.0), np.float32)
    moments = np.arange(first, first + count) / rate_hz
    gains: npt.NDArray[np.float64] = 10.0 ** (np.interp(moments, times, gains_db) / 20.0)
    return gains.astype(np.float32)[:, None]
